import { afterAll, beforeAll, expect, test } from "vitest";
import { insertSandboxMessages } from "../storage/sandbox-messages.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestPlatform, createTestWorkspace, type TestPlatform } from "../testing/platform.ts";
import { newId } from "./new-id.ts";
import { clearSandbox, getSandboxMessage, listSandbox } from "./sandbox.ts";
import { listSecrets, openSecrets, removeSecret, setSecret } from "./secrets.ts";

let database: TestDatabase;
let platform: TestPlatform;
beforeAll(async () => {
  database = await createTestDatabase();
  platform = await createTestPlatform(database.sql);
});
afterAll(() => database.drop());

test("a secret can be set, replaced, listed by name, opened and removed", async () => {
  const { caller, workspaceId } = platform;
  await setSecret(platform, caller, { name: "crm_token", value: "old" });
  await setSecret(platform, caller, { name: "crm_token", value: "s3cret" });
  expect(await listSecrets(platform, caller)).toEqual({
    data: [{ name: "crm_token", updatedAt: platform.now() }],
    nextCursor: null,
  });
  expect(await openSecrets(platform, workspaceId)).toEqual({ crm_token: "s3cret" });
  expect(await openSecrets(platform, await createTestWorkspace(database.sql))).toEqual({});
  expect(await removeSecret(platform, caller, { name: "crm_token" })).toEqual({ name: "crm_token" });
  await expect(removeSecret(platform, caller, { name: "crm_token" })).rejects.toMatchObject({
    code: "secret_not_found",
  });
});

test("a sealed secret that was moved to another name does not open", async () => {
  await setSecret(platform, platform.caller, { name: "one", value: "x" });
  await database.sql`update secret set name = 'two' where name = 'one'`;
  await expect(openSecrets(platform, platform.workspaceId)).rejects.toThrow("cannot be opened");
});

test.each([
  [{ name: "1x", value: "v" }, "name"],
  [{ name: "a-b", value: "v" }, "name"],
  [{ name: "x", value: "" }, "value"],
])("refuses the secret %j", async (input, path) => {
  await expect(setSecret(platform, platform.caller, input)).rejects.toMatchObject({
    code: "invalid_request",
    issues: [{ path }],
  });
});

test("the sandbox shows mails by pages and by receiver, takes one apart, and can be emptied", async () => {
  const { workspaceId, caller } = platform;
  const ids = [newId(), newId(), newId()];
  for (const [index, id] of ids.entries()) {
    const raw = Buffer.from(
      `From: Shop <shop@x.example>\r\nTo: a${index % 2}@x.example\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hi</p>\r\n`,
    );
    await insertSandboxMessages(database.sql, [
      {
        workspaceId,
        id,
        fromAddress: "shop@x.example",
        toAddress: `a${index % 2}@x.example`,
        subject: "Grüße",
        raw,
        receivedAt: platform.now(),
      },
    ]);
  }
  const page = await listSandbox(platform, caller, { limit: 2 });
  expect(page.data.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
  expect((await listSandbox(platform, caller, { limit: 2, cursor: page.nextCursor })).data).toEqual([
    { id: ids[0], from: "shop@x.example", to: "a0@x.example", subject: "Grüße", receivedAt: platform.now() },
  ]);
  expect((await listSandbox(platform, caller, { to: "A1@X.example" })).data.map(({ id }) => id)).toEqual([ids[1]]);
  const mail = await getSandboxMessage(platform, caller, { id: ids[0] ?? "" });
  expect(mail.headers).toContainEqual({ name: "From", value: "Shop <shop@x.example>" });
  expect(mail).toMatchObject({ subject: "Grüße", html: expect.stringContaining("<p>Hi</p>") });
  expect(Buffer.from(mail.raw).toString()).toContain("Subject: =?utf-8?Q?");
  const other = { ...caller, workspaceId: await createTestWorkspace(database.sql) };
  await expect(getSandboxMessage(platform, other, { id: ids[0] ?? "" })).rejects.toMatchObject({
    code: "message_not_found",
  });
  expect([await clearSandbox(platform, other), await clearSandbox(platform, caller)]).toEqual([0, 3]);
});
