import { setTimeout as delay } from "node:timers/promises";
import type { TrailEntry } from "../../../core/flow/run.ts";
import type { Client } from "../client.ts";
import type { Expected, Purchase } from "./purchases.ts";

export type Run = { id: string; status: string; contactId: string; payload: { orderId: string }; trail: TrailEntry[] };
export type Mail = { to: string; subject: string; text: string | null };

/** What came of one purchase. Without a run or a mail it did not arrive in time. */
export type Result = { expected: Expected; run: Run | null; mail: Mail | null };

type Posted = { expected: Expected; contactId: string };
type Page<Row> = { data: Row[] };

const patienceMs = 60_000;
const pollMs = 150;
const ended = ["completed", "exited", "failed", "cancelled"];

/** Publishes a flow and returns its id and the address of its call. */
export async function publish(client: Client, definition: object): Promise<{ flowId: string; address: string }> {
  const made = (await client.call("POST", "/v1/flows", { definition })) as { id: string };
  const flow = (await client.call("POST", `/v1/flows/${made.id}/publish`, {})) as {
    incomingCalls: { token: string }[];
  };
  // Not the `url` beside it: that is the public address, and the demo may run behind it.
  return { flowId: made.id, address: `${client.url}/in/${flow.incomingCalls[0]?.token}` };
}

/** Posts the purchases as a shop would, one call each. */
export async function post(client: Client, address: string, purchases: readonly Expected[]): Promise<Posted[]> {
  return Promise.all(
    purchases.map(async (expected) => {
      const receipt = (await client.call("POST", address, expected.purchase)) as { contactId: string };
      return { expected, contactId: receipt.contactId };
    }),
  );
}

/** Waits, up to a minute, until every purchase has an ended run and a mail. `progress` hears how many have. */
export async function collect(
  client: Client,
  { flowId, posted }: { flowId: string; posted: readonly Posted[] },
  progress: (done: number) => void,
): Promise<Result[]> {
  const results = posted.map(({ expected }): Result => ({ expected, run: null, mail: null }));
  const endAt = performance.now() + patienceMs;
  for (;;) {
    await Promise.all(posted.map((item, index) => look(client, { ...item, flowId, result: results[index] as Result })));
    const done = results.filter(({ run, mail }) => run && mail).length;
    progress(done);
    if (done === results.length || performance.now() > endAt) return results;
    await delay(pollMs);
  }
}

type Look = Posted & { flowId: string; result: Result };

async function look(client: Client, { expected, contactId, flowId, result }: Look): Promise<void> {
  result.run ??= await findRun(client, `/v1/runs?flowId=${flowId}&contactId=${contactId}`);
  if (result.run) result.mail ??= await findMail(client, expected.purchase);
}

async function findRun(client: Client, path: string): Promise<Run | null> {
  const [run] = ((await client.call("GET", path)) as Page<Run>).data;
  if (!run || !ended.includes(run.status)) return null;
  return (await client.call("GET", `/v1/runs/${run.id}`)) as Run;
}

async function findMail(client: Client, { email }: Purchase): Promise<Mail | null> {
  const path = `/v1/sandbox/messages?to=${encodeURIComponent(email)}`;
  const [mail] = ((await client.call("GET", path)) as Page<{ id: string }>).data;
  return mail ? ((await client.call("GET", `/v1/sandbox/messages/${mail.id}`)) as Mail) : null;
}

/** Takes away what the demo left in a server that is not its own: the contacts and the flow. */
export async function tidy(
  client: Client,
  { flowId, posted }: { flowId: string; posted: readonly Posted[] },
): Promise<void> {
  await client.call("POST", `/v1/flows/${flowId}/archive`, {});
  for (const { contactId } of posted) await client.call("DELETE", `/v1/contacts/${contactId}`);
}
