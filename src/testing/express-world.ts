import type { InjectOptions } from "fastify";
import type { Sql } from "../storage/database.ts";
import { createTestHttpServer, type TestHttpServer } from "./http-server.ts";
import { callRaw, listenOn, type RawAnswer, type RawCall } from "./raw-http.ts";

const token = "eb561baa181247d1cd378c4ead632877";
const account = 7043663;

/** Whom the calls are about, and where they go: with a key, and to an address without one. */
export const email = "ada@example.com";
export const event = { name: "page", contact: { email } };
export const own = "/v1/events";
export const open = `/events/id/${token}/${account}`;
export const json = ["Content-Type", "application/json"] as const;

type Settings = NonNullable<Parameters<typeof createTestHttpServer>[1]>;

/** A server that listens, to compare its answers with those of the framework within it. */
export type Listening = { server: TestHttpServer; port: number };

/** Starts one with these settings. */
export async function startListening(sql: Sql, { settings, ...more }: Settings = {}): Promise<Listening> {
  const usual = { publicUrl: "https://flows.example", bodyLimitBytes: 300_000, failedKeysPerMinute: 100_000 };
  const server = await createTestHttpServer(sql, { settings: { ...usual, ...settings }, ...more });
  return { server, port: await listenOn(server.app) };
}

/** Makes the event with its address, its contact, and a flow that it starts; returns the number of the flow. */
export async function makeExpressWorld({ server }: Listening): Promise<number> {
  const post = async (url: string, payload: object) =>
    (await server.app.inject({ method: "POST", url, payload, headers: server.auth })).json();
  await post("/v1/event-definitions", { name: "page", variables: [{ name: "when", type: "date" }], token, account });
  const steps = { stop: { kind: "end", config: {} } };
  const entries = { begin: { kind: "event", config: { event: "page" }, next: "stop" } };
  const { id } = await post("/v1/flows", { definition: { schema: 1, name: "Welcome", steps, entries } });
  // Whoever calls first makes the contact; the calls that are compared all find it.
  await post(own, event);
  return (await post(`/v1/flows/${id}/publish`, {}))["number"];
}

/** The answers to a call that is made twice: over the wire, and within the framework, whose way does not lead through the lane. */
export async function bothAnswers(call: RawCall, { server, port }: Listening): Promise<[RawAnswer, RawAnswer]> {
  return [await callRaw(port, call), await inject(call, server)];
}

async function inject({ method = "POST", url, headers = [], body = "" }: RawCall, server: TestHttpServer) {
  const options = { method, url, headers: Object.fromEntries(headers), payload: body } as InjectOptions;
  const { statusCode: status, headers: given, body: text } = await server.app.inject(options);
  const pairs = Object.entries(given).map(([name, value]) => [name, String(value)]);
  return { status, headers: Object.fromEntries(pairs), body: text };
}

const passing = new Set(["date", "connection", "keep-alive"]);
const ids = /("(?:eventId|event_id)":|\/v1\/events\/)"?[0-9a-f-]{36}"?/g;
const ownRequestId = /^[\w-]{12}-\w+$/;

/** An answer without what differs from call to call: ids, the time, what is left of the rate. */
export function comparable({ status, headers, body }: RawAnswer): RawAnswer {
  const said = Object.entries(headers)
    .filter(([name]) => !passing.has(name))
    .map(([name, value]) => [name, withoutChance(name, value)]);
  const text = body.replace(ids, "$1…").replace(/"requestId":"[\w-]{12}-\w+"/, '"requestId":…');
  return { status, headers: Object.fromEntries(said), body: text };
}

function withoutChance(name: string, value: string): string {
  if (name === "ratelimit") return value.replace(/r=\d+/, "r=…");
  return name === "content-length" || (name === "x-request-id" && ownRequestId.test(value)) ? "…" : value;
}
