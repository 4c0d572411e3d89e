import { expect, test } from "vitest";
import { entryKinds, stepKinds } from "./index.ts";

test("lists every kind under its own name", () => {
  expect(Object.keys(stepKinds).sort()).toEqual([
    "ab-test",
    "condition",
    "emit-event",
    "end",
    "go-to",
    "goal",
    "http-action",
    "notify",
    "send-email",
    "set-variable",
    "split",
    "start-flow",
    "unsubscribe",
    "update-contact",
    "wait",
    "wait-for",
  ]);
  expect(Object.keys(entryKinds).sort()).toEqual([
    "date",
    "event",
    "inbound-message",
    "incoming-call",
    "list-changed",
    "message-event",
    "property-changed",
    "schedule",
    "segment-changed",
    "start",
    "tag-changed",
  ]);
});

test.each([...Object.entries(stepKinds), ...Object.entries(entryKinds)])(
  "%s has a title for people and refuses what is no object",
  (name, kind) => {
    expect(kind.name).toBe(name);
    expect(kind.title).toMatch(/^[A-Z]/);
    expect(kind.config.safeParse("text").success).toBe(false);
    expect(kind.config.safeParse(null).success).toBe(false);
  },
);
