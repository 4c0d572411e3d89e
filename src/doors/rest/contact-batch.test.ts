import { afterAll, beforeAll, expect, test } from "vitest";
import { createRestClient, type RestClient } from "../../testing/rest-client.ts";

let rest: RestClient;
beforeAll(async () => {
  rest = await createRestClient();
});
afterAll(() => rest.close());

test("a batch of contacts takes what is right and says what is wrong with the rest, item by item", async () => {
  const made = await rest.call("POST", "/v1/contacts/batch", {
    contacts: [
      { email: "m1@example.com" },
      { phone: "12" },
      "x",
      { email: "m1@example.com", addTags: ["vip"] },
      { id: "none" },
    ],
  });
  expect(made).toMatchObject({ status: 200, body: { accepted: 2, rejected: 3 } });
  expect(made.body.results).toMatchObject([
    { status: "created" },
    { status: "rejected", issues: [{ path: "contacts[1].phone" }] },
    { status: "rejected", issues: [{ path: "contacts[2]" }] },
    { status: "updated", contactId: made.body.results[0].contactId },
    { status: "rejected", issues: [{ path: "contacts[4].id" }] },
  ]);
  const { id } = (await rest.call("GET", "/v1/contacts/lookup?email=m1@example.com")).body;
  expect(id).toBe(made.body.results[0].contactId);
  const none = await rest.call("POST", "/v1/contacts/batch", { contacts: [{ email: "no address" }] });
  expect(none).toMatchObject({ status: 422, body: { issues: [{ path: "contacts[0].email" }] } });
  expect((await rest.call("POST", "/v1/contacts/batch", { contacts: [] })).status).toBe(422);
});

test("a batch changes no contact of another workspace, and wants the scope", async () => {
  const { body } = await rest.call("POST", "/v1/contacts/batch", { contacts: [{ email: "mine@example.com" }] });
  const contacts = [{ id: body.results[0].contactId, addTags: ["theirs"] }];
  expect(await rest.callAsOther("POST", "/v1/contacts/batch", { contacts })).toMatchObject({
    status: 422,
    body: { issues: [{ path: "contacts[0].id" }] },
  });
  expect((await rest.callWithout("contacts:write", "POST", "/v1/contacts/batch", { contacts })).status).toBe(403);
});
