import { expect, test } from "vitest";
import type { Condition } from "./condition.ts";
import { conditionToSql, readPathSql } from "./condition-to-sql.ts";

const now = new Date("2026-03-01T10:00:00Z");

function toSql(condition: Condition): { sql: string; params: unknown[] } {
  const params: unknown[] = [];
  const sql = conditionToSql(condition, (root, path) => `${root}:${path.join(".")}`, { params, now });
  return { sql, params };
}

test("values are parameters, never part of the text", () => {
  const { sql, params } = toSql({
    or: [
      { field: "contact.plan", operator: "is", value: "'; drop table" },
      { field: "event.total", operator: "atLeast", value: 5 },
    ],
  });
  expect(sql).toBe("(((contact:plan) = $1::text::jsonb) or (staffetta_number((event:total)) >= $2::text::float8))");
  expect(params).toEqual([`"'; drop table"`, "5"]);
});

test("parameters go behind those that the query has already", () => {
  const params: unknown[] = ["lane"];
  expect(
    conditionToSql({ field: "contact.plan", operator: "contains", value: "Pro" }, () => "plan", { params, now }),
  ).toContain("$2::text");
  expect(params).toEqual(["lane", "pro"]);
});

test("a part that is null counts as false under not", () => {
  expect(toSql({ not: { field: "contact.plan", operator: "isTrue" } }).sql).toBe(
    "((((contact:plan) = 'true'::jsonb)) is not true)",
  );
});

test("a path of names is a chain of look-ups, one with numbers a JSON path", () => {
  const params: unknown[] = [];
  expect(readPathSql("properties", ["a", "b"], params)).toBe("properties -> $1::text -> $2::text");
  expect(readPathSql("payload", ["items", 0, 'a"b'], params)).toBe(
    "jsonb_path_query_first(payload, $3::text::jsonpath, '{}', true)",
  );
  expect(params).toEqual(["a", "b", 'strict $."items"[0]."a\\"b"']);
});

test("an index that no array can have is a missing field", () => {
  expect(readPathSql("payload", [Number.POSITIVE_INFINITY], [])).toBe("null::jsonb");
});
