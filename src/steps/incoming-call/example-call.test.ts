import { expect, test } from "vitest";
import { exampleCall } from "./example-call.ts";
import { mapCall } from "./map-call.ts";

test("has everything where the entry reads it", () => {
  const map = {
    externalId: "customer.id",
    email: "$.customer.email",
    phone: "phones[1]",
    sku: "items[0].sku",
    plan: "plan",
  };
  const body = exampleCall({ map });
  expect(body).toEqual({
    customer: { id: "customer-1", email: "ada@example.com" },
    phones: [null, "+390612345678"],
    items: [{ sku: "sku value" }],
    plan: "plan value",
  });
  expect(mapCall({ map }, body)).toEqual({
    identity: { externalId: "customer-1", email: "ada@example.com", phone: "+390612345678" },
    properties: { sku: "sku value", plan: "plan value" },
    issues: [],
  });
});

test.each([
  [{ email: "a", plan: "a.b" }, { a: "ada@example.com" }],
  [{ email: "a", plan: "a[0]" }, { a: "ada@example.com" }],
  [
    { email: "email", plan: "list[999999999]" },
    { email: "ada@example.com", list: [] },
  ],
  [{ email: "email", plan: "__proto__.polluted" }, { email: "ada@example.com" }],
])("leaves out what has no place beside the rest: %j", (map, body) => {
  expect(exampleCall({ map })).toEqual(body);
  expect(({} as { polluted?: string }).polluted).toBeUndefined();
});
