import { expect, test } from "vitest";
import { sampleContact } from "../../testing/step-suite.ts";
import { compileSegments } from "./segment-set.ts";
import { updateMembership } from "./update-membership.ts";

const now = new Date("2026-03-10T12:00:00Z");
const [gold, other, recent] = [
  "0190a000-0000-7000-8000-00000000000a",
  "0190a000-0000-7000-8000-00000000000b",
  "0190a000-0000-7000-8000-00000000000c",
] as const;
const { all } = compileSegments([
  { id: other, name: "Other", definition: { not: { segment: gold } } },
  { id: gold, name: "Gold", definition: { field: "contact.plan", operator: "is", value: "gold" } },
  { id: recent, name: "Recent", definition: { event: "paid", within: { amount: 1, unit: "days" } } },
]);
const paid = { name: "paid", payload: {}, occurredAt: new Date("2026-03-10T10:00:00Z") };

test("a segment over another sees what that one came to", () => {
  const contact = sampleContact({ properties: { plan: "gold" }, segments: [other] });
  expect(updateMembership(contact, all, now)).toEqual({ entered: [gold], left: [other], nextAt: null });
});

test("who stays where it is neither enters nor leaves", () => {
  const contact = sampleContact({ properties: { plan: "gold" }, segments: [gold] });
  expect(updateMembership(contact, all, now)).toEqual({ entered: [], left: [], nextAt: null });
});

test("foretells when time will change something", () => {
  const activity = { events: [paid], messages: [] };
  const contact = sampleContact({ properties: {}, segments: [other], activity });
  expect(updateMembership(contact, all, now)).toEqual({
    ...{ entered: [recent], left: [] },
    nextAt: new Date("2026-03-11T10:00:00.001Z"),
  });
});

test("segments that are not looked at stay, and others see them as they are", () => {
  const contact = sampleContact({ properties: {}, segments: [gold] });
  const [, onlyOther] = all;
  expect(onlyOther?.name).toBe("Other");
  expect(updateMembership(contact, onlyOther ? [onlyOther] : [], now)).toMatchObject({ entered: [], left: [] });
});
