import { makeApiKey } from "../operations/api-keys.ts";
import { type Scope, scopes } from "../operations/platform.ts";
import { createTestDatabase } from "./database.ts";
import { createTestHttpServer, type TestHttpServer } from "./http-server.ts";
import { createTestWorkspace } from "./platform.ts";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
type Request = [method: Method, url: string, payload?: object, headers?: Record<string, string>];
type Answer = { status: number; body: ReturnType<typeof JSON.parse>; headers: Record<string, unknown> };

/** What tests of REST routes ask with: as a key with all scopes, as one of another workspace, or as one that lacks a scope. */
export type RestClient = {
  server: TestHttpServer;
  call(...request: Request): Promise<Answer>;
  callAsOther(...request: Request): Promise<Answer>;
  callWithout(scope: Scope, ...request: Request): Promise<Answer>;
  close(): Promise<void>;
};

/** A client on a database of its own, over the whole HTTP side, without a socket. */
export async function createRestClient(): Promise<RestClient> {
  const database = await createTestDatabase();
  const server = await createTestHttpServer(database.sql);
  const call: RestClient["call"] = async (...[method, url, payload, headers = {}]) => {
    const body = payload === undefined ? {} : { payload };
    const answer = await server.app.inject({ method, url, headers: { ...server.auth, ...headers }, ...body });
    return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
  };
  const workspaceId = await createTestWorkspace(database.sql);
  const { key } = await makeApiKey(database.sql, { workspaceId, name: "other", scopes, now: new Date() });
  return {
    ...{ server, call },
    callAsOther: (...[method, url, payload]) => call(method, url, payload, { authorization: `Bearer ${key}` }),
    async callWithout(scope, ...[method, url, payload]) {
      const others = scopes.filter((other) => other !== scope);
      return call(method, url, payload, await server.keyWith(others));
    },
    async close() {
      await server.app.close();
      await database.drop();
    },
  };
}
