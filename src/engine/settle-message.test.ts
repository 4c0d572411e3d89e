import { afterAll, beforeAll, expect, test } from "vitest";
import type { EmailTransport } from "../core/message/transport.ts";
import { deleteContact } from "../operations/delete-contact.ts";
import { settleMessage } from "../operations/settle-message.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestEngine } from "../testing/engine.ts";
import { definitionOf } from "../testing/flow-fixture.ts";
import { createTestPlatform } from "../testing/platform.ts";
import { untilWaiting } from "../testing/until-waiting.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

const marketing = {
  kind: "send-email",
  config: { subject: "Hi", html: "<p>Hi</p>", purpose: "marketing" },
  exits: { next: null },
};
const unclear = { outcome: "deferred", class: "connection", reply: null, reason: "Cut.", maybeAccepted: true };
const cut = {
  deliver: async () => ({ ...unclear, durationMs: 1, transcript: [] }),
  verify: async () => ({ ok: true }),
  close: async () => undefined,
} as unknown as EmailTransport;

test.each(["cancel", "resend"] as const)(
  "%s of a message and the deletion of its contact wait for each other in one order only",
  async (action) => {
    const engine = await createTestEngine({ sql: database.sql, transport: cut });
    const { workspaceId } = engine;
    const platform = await createTestPlatform(database.sql, { workspaceId });
    await engine.publish(definitionOf({ mail: marketing }));
    await engine.record({ name: "go" });
    await engine.settle();
    const [message] = await database.sql<{ id: string; status: string; contactId: string }[]>`
    select id, status, contact_id as "contactId" from message where workspace_id = ${workspaceId}`;
    expect(message?.status).toBe("unknown");
    const { id = "", contactId = "" } = message ?? {};
    let settled: Promise<unknown> | undefined;
    let deleted: Promise<unknown> | undefined;
    await database.sql.begin(async (sql) => {
      await sql`select from message where id = ${id} for update`;
      settled = settleMessage(platform, platform.caller, { id, action });
      await untilWaiting(database.sql, 1);
      deleted = deleteContact(platform, platform.caller, { id: contactId });
      await untilWaiting(database.sql, 2);
    });
    expect(await settled).toMatchObject({ id });
    expect(await deleted).toEqual({ id: contactId });
    await engine.stop();
  },
);
