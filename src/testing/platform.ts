import { createFlowCache } from "../operations/flow-cache.ts";
import { newId } from "../operations/new-id.ts";
import { type Caller, type Platform, scopes } from "../operations/platform.ts";
import { createEventRecorder } from "../operations/record-events.ts";
import { entryKinds, stepKinds } from "../steps/index.ts";
import type { Sql } from "../storage/database.ts";
import { ensurePartitions } from "../storage/partitions.ts";
import { insertWorkspace } from "../storage/workspaces.ts";

export type TestPlatform = Platform & {
  caller: Caller;
  workspaceId: string;
  /** Lanes that operations and the recorder said have work, in order. */
  signalled: number[];
  /** How often operations said that there is work beside the lanes. */
  woken: () => number;
  /** Sets what `now` says from here on. */
  setNow(now: Date): void;
};

/** A platform on a database of its own, with one workspace (of its own, unless it is given) and a caller who may do everything. */
export async function createTestPlatform(sql: Sql, given?: { workspaceId: string }): Promise<TestPlatform> {
  let now = new Date("2026-03-01T10:00:00Z");
  const registry = { steps: stepKinds, entries: entryKinds };
  const flows = createFlowCache(registry);
  const signalled: number[] = [];
  const signal = (lanes: Iterable<number>) => {
    signalled.push(...lanes);
  };
  let wakes = 0;
  const wake = () => {
    wakes += 1;
  };
  const woken = () => wakes;
  await ensurePartitions(sql, now);
  const recorder = createEventRecorder({ sql, flows, now: () => now, onWork: signal });
  const workspaceId = given?.workspaceId ?? (await createTestWorkspace(sql));
  const caller = { workspaceId, keyId: null, name: "test", scopes: new Set<string>(scopes) };
  const setNow = (next: Date) => {
    now = next;
  };
  const platform = { sql, flows, recorder, registry, secretBox, now: () => now, signal, wake };
  return { ...platform, caller, workspaceId, signalled, woken, setNow };
}

/** Another workspace, for tests of what must not be seen across. */
export async function createTestWorkspace(sql: Sql): Promise<string> {
  const id = newId();
  await insertWorkspace(sql, { id, name: "Test", timeZone: "Europe/Rome", now: new Date("2026-01-01T00:00:00Z") });
  return id;
}

/** Binds to the context as the real box does, and hides nothing. */
const secretBox: Platform["secretBox"] = {
  seal: (text, context) => Buffer.from(JSON.stringify({ text, context })),
  open(sealed, context) {
    const read = JSON.parse(Buffer.from(sealed).toString()) as { text: string; context: string };
    if (read.context !== context) throw new Error(`The secret ${context} cannot be opened with this key.`);
    return read.text;
  },
};
