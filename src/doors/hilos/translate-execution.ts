import type { StartedStatus, StartedView, StartListView } from "../../operations/start-list-reads.ts";
import { showContact } from "./translate-contact.ts";

export type ContactStatus = "READY" | "RUNNING" | "COMPLETED" | "CANCELED" | "PAUSED" | "EXPIRED" | "FAILED";

const statuses: Record<StartedStatus, ContactStatus> = {
  queued: "READY",
  active: "RUNNING",
  waiting: "RUNNING",
  asking: "RUNNING",
  completed: "COMPLETED",
  exited: "CANCELED",
  cancelled: "CANCELED",
  refused: "CANCELED",
  expired: "EXPIRED",
  failed: "FAILED",
};

/** A start for named contacts, as a flow execution. */
export function showExecution(list: StartListView) {
  const { id, flowId, flowName, endsOthers, variables, contacts, averageMs, createdAt } = list;
  const counts = countsOf(list);
  return {
    ...{ id, status: statusOf(list, counts), execute_for: "LIST", flow: { id: flowId, name: flowName } },
    ...{ has_priority: endsOthers, flow_execution_variables: variables, start_on: createdAt, created_on: createdAt },
    num_contacts: contacts,
    ...{ running: counts.RUNNING + counts.PAUSED, completed: counts.COMPLETED, canceled: counts.CANCELED },
    ...{ expired: counts.EXPIRED, failed: counts.FAILED },
    avg_completion_time: averageMs === null ? null : clockOf(averageMs),
    ...{ contact_filters: [], inbound_trigger_with: null, inbound_start_message: null },
    ...{ inbound_start_message_match_exact: false, source: "API", status_reason: null },
  };
}

/** What became of one of its contacts. */
export function showExecutionContact(started: StartedView) {
  const { id, contact, contactId, startListId, flowId, flowName, reason, createdAt, endedAt } = started;
  return {
    ...{ id, status: contactStatusOf(started), reason, flow_execution: startListId, flow: flowId, flow_name: flowName },
    contact: contact === null ? { id: contactId, is_deleted: true } : showContact(contact),
    ...{ created_on: createdAt, completed_on: endedAt, is_chatbot_execution: false },
  };
}

/** The status of a contact in an execution, in the words of this API. */
export function contactStatusOf({ status, isHeld }: Pick<StartedView, "status" | "isHeld">): ContactStatus {
  const own = statuses[status];
  return own === "RUNNING" && isHeld ? "PAUSED" : own;
}

type Counts = Record<ContactStatus, number>;

function countsOf({ counts, isHeld }: StartListView): Counts {
  const sums: Counts = { READY: 0, RUNNING: 0, COMPLETED: 0, CANCELED: 0, PAUSED: 0, EXPIRED: 0, FAILED: 0 };
  for (const [status, count] of Object.entries(counts) as [StartedStatus, number][])
    sums[contactStatusOf({ status, isHeld })] += count;
  return sums;
}

function statusOf({ contacts, isHeld }: StartListView, counts: Counts): string {
  if (counts.READY === contacts) return isHeld ? "PAUSED" : "STARTING";
  if (counts.PAUSED > 0) return "PAUSED";
  if (counts.READY + counts.RUNNING > 0) return "RUNNING";
  return counts.CANCELED === contacts ? "CANCELED" : "COMPLETED";
}

/** A length of time as `[days ]hh:mm:ss`. */
function clockOf(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const parts = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  const days = Math.floor(seconds / 86_400);
  return `${days > 0 ? `${days} ` : ""}${parts.map((part) => String(part).padStart(2, "0")).join(":")}`;
}
