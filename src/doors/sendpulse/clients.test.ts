import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
// @ts-expect-error It has no types.
import oldClient from "sendpulse";
import newClient from "sendpulse-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApiKey } from "../../operations/api-keys.ts";
import { authenticate } from "../../operations/authenticate.ts";
import { type Scope, scopes } from "../../operations/platform.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestHttpServer, type TestHttpServer } from "../../testing/http-server.ts";

type Method = (callback: (answer: unknown) => void, ...values: unknown[]) => void;
type Client = Record<string, Method> & { init: (...settings: unknown[]) => void };

let database: TestDatabase;
let server: TestHttpServer;
let folder: string;
let key: { id: string; key: string };
const request = https.request;

beforeAll(async () => {
  database = await createTestDatabase();
  server = await createTestHttpServer(database.sql);
  folder = await mkdtemp(join(tmpdir(), "staffetta-sendpulse-"));
  await server.app.listen({ port: 0, host: "127.0.0.1" });
  const { port } = server.app.server.address() as AddressInfo;
  // All that is changed of the clients: the host, which they have fixed, and with it TLS.
  const toUs = (options: http.RequestOptions, callback: (response: http.IncomingMessage) => void) =>
    http.request({ ...options, hostname: "127.0.0.1", port }, callback);
  https.request = toUs as typeof https.request;
  const admin = await authenticate(server.platform, server.auth.authorization.slice("Bearer ".length));
  if (!admin) throw new Error("The key of the test is not known.");
  key = await createApiKey(server.platform, admin, { name: "Shop", scopes: [...scopes] as Scope[] });
});
afterAll(async () => {
  https.request = request;
  await server.app.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

type Answer = Record<string, unknown> & Record<string, unknown>[];

function ask(client: Client, name: string, ...values: unknown[]): Promise<Answer> {
  const method = client[name];
  if (!method) throw new Error(`The client has no ${name}.`);
  return new Promise((resolve) => method((answer) => resolve(answer as Answer), ...values));
}

describe.each([
  ["sendpulse-api", newClient as unknown as Client],
  ["sendpulse", oldClient as Client],
])("the npm client %s", (name, client) => {
  const call = (method: string, ...values: unknown[]) => ask(client, method, ...values);
  const at = (local: string) => `${local}@${name}.example`;

  test("logs in by itself and works with books", async () => {
    client.init(key.id, key.key, `${folder}/${name}-`);
    const made = await call("createAddressBook", `Book of ${name}`);
    expect(made).toEqual({ id: expect.any(Number) });
    const id = made["id"];
    expect(await call("editAddressBook", id, `Renamed ${name}`)).toEqual({ result: true });
    expect(await call("getBookInfo", id)).toMatchObject([{ id, name: `Renamed ${name}` }]);
    expect(await call("listAddressBooks", 1, 0)).toHaveLength(1);
    expect(await call("campaignCost", id)).toMatchObject({ sent_emails_qty: 0 });
    expect(await call("removeAddressBook", id)).toEqual({ result: true });
    expect(await call("getBookInfo", id)).toMatchObject({ error_code: 213 });
  });

  test("adds addresses with variables, reads them and takes them out", async () => {
    const { id } = await call("createAddressBook", `Emails of ${name}`);
    const variables = { name: "Ada 😀 è", age: 36, ratio: 0.5, vip: true, none: null };
    expect(
      await call("addEmails", id, [
        { email: at("ada"), variables },
        { email: at("bo"), variables: {} },
      ]),
    ).toEqual({ result: true });
    expect(await call("getEmailsFromBook", id)).toMatchObject([
      { email: at("ada"), status: 1, variables: { name: "Ada 😀 è", age: 36, ratio: 0.5, vip: true } },
      { email: at("bo") },
    ]);
    expect(await call("getEmailInfo", id, at("ada"))).toMatchObject({ abook_id: id });
    expect(await call("getEmailGlobalInfo", at("ada"))).toMatchObject([{ book_id: id }]);
    expect(await call("emailStatByCampaigns", at("ada"))).toMatchObject({ statistic: { sent: 0 } });
    expect(await call("removeEmails", id, [at("bo")])).toEqual({ result: true });
    expect(await call("removeEmailFromAllBooks", at("ada"))).toEqual({ result: true });
    expect(await call("getEmailsFromBook", id)).toEqual([]);
  });

  test("keeps the blacklist", async () => {
    expect(await call("addToBlackList", `${at("bad")},${at("worse")}`, "no")).toEqual({ result: true });
    expect(await call("removeFromBlackList", at("bad"))).toEqual({ result: true });
    expect(await call("getBlackList")).toContain(at("worse"));
  });

  test("sends a mail, finds it, and unsubscribes", async () => {
    const email = {
      ...{ subject: "Ciao 😀", html: "<p>Grüße</p>", text: "Grüße" },
      ...{ from: { name: "Shop", email: at("shop") }, to: [{ name: "Ada", email: at("ada") }] },
    };
    const sent = await call("smtpSendMail", email);
    expect(sent).toMatchObject({ result: true, id: expect.any(String) });
    expect(await call("smtpListEmails", 10, 0, "", "", "", at("ada"))).toMatchObject([
      { id: sent["id"], subject: "Ciao 😀" },
    ]);
    expect(await call("smtpGetEmailInfoById", sent["id"])).toMatchObject({ recipient: at("ada"), sender: at("shop") });
    const gone = [{ email: at("ada"), comment: "asked" }];
    expect(await call("smtpUnsubscribeEmails", gone)).toEqual({ result: true });
    expect(await call("smtpRemoveFromUnsubscribe", [at("ada")])).toEqual({ result: true });
    expect(await call("smtpListIP")).toEqual([]);
    expect(await call("smtpListAllowedDomains")).toContain(`${name}.example`);
    expect(await call("listSenders")).toContainEqual(expect.objectContaining({ email: at("shop") }));
  });
});

test("the newer client changes variables, and asks for a path of its own choice", async () => {
  const client = newClient as unknown as Client;
  const { id } = await ask(client, "createAddressBook", "Variables");
  await ask(client, "addEmails", id, ["v@mail.example"]);
  await ask(client, "updateEmailVariables", id, "v@mail.example", [{ name: "age", value: 5 }]);
  expect(await ask(client, "getEmailInfo", id, "v@mail.example")).toMatchObject({ variables: { age: 5 } });
});

test("wrong credentials stop the newer client with one answer, instead of asking for ever", async () => {
  const client = newClient as unknown as Client;
  let requests = 0;
  const count = () => {
    requests += 1;
  };
  server.app.server.on("request", count);
  const told = await new Promise((resolve) => client.init(key.id, "wrong", `${folder}/wrong`, resolve));
  server.app.server.off("request", count);
  expect(told ?? "").toBeTruthy();
  expect(requests).toBeLessThan(5);
});

test("every answer has a body that a client can read as JSON", async () => {
  const { port } = server.app.server.address() as AddressInfo;
  const sent = http.request({ port, host: "127.0.0.1", path: "//addressbooks", method: "GET" });
  sent.end();
  const [response] = (await once(sent, "response")) as [http.IncomingMessage];
  let text = "";
  for await (const piece of response) text += piece;
  expect([response.statusCode, JSON.parse(text)]).toEqual([401, { message: "Unauthorized!", error_code: 401 }]);
});
