import type { PendingQuery, Row } from "postgres";
import type { EventOutcome } from "../core/flow/route.ts";
import type { Queryable } from "./database.ts";
import { recordset } from "./rows.ts";

export type EventOutcomeRow = EventOutcome & {
  lane: number;
  contactId: string;
  workspaceId: string;
  ordinal: number;
  at: Date;
};

/** Records what events did to flows, or why they did nothing. */
export function insertEventOutcomes(sql: Queryable, outcomes: readonly EventOutcomeRow[]): PendingQuery<Row[]> {
  return sql`
    insert into event_outcome (lane, contact_id, event_id, ordinal, workspace_id, flow_id, version, entry, outcome, reason, detail, run_id, at)
    select lane, "contactId", "eventId", ordinal, "workspaceId", "flowId", version, entry, outcome, reason, nullif(detail, 'null'), "runId", at
      from ${recordset(sql, outcomes, 'lane smallint, "contactId" uuid, "eventId" uuid, ordinal smallint, "workspaceId" uuid, "flowId" uuid, version integer, entry text, outcome text, reason text, detail jsonb, "runId" uuid, at timestamptz')} as o`;
}
