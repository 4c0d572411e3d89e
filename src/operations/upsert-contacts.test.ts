import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestPlatform, createTestWorkspace, type TestPlatform } from "../testing/platform.ts";
import { findStrayIdentities } from "../testing/stray-identities.ts";
import { createFlow } from "./flows.ts";
import { getContact } from "./get-contact.ts";
import { createList } from "./lists.ts";
import { newId } from "./new-id.ts";
import type { UpsertContactInput } from "./plan-contacts.ts";
import { publishFlow } from "./publish-flow.ts";
import { upsertContact } from "./upsert-contact.ts";
import { type ContactResult, upsertContacts } from "./upsert-contacts.ts";

let database: TestDatabase;
let platform: TestPlatform;
beforeAll(async () => {
  database = await createTestDatabase();
  platform = await createTestPlatform(database.sql);
});
afterAll(() => database.drop());

const upsert = (contacts: UpsertContactInput[], partial = false) =>
  upsertContacts(platform, platform.caller, { contacts, partial });
const byPhone = (value: string) => getContact(platform, platform.caller, { by: "phone", value });
const phones = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, index) => `+39${prefix}${String(index).padStart(4, "0")}`);
const statuses = (results: ContactResult[]) => results.map(({ status }) => status);

test("makes, changes and leaves alone, each contact as it is meant", async () => {
  await upsert([
    { phone: "+393330000001", properties: { plan: "free" } },
    { phone: "+393330000002", properties: { plan: "gold" } },
  ]);
  const { results } = await upsert([
    { phone: "+393330000001", properties: { plan: "gold" } },
    { phone: "+393330000002", properties: { plan: "gold" } },
    { phone: "+393330000003", properties: { plan: "gold" } },
  ]);
  expect(statuses(results)).toEqual(["updated", "unchanged", "created"]);
  expect((await byPhone("+393330000001")).properties).toEqual({ plan: "gold" });
});

test("a contact that is named twice is one contact, changed in the order given", async () => {
  const { results } = await upsert([
    { phone: "+393330000010", properties: { a: 1, b: 1 }, addTags: ["x"] },
    { phone: "0039 333 0000010", email: "twice@example.com", properties: { a: 2 }, addTags: ["y"] },
    { email: "twice@example.com", properties: { c: 3 } },
  ]);
  expect(statuses(results)).toEqual(["created", "updated", "updated"]);
  const contact = await byPhone("+393330000010");
  expect(contact).toMatchObject({ email: "twice@example.com", properties: { a: 2, b: 1, c: 3 }, tags: ["x", "y"] });
  expect(new Set(results.map((result) => result.status !== "refused" && result.contactId))).toEqual(
    new Set([contact.id]),
  );
});

test("an identity that one contact sets free goes to the next in the same call", async () => {
  await upsert([{ externalId: "giver", email: "given@example.com" }, { externalId: "taker" }]);
  const { results } = await upsert([
    { externalId: "giver", email: "other@example.com" },
    { externalId: "taker", email: "given@example.com" },
    { email: "given@example.com", properties: { seen: true } },
  ]);
  expect(statuses(results)).toEqual(["updated", "updated", "updated"]);
  const taker = await getContact(platform, platform.caller, { by: "email", value: "given@example.com" });
  expect(taker).toMatchObject({ externalId: "taker", properties: { seen: true } });
});

test("without partial every issue of every contact is named, and nothing is stored", async () => {
  await upsert([{ externalId: "owner", email: "owned@bulk.example" }, { externalId: "second" }]);
  const list = newId();
  const attempt = upsert([
    { externalId: "fine-in-bulk" },
    { phone: "12", email: "x" },
    { externalId: "second", email: "owned@bulk.example" },
    { externalId: "third", lists: [{ id: list, state: "subscribed" }] },
    { id: newId(), properties: {} },
    {},
  ]);
  const paths = [
    "contacts[1].email",
    "contacts[1].phone",
    "contacts[2].email",
    "contacts[3].lists",
    "contacts[4].id",
    "contacts[5]",
  ];
  await expect(attempt).rejects.toMatchObject({
    code: "invalid_request",
    issues: paths.map((path) => expect.objectContaining({ path })),
  });
  await expect(
    getContact(platform, platform.caller, { by: "externalId", value: "fine-in-bulk" }),
  ).rejects.toMatchObject({ code: "contact_not_found" });
});

test("with partial the broken ones are refused, and the others stored", async () => {
  const { results } = await upsert([{ phone: "12" }, { phone: "+393330000020" }, {}], true);
  expect(statuses(results)).toEqual(["refused", "created", "refused"]);
  expect(results[0]).toMatchObject({ issues: [{ path: "contacts[0].phone" }] });
  expect(await byPhone("+393330000020")).toMatchObject({ phone: "+393330000020" });
});

test("takes 1,000 contacts and no more", async () => {
  await expect(upsert(phones(1001, "3331").map((phone) => ({ phone })))).rejects.toMatchObject({
    code: "invalid_request",
    issues: [{ path: "contacts", message: "must have at most 1000 items; these are 1001" }],
  });
  expect(await upsert([])).toEqual({ results: [] });
});

test("1,000 new contacts, and the same again changed, take no query each", async () => {
  const many = phones(1000, "33320");
  const before = performance.now();
  const made = await upsert(many.map((phone) => ({ phone, properties: { plan: "free", source: "crm" } })));
  const changed = await upsert(many.map((phone) => ({ phone, properties: { plan: "gold" } })));
  const tookMs = performance.now() - before;
  expect(new Set([...statuses(made.results), ...statuses(changed.results)])).toEqual(new Set(["created", "updated"]));
  // A query for each contact would take several seconds.
  expect(tookMs).toBeLessThan(3000);
});

test("two calls over the same contacts at once, in opposite order, both end well", async () => {
  const many = phones(200, "33340").map((phone, index) => ({ phone, externalId: `cross-${index}` }));
  const runs = await Promise.all(
    Array.from({ length: 6 }, (_, run) =>
      upsert(
        (run % 2 ? many : [...many].reverse()).map((contact) => ({ ...contact, properties: { [`r${run}`]: run } })),
      ),
    ),
  );
  const created = runs.flatMap(({ results }) => statuses(results)).filter((status) => status === "created");
  expect(created).toHaveLength(200);
  expect(Object.keys((await byPhone("+39333400007")).properties)).toHaveLength(6);
  expect([...(await findStrayIdentities(database.sql))]).toEqual([]);
});

test("an id of another workspace's contact is not found", async () => {
  const { contact } = await upsertContact(platform, platform.caller, { externalId: "ours" });
  const other = { ...platform.caller, workspaceId: await createTestWorkspace(database.sql) };
  const { results } = await upsertContacts(platform, other, {
    contacts: [{ id: contact.id, properties: { a: 1 } }],
    partial: true,
  });
  expect(results).toMatchObject([{ status: "refused", issues: [{ path: "contacts[0].id" }] }]);
});

type Wish = Omit<UpsertContactInput, "id" | "lists"> & { who: number | null; state: string | null };

const oneOf = (values: string[]) => fc.option(fc.constantFrom(...values, null), { nil: undefined, freq: 2 });
const wish: fc.Arbitrary<Wish> = fc.record({
  who: fc.option(fc.integer({ min: 0, max: 3 }), { freq: 2 }),
  externalId: oneOf(["a", "b", "c"]),
  email: oneOf(["a@p", "b@p", "c@p", "broken"]),
  phone: oneOf(["1", "2"]),
  properties: fc.dictionary(fc.constantFrom("plan", "size"), fc.constantFrom(null, 1, "gold")),
  replaceProperties: fc.boolean(),
  tags: fc.option(fc.subarray(["vip", "other"]), { nil: undefined, freq: 2 }),
  state: fc.constantFrom(null, null, "subscribed", "unsubscribed"),
});

/** A workspace in which flows listen to what changes. */
async function openWorld() {
  const own = await createTestPlatform(database.sql);
  const list = (await createList(own, own.caller, { name: "News" })).id;
  const entries = {
    plan: { kind: "property-changed", config: { property: "plan", alsoWhenSetAgain: true }, next: "done" },
    vip: { kind: "tag-changed", config: { tag: "vip", change: "added" }, next: "done" },
    news: { kind: "list-changed", config: { list, change: "joined" }, next: "done" },
  };
  const exitWhen = [{ when: { field: "contact.size", operator: "is", value: 1 } }];
  const definition = { schema: 1, name: "Listens", entries, steps: { done: { kind: "end", config: {} } }, exitWhen };
  const flow = await createFlow(own, own.caller, { definition });
  await publishFlow(own, own.caller, { id: flow.id });
  return { own, list, people: [] as string[] };
}
type World = Awaited<ReturnType<typeof openWorld>>;

/** A wish as an input, with identities that only this round has. */
function inputOf({ list, people }: World, { who, state, externalId, email, phone, ...rest }: Wish, round: number) {
  const lists = state === null ? [] : [{ id: list, state: state as "subscribed" }];
  return {
    ...{ ...rest, lists, id: who === null ? undefined : people[who] },
    externalId: externalId && `${externalId}-${round}`,
    email: email && (email === "broken" ? email : `${email}-${round}.example`),
    phone: phone && `+39333${String(round).padStart(4, "0")}99${phone}`,
  };
}

async function oneByOne(world: World, wishes: readonly Wish[], round: number) {
  const [done, ids]: [string[], string[]] = [[], []];
  for (const wished of wishes) {
    const input = inputOf(world, wished, round);
    const made = await upsertContact(world.own, world.own.caller, input).catch(() => null);
    if (made) ids.push(made.contact.id);
    done.push(made === null ? "refused" : made.created ? "created" : "changed");
  }
  return { done, ids };
}

async function atOnce({ own, ...world }: World, wishes: readonly Wish[], round: number): Promise<string[]> {
  const contacts = wishes.map((wished) => inputOf({ own, ...world }, wished, round));
  const { results } = await upsertContacts(own, own.caller, { contacts, partial: true });
  return statuses(results).map((status) => (status === "unchanged" || status === "updated" ? "changed" : status));
}

/** Everything there is in a world, with no id in it. */
async function contentOf({ own, list }: World) {
  const { sql } = database;
  const contacts = await sql`
    select c.external_id, c.email, c.phone, c.properties, c.tags,
           (select array_agg(m.state) from membership m where m.lane = c.lane and m.contact_id = c.id) as lists,
           (select json_agg(json_build_array(replace(e.name, ${list}, 'list'), e.payload->'before', e.payload->'after') order by e.id)
              from event e where e.lane = c.lane and e.contact_id = c.id) as told,
           exists (select from event_queue q where q.lane = c.lane and q.contact_id = c.id and q.event_id is null) as "isSeen"
      from contact c where c.workspace_id = ${own.workspaceId}
     order by c.external_id, c.email, c.phone`;
  return JSON.stringify(contacts);
}

test("many at once come to the same as one by one, in contacts, identities, lists and what flows are told", async () => {
  const [single, bulk] = [await openWorld(), await openWorld()];
  let round = 0;
  const stories = fc.tuple(fc.array(wish, { maxLength: 4 }), fc.array(wish, { maxLength: 8 }));
  await fc.assert(
    fc.asyncProperty(stories, async ([before, wishes]) => {
      round += 1;
      for (const world of [single, bulk]) {
        world.people = [];
        world.people = (await oneByOne(world, before, round)).ids;
      }
      const { done } = await oneByOne(single, wishes, round);
      expect(await atOnce(bulk, wishes, round)).toEqual(done);
      expect(await contentOf(bulk)).toBe(await contentOf(single));
    }),
    { numRuns: 60 },
  );
  expect([...(await findStrayIdentities(database.sql))]).toEqual([]);
});
