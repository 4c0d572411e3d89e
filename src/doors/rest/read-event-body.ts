import type { z } from "zod";
import type { EventInput } from "../../core/event-input.ts";
import { requireFlow } from "../../operations/flow-view.ts";
import type { Caller, Platform } from "../../operations/platform.ts";
import type { eventBody } from "./events-schema.ts";

/** The event of a body as operations take it. Throws `flow_not_found` when it names a flow that is not there. */
export async function readEventBody(
  { flow, occurredAt, ...event }: z.output<typeof eventBody>,
  { platform, caller }: { platform: Platform; caller: Caller },
): Promise<EventInput> {
  const at = occurredAt === undefined ? {} : { occurredAt: new Date(occurredAt) };
  const target = flow === undefined ? {} : { flowId: await flowIdOf(platform, caller, flow) };
  return { ...event, ...at, ...target };
}

/** The id of the flow that an event names by id or number. Throws `flow_not_found`. */
async function flowIdOf(platform: Platform, caller: Caller, flow: string | number): Promise<string> {
  const { id } = await requireFlow(platform.sql, caller.workspaceId, String(flow));
  return id;
}
