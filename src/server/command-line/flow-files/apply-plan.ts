import type { Client } from "../client.ts";
import type { Planned } from "./plan.ts";

/** Does what was planned: makes new flows first, for others may point to them, then writes drafts, then publishes. */
export async function applyPlan(client: Client, plan: readonly Planned[]): Promise<void> {
  const newIds = new Map<string, string>();
  for (const { file, action } of plan) {
    if (action !== "create") continue;
    const made = await client.call("POST", "/v1/flows", { definition: { schema: 1, name: file.name } });
    newIds.set(file.name, (made as { id: string }).id);
  }
  const idOf = ({ file, flow }: Planned) => flow?.id ?? newIds.get(file.name) ?? "";
  for (const planned of plan) {
    if (planned.action === "unchanged") continue;
    await client.call("PUT", `/v1/flows/${idOf(planned)}`, { definition: planned.resolve(newIds) });
  }
  for (const planned of plan) {
    if (planned.publishes) await client.call("POST", `/v1/flows/${idOf(planned)}/publish`);
  }
}
