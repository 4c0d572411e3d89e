import { randomBytes } from "node:crypto";
import { type Client, createClient } from "./client.ts";
import { type Command, PlainError, say } from "./command.ts";
import { purchaseFlow } from "./demo/flow.ts";
import { startLoyaltyApi } from "./demo/loyalty-api.ts";
import { startOwnServer } from "./demo/own-server.ts";
import { makePurchases } from "./demo/purchases.ts";
import { describeResult, findFaults } from "./demo/report.ts";
import { collect, post, publish, type Result, tidy } from "./demo/scene.ts";

export const demo: Command = {
  name: "demo",
  summary: "show the sample flow at work, from purchase to mail",
  help: `Starts a small loyalty API on this machine, publishes a flow that asks it, posts twenty purchases and shows what came of each.
It uses a server of its own in a temporary folder, or the one at STAFFETTA_URL with the key in STAFFETTA_API_KEY;
that one must be started with ALLOW_PRIVATE_NETWORKS=127.0.0.0/8 to reach the loyalty API.
Ends with 0 only when every run went the right way and every mail arrived.`,
  options: {},
  async run() {
    const { client, stop, isOwn } = await openServer();
    const api = await startLoyaltyApi();
    try {
      return await play(client, { api: api.url, isOwn });
    } finally {
      await api.close();
      await stop();
    }
  },
};

async function openServer(): Promise<{ client: Client; isOwn: boolean; stop(): Promise<void> }> {
  const { STAFFETTA_URL: url, STAFFETTA_API_KEY: key } = process.env;
  if (!url) {
    say("Starting a server of its own in a temporary folder ...");
    const server = await startOwnServer();
    return { client: createClient(server.url, server.key), isOwn: true, stop: server.stop };
  }
  if (!URL.canParse(url)) throw new PlainError("STAFFETTA_URL must be an address such as http://127.0.0.1:3000.");
  if (!key) throw new PlainError("Set STAFFETTA_API_KEY to a key of the server at STAFFETTA_URL.");
  return { client: createClient(url, key), isOwn: false, stop: async () => undefined };
}

async function play(client: Client, { api, isOwn }: { api: string; isOwn: boolean }): Promise<number> {
  say(`Server ${client.url}, loyalty API ${api}`);
  const { flowId, address } = await publish(client, purchaseFlow(api));
  const purchases = makePurchases(randomBytes(4).toString("hex"));
  const posted = await post(client, address, purchases);
  say(`Posted ${posted.length} purchases to ${address.slice(0, -36)}...`);
  const results = await collect(client, { flowId, posted }, (done) => showProgress(done, posted.length));
  say();
  for (const result of results) say(describeResult(result));
  if (!isOwn) await tidy(client, { flowId, posted });
  return summarize(results);
}

function summarize(results: readonly Result[]): number {
  const faults = results.flatMap(findFaults);
  const good = results.filter((result) => findFaults(result).length === 0).length;
  say(`\n${good} of ${results.length} purchases led to the right mail.`);
  for (const fault of faults) say(`  ${fault}`);
  const isBlocked = results.some(({ run }) => JSON.stringify(run?.trail ?? []).includes('"blocked"'));
  if (isBlocked) say("  The server may not reach 127.0.0.1: start it with ALLOW_PRIVATE_NETWORKS=127.0.0.0/8.");
  return faults.length === 0 ? 0 : 1;
}

/** One line that fills; on a pipe only its end is written. */
function showProgress(done: number, total: number): void {
  const line = `[${"#".repeat(done)}${".".repeat(total - done)}] ${done} of ${total} arrived`;
  if (process.stdout.isTTY) process.stdout.write(`\r${line}`);
  else if (done === total) process.stdout.write(line);
}
