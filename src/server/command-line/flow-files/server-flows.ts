import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Named } from "../../../core/flow/references.ts";
import type { Json } from "../../../core/json.ts";
import { type Client, createClient } from "../client.ts";
import { PlainError, type Words } from "../command.ts";

/** A flow as the server has it. `published` is the definition of its version, null without one. */
export type ServerFlow = {
  id: string;
  number: number;
  name: string;
  status: string;
  version: number | null;
  definition: Json;
};

/** The options of a command that talks to a server. */
export const serverOptions = { url: { type: "string" }, key: { type: "string" } } as const;

/** The server that the words or the environment name: `--url` and `--key`, STAFFETTA_URL and STAFFETTA_API_KEY, or the one on this machine. */
export async function openClient({ values }: Words): Promise<Client> {
  const { STAFFETTA_URL, STAFFETTA_API_KEY, PORT = "3000", DATA_DIR = "data" } = process.env;
  const url = String(values["url"] ?? (STAFFETTA_URL || `http://127.0.0.1:${PORT}`));
  if (!URL.canParse(url)) throw new PlainError("--url must be an address such as http://127.0.0.1:3000.", 2);
  const key =
    values["key"] ?? (STAFFETTA_API_KEY || (await readFile(join(DATA_DIR, "api-key"), "utf8").catch(() => "")));
  if (typeof key !== "string" || key.trim() === "")
    throw new PlainError(
      "Give an API key with the scopes flows:read, flows:write and contacts:read: --key or STAFFETTA_API_KEY.",
    );
  return createClient(url, key.trim());
}

/** Every flow that is not archived, in the order in which they were made. */
export async function readFlows(client: Client): Promise<ServerFlow[]> {
  const flows: ServerFlow[] = [];
  for (const { id, status } of await readAll<{ id: string; status: string }>(client, "/v1/flows"))
    if (status !== "archived") flows.push((await client.call("GET", `/v1/flows/${id}`)) as ServerFlow);
  return flows.sort((one, other) => one.number - other.number);
}

/** The definition that is published of a flow; null when none is. */
export async function readPublished(client: Client, { id, version }: ServerFlow): Promise<Json> {
  if (version === null) return null;
  const read = (await client.call("GET", `/v1/flows/${id}/versions/${version}`)) as { definition: Json };
  return read.definition;
}

/** Everything that flows can point to, by id. */
export async function readNamed(client: Client, flows: readonly ServerFlow[]): Promise<Map<string, Named>> {
  const named = new Map<string, Named>(flows.map(({ id, name }) => [id, { kind: "flow", name }]));
  const lists = await readAll<{ id: string; name: string }>(client, "/v1/lists");
  for (const { id, name } of lists) named.set(id, { kind: "list", name });
  for (const { id, name } of await readSegments(client)) named.set(id, { kind: "segment", name });
  return named;
}

/** A server of an older version has no segments. */
async function readSegments(client: Client): Promise<{ id: string; name: string }[]> {
  try {
    return await readAll(client, "/v1/segments");
  } catch (error) {
    if (error instanceof PlainError && error.message.includes("route_not_found")) return [];
    throw error;
  }
}

async function readAll<Row>(client: Client, path: string): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const query: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page = (await client.call("GET", `${path}?limit=200${query}`)) as { data: Row[]; nextCursor: string | null };
    rows.push(...page.data);
    cursor = page.nextCursor;
  }
  return rows;
}
