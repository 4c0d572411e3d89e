import { readdirSync, readFileSync } from "node:fs";
import type { FastifyInstance, InjectOptions } from "fastify";

/** A recorded request, as it is on the wire, and the answer that it is to get. `body` of an answer is JSON, or a text. */
export type DoorFixture = {
  name: string;
  request: {
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
    path: string;
    headers: Record<string, string>;
    body?: string;
  };
  response: { status: number; body: unknown };
};

/** The fixtures in a folder, by name, with `{{name}}` in them replaced. */
export function readDoorFixtures(folder: URL): ((values?: Record<string, string>) => DoorFixture)[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => (values = {}) => {
      const text = readFileSync(new URL(file, folder), "utf8");
      const filled = text.replaceAll(/\{\{(\w+)\}\}/g, (all, name: string) => values[name] ?? all);
      return { name: file.slice(0, -".json".length), ...JSON.parse(filled) };
    });
}

/** Sends the request of a fixture, byte for byte, and returns what the answer was. */
export async function playFixture(app: FastifyInstance, { request }: DoorFixture): Promise<DoorFixture["response"]> {
  const { method, path, headers, body } = request;
  const options: InjectOptions = { method, url: path, headers, ...(body === undefined ? {} : { payload: body }) };
  const answer = await app.inject(options);
  const isJson = String(answer.headers["content-type"]).includes("json");
  return { status: answer.statusCode, body: isJson ? answer.json() : answer.body };
}
