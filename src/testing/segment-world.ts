import { expect } from "vitest";
import type { Json } from "../core/json.ts";
import { buildRound } from "../engine/segments/build-segment.ts";
import { getSegment, listSegmentMembers } from "../operations/segment-reads.ts";
import { createSegment } from "../operations/segments.ts";
import { upsertContact } from "../operations/upsert-contact.ts";
import type { Sql } from "../storage/database.ts";
import { createTestEngine, type TestEngine, type TestEngineOptions } from "./engine.ts";
import { createTestPlatform, type TestPlatform } from "./platform.ts";

export type World = { engine: TestEngine; platform: TestPlatform; build(): Promise<void>; stop(): Promise<void> };

/** A workspace with an engine, and what REST would call. */
export async function openWorld(
  sql: Sql,
  chunk = 3,
  options: Pick<TestEngineOptions, "http" | "turn"> = {},
): Promise<World> {
  const engine = await createTestEngine({ sql, tuning: { buildGraceMs: 3_600_000 }, ...options });
  const platform: TestPlatform = {
    ...(await createTestPlatform(sql, { workspaceId: engine.workspaceId })),
    ...{ flows: engine.flows, recorder: engine.recorder, now: () => engine.clock.now },
    signal: (lanes) => engine.engine.signal(lanes),
  };
  const build = async () => {
    const onWork = (lanes: number[]) => engine.engine.signal(lanes);
    const options = { sql, flows: engine.flows, now: platform.now, chunk, graceMs: 0, onWork };
    while ((await buildRound(options)).kind === "again");
    await engine.settle();
  };
  return { engine, platform, build, stop: () => engine.stop() };
}

export async function makeSegment({ platform, build }: World, name: string, definition: Json): Promise<string> {
  const { id } = await createSegment(platform, platform.caller, { name, definition });
  await build();
  return id;
}

export async function membersOf({ platform, engine }: World, segmentId: string): Promise<(string | null)[]> {
  await engine.settle();
  const { data } = await listSegmentMembers(platform, platform.caller, { segmentId, limit: 200 });
  const { members } = await getSegment(platform, platform.caller, { id: segmentId });
  expect(members).toBe(data.length);
  return data.map(({ contact }) => contact.externalId).sort();
}

export async function saveContact({ platform, engine }: World, externalId: string, change: object): Promise<string> {
  const { contact } = await upsertContact(platform, platform.caller, { externalId, ...change });
  await engine.settle();
  return contact.id;
}
