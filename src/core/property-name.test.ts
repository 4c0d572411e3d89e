import { expect, test } from "vitest";
import { propertyNameSchema } from "./property-name.ts";

test.each(["plan", "Plan2", "first_name", "last-order", "a".repeat(64)])("takes %s", (name) => {
  expect(propertyNameSchema.safeParse(name).success).toBe(true);
});

test.each(["", "1st", "_x", "__proto__", "a b", "a.b", "città", "a".repeat(65), "email", "tags", "id", "createdAt"])(
  "refuses %j",
  (name) => {
    expect(propertyNameSchema.safeParse(name).success).toBe(false);
  },
);
