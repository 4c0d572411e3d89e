import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import PostalMime from "postal-mime";
import { readConfiguration } from "../src/server/configuration.ts";
import { createLogger } from "../src/server/http/logger.ts";
import { startServer } from "../src/server/start.ts";
import { createEmptyDatabase } from "../src/testing/database.ts";
import { startSmtpSink } from "../src/testing/smtp-sink.ts";

export type Call = { method: string; path: string; body: string };

/** A whole server with a database of its own, an SMTP sink behind it and an HTTP target that its flows may call. */
export async function startRig(answer: (call: Call) => object, statusOf: (call: Call) => number = () => 200) {
  const started = [createEmptyDatabase(), startSmtpSink(), startTarget(answer, statusOf)] as const;
  const [database, sink, target] = await Promise.all(started);
  const folder = await mkdtemp(join(tmpdir(), "staffetta-e2e-"));
  const key = "stk_end_to_end_key_of_the_tests_0000000000000000";
  const read = readConfiguration({
    PORT: "0",
    DATA_DIR: folder,
    DATABASE_URL: database.url,
    SMTP_URL: sink.url,
    STAFFETTA_API_KEY: key,
    ALLOW_PRIVATE_NETWORKS: "127.0.0.0/8",
  });
  if (!read.ok) throw new Error(read.problems.join("\n"));
  const server = await startServer(read.value, createLogger({ level: "silent" }));

  return {
    url: server.url,
    target,
    key,
    /** Calls the API; throws on any answer but a 2xx. */
    async call(request: string, body?: object, others: Record<string, string> = {}) {
      const [method = "", path = ""] = request.split(" ");
      const headers = { authorization: `Bearer ${key}`, "content-type": "application/json", ...others };
      const response = await fetch(server.url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
      const text = await response.text();
      if (!response.ok) throw new Error(`${request} was answered with ${response.status}: ${text}`);
      return JSON.parse(text);
    },
    /** The first `count` mails that arrive at the sink, read. */
    async mails(count: number) {
      const received = await sink.waitFor(count);
      return Promise.all(
        received.map(async ({ to, raw }) => {
          const { subject = "", html = "" } = await PostalMime.parse(raw);
          return { to: to[0] ?? "", subject, html };
        }),
      );
    },
    async close() {
      await server.stop();
      await Promise.all([sink.close(), target.close(), database.drop(), rm(folder, { recursive: true, force: true })]);
    },
  };
}

/** An example flow as its file has it, with texts put in the place of others. */
export async function readExample(file: string, replacements: Record<string, string> = {}): Promise<object> {
  let text = await readFile(new URL(`../examples/flows/${file}`, import.meta.url), "utf8");
  for (const [from, to] of Object.entries(replacements)) {
    if (!text.includes(from)) throw new Error(`${file} does not hold ${from}.`);
    text = text.replaceAll(from, to);
  }
  return JSON.parse(text);
}

async function startTarget(answer: (call: Call) => object, statusOf: (call: Call) => number) {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    const call = { method: request.method ?? "", path: request.url ?? "", body: await bodyOf(request) };
    calls.push(call);
    response.statusCode = statusOf(call);
    response.setHeader("content-type", "application/json").end(JSON.stringify(answer(call)));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    calls,
    close: () => new Promise<void>((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
