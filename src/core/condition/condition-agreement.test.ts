import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import type { Json, JsonObject } from "../json.ts";
import { durationUnits } from "../time.ts";
import { type Condition, checkCondition, evaluate, explain } from "./condition.ts";
import { conditionToSql, readPathSql } from "./condition-to-sql.ts";
import { fold } from "./fold.ts";
import { parseInstant } from "./instant.ts";
import { operators } from "./operators/index.ts";
import { isStorableText } from "./storable-text.ts";

const now = new Date("2026-03-01T10:00:00.123Z");
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.sql`create table scope_row (id int primary key, scope jsonb not null)`;
});
afterAll(() => database.drop());

const number = (max: number) => fc.nat(max);
const padded = (max: number, length = 2) => number(max).map((value) => String(value).padStart(length, "0"));

// Half of them are near `now` and the ends of the spans below; the other half are anything that looks like a date, valid or not.
const nearInstant = fc
  .record({
    days: fc.constantFrom(-14, -7, -1, 0, 1, 7, 28, 365),
    milliseconds: fc.constantFrom(-1, 0, 1, 3_600_000),
    cut: fc.constantFrom(10, 24),
  })
  .map(({ days, milliseconds, cut }) =>
    new Date(now.getTime() + days * 86_400_000 + milliseconds).toISOString().slice(0, cut),
  );
const anyInstant = fc
  .record({
    year: fc.oneof(
      padded(9999, 4),
      fc.constantFrom("0000", "0001", "0099", "1900", "2000", "2024", "2026", "9999", "12026"),
    ),
    month: padded(14),
    day: fc.oneof(padded(32), fc.constantFrom("28", "29", "30", "31")),
    time: fc.oneof(
      fc.constantFrom("", "T10:00", "T24:00:00", " 10:00:00", "t10:00:00", "T10"),
      fc.tuple(padded(25), padded(61), padded(61)).map(([hour, minute, second]) => `T${hour}:${minute}:${second}`),
    ),
    fraction: fc.oneof(
      fc.constantFrom("", ".", ".0000000001"),
      number(9_999_999).map((digits) => `.${digits}`),
    ),
    zone: fc.oneof(
      fc.constantFrom("Z", "", "z", "+0100", "+14:00", "-12:00", "+23:59", "-24:00"),
      fc.tuple(padded(25), padded(61)).map(([hour, minute]) => `-${hour}:${minute}`),
    ),
  })
  .map(({ year, month, day, time, fraction, zone }) =>
    time === "" ? `${year}-${month}-${day}` : `${year}-${month}-${day}${time}${fraction}${zone}`,
  );
const instantText = fc.oneof(nearInstant, anyInstant);
const validInstant = instantText.filter((text) => parseInstant(text) !== null);

const knownTexts = [
  "",
  "a",
  "A",
  "pro",
  "Pro plan",
  "È",
  "è",
  "ΣΑΣ",
  "σας",
  "İstanbul",
  "istanbul",
  "straße",
  "STRASSE",
  "Straẞe",
  "😀",
  "x😀Y",
  "5",
  "true",
  "null",
];
const text = fc.oneof(
  fc.constantFrom(...knownTexts, "%", "_", "\\", "'", '"', "ﬀ", "e\u0301", "é", "\u2028", "Ǆ", "[]", "50% Off"),
  fc.string({ unit: "binary", maxLength: 4 }).filter(isStorableText),
  instantText,
);
const finite = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    1,
    5,
    -1,
    0.1,
    0.1 + 0.2,
    0.3,
    1e21,
    1e300,
    -1.7976931348623157e308,
    5e-324,
    2 ** 53,
    12345678901234567000,
  ),
  fc.integer({ min: -3, max: 6 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const scalar = fc.oneof(text, finite, fc.boolean());
const smallNumber = fc.constantFrom(-1, -0, 0, 1, 5, 0.1, 0.3, 1e21, 12345678901234567000);
const common = fc.oneof(fc.constantFrom("", "a", "A", "pro", "5"), smallNumber, fc.boolean());
const scalars = fc.array(fc.oneof(common, fc.constantFrom(...knownTexts), scalar), { minLength: 1, maxLength: 4 });

// Fields are made as JSON text, so that rows hold numbers that JavaScript alone would never write.
const rawNumber = fc.constantFrom(
  "1e400",
  "-1e400",
  "1e-400",
  "-0",
  "-0.0",
  "5.000",
  "12345678901234567891",
  "0.1000000000000000055511151231257827",
  "9007199254740993",
  "1.7976931348623158e308",
);
const rawScalar = fc.oneof(scalar.map(write), rawNumber, fc.constant("null"));
const rawList = fc.array(rawScalar, { maxLength: 4 }).map((items) => `[${items.join(",")}]`);
const rawField = fc.oneof(
  { weight: 4, arbitrary: rawScalar },
  { weight: 2, arbitrary: rawList },
  fc.tuple(rawScalar, rawList).map(([inner, list]) => `{"x": ${inner}, "0": ${list}}`),
  fc.tuple(rawScalar, rawList).map(([inner, list]) => `[${list}, {"x": ${inner}}, [[]]]`),
  fc.constantFrom("[]", "{}", '[""]', "[null]"),
);
// The first four hold what their name says most of the time, so that operators often meet a field they can hold for.
const fields = {
  text: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...knownTexts).map(write) }, rawField),
  number: fc.oneof({ weight: 4, arbitrary: fc.oneof(rawNumber, smallNumber.map(write)) }, rawField),
  date: fc.oneof({ weight: 4, arbitrary: instantText.map(write) }, rawField),
  list: fc.oneof(
    { weight: 4, arbitrary: fc.array(common, { maxLength: 5 }).map((items) => JSON.stringify(items)) },
    rawField,
  ),
  città: rawField,
  '"q\\': rawField,
  ["__proto__"]: rawField,
};
const rawScope = fc.record(fields, { requiredKeys: [] }).map((raw) => {
  const present = Object.entries(raw).map(([name, value]) => `${JSON.stringify(name)}: ${value}`);
  return `{"contact": {${present.join(", ")}}, "event": [1]}`;
});

const oddPaths = [
  "text[0]",
  "text[1].x",
  "list.x",
  "list.0",
  "list[0]",
  "date[0][0]",
  "città.0[0]",
  "città.x",
  "città[1].x",
  "città[0][0]",
  "text[99999999999999999999]",
  "none",
  "none.x[0]",
];
const anyField = fc.oneof(
  fc.constantFrom(...Object.keys(fields), ...oddPaths).map((path) => `contact.${path}`),
  fc.constantFrom("event[0]", "event.x", "steps.x"),
);

type Family = { names: string[]; field: keyof typeof fields; value: fc.Arbitrary<Json | undefined> };
const families: Family[] = [
  { names: ["is", "isNot"], field: "number", value: fc.oneof(smallNumber, scalar) },
  { names: ["is", "isNot"], field: "text", value: fc.oneof(fc.constantFrom(...knownTexts), scalar) },
  { names: ["in", "notIn"], field: "text", value: scalars },
  { names: ["in", "notIn"], field: "number", value: scalars },
  { names: ["includes", "notIncludes"], field: "list", value: common },
  { names: ["includesAny", "includesAll"], field: "list", value: scalars },
  {
    names: ["contains", "notContains", "startsWith", "endsWith"],
    field: "text",
    value: fc.oneof(
      fc.constantFrom("a", "I", "È", "Σ", "ß", "E", "x", "PRO", "😀"),
      text.filter((value) => value !== ""),
    ),
  },
  { names: ["greaterThan", "atLeast", "lessThan", "atMost"], field: "number", value: fc.oneof(smallNumber, finite) },
  {
    names: ["between"],
    field: "number",
    value: fc.tuple(finite, finite).map(([one, two]) => (one <= two ? [one, two] : [two, one])),
  },
  { names: ["before", "after"], field: "date", value: fc.oneof(validInstant, fc.constant("now")) },
  { names: ["onDate"], field: "date", value: validInstant.map((instant) => instant.slice(0, 10)) },
  {
    names: ["withinLast", "withinNext"],
    field: "date",
    value: fc.record({ amount: fc.constantFrom(1, 7, 14, 120), unit: fc.constantFrom(...durationUnits) }),
  },
  { names: ["exists", "missing", "isEmpty", "isTrue", "isFalse"], field: "città", value: fc.constant(undefined) },
];
const leaf: fc.Arbitrary<Condition> = fc.constantFrom(...families).chain(({ names, field, value }) =>
  fc
    .record({
      field: fc.oneof(fc.constant(`contact.${field}`), anyField),
      operator: fc.constantFrom(...names),
      value,
    })
    .map(({ value, ...rest }) => (value === undefined ? rest : { ...rest, value })),
);
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4 },
    { weight: 4, arbitrary: leaf },
    fc.record({ and: fc.array(tie("condition"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ or: fc.array(tie("condition"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie("condition") }),
  ),
}));

test("the property below has every operator", () => {
  const tried = new Set(families.flatMap((family) => family.names));
  expect([...tried].sort()).toEqual(operators.map((operator) => operator.name).sort());
});

test("every operator says the same in memory and in PostgreSQL, whatever the field holds", async () => {
  const someScopes = fc.array(rawScope, { minLength: 1, maxLength: 60, size: "max" });
  const someConditions = fc.array(condition, { minLength: 1, maxLength: 60, size: "max" });
  await fc.assert(fc.asyncProperty(someScopes, someConditions, expectAgreement), { numRuns: 100 });
}, 60_000);

test("letters are folded the same on both sides, all of Unicode's first plane and some beyond", async () => {
  const letters = Array.from({ length: 0x10450 }, (_, index) => String.fromCodePoint(index)).filter(isStorableText);
  const rows = await database.sql<
    { folded: string }[]
  >`select staffetta_fold(letter) as folded from unnest(${letters}::text[]) with ordinality as t (letter, place) order by place`;
  expect(rows.map((row) => row.folded)).toEqual(letters.map(fold));
});

test("the same texts are dates on both sides, and the same instants", async () => {
  const texts = fc.sample(fc.oneof(instantText, text), 5000);
  const rows = await database.sql<
    { instant: number | null }[]
  >`select staffetta_instant(to_jsonb(text)) as instant from unnest(${texts}::text[]) with ordinality as t (text, place) order by place`;
  expect(rows.map((row) => row.instant)).toEqual(texts.map(parseInstant));
});

async function expectAgreement(scopes: string[], conditions: Condition[]): Promise<void> {
  for (const condition of conditions) expect(checkCondition(condition)).toEqual([]);
  const inSql = await askDatabase(scopes, conditions);
  for (const [row, scopeText] of scopes.entries()) {
    const scope = JSON.parse(scopeText) as JsonObject;
    for (const [column, condition] of conditions.entries()) {
      const inMemory = evaluate(condition, scope, now);
      const answers = {
        condition,
        scopeText,
        inMemory,
        explained: explain(condition, scope, now).result,
        inSql: inSql[row]?.[column],
      };
      if (answers.inSql !== inMemory || answers.explained !== inMemory)
        throw new Error(`No agreement: ${JSON.stringify(answers)}`);
    }
  }
}

async function askDatabase(scopes: string[], conditions: Condition[]): Promise<boolean[][]> {
  const params: unknown[] = [];
  const columns = (root: string, path: readonly (string | number)[]) => readPathSql("scope", [root, ...path], params);
  const tests = conditions.map((condition) => `(${conditionToSql(condition, columns, { params, now })}) is true`);
  return database.sql.begin(async (sql) => {
    await sql`truncate scope_row`;
    await sql`insert into scope_row select place, text::jsonb from unnest(${scopes}::text[]) with ordinality as t (text, place)`;
    return sql.unsafe(`select ${tests.join(", ")} from scope_row order by id`, params as string[]).values();
  }) as Promise<boolean[][]>;
}

/** JSON as JavaScript writes it, but with the sign of minus zero. */
function write(value: Json): string {
  return Object.is(value, -0) ? "-0" : JSON.stringify(value);
}
