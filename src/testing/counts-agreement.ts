import { expect } from "vitest";
import { flowCounts } from "../operations/flow-versions.ts";
import type { TestPlatform } from "./platform.ts";

/** The roll-ups of a flow say what a count over its runs says: who lives, and who stands where. */
export async function expectCountsToAgree(platform: TestPlatform, flowId: string): Promise<void> {
  const { versions } = await flowCounts(platform, platform.caller, { id: flowId });
  const rows = await platform.sql<{ version: number; step: string; count: number }[]>`
    select version, step, count(*)::int as count from run where flow_id = ${flowId} and ended_at is null group by 1, 2`;
  for (const { version, live, steps } of versions) {
    const own = rows.filter((row) => row.version === version);
    expect(live).toBe(own.reduce((sum, { count }) => sum + count, 0));
    for (const [step, { waiting }] of Object.entries(steps))
      expect([step, waiting]).toEqual([step, own.find((row) => row.step === step)?.count ?? 0]);
  }
}
