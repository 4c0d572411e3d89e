import { winsOf } from "../../core/flow/ab-wins.ts";
import type { Decision } from "../../core/flow/decision.ts";
import type { WorkspaceFacts } from "../../core/flow/workspace-facts.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import type { Participant, WinRow } from "../../storage/ab-tests.ts";
import type { ContactWork } from "./contact-work.ts";

export type TestRows = { participants: Participant[]; wins: WinRow[] };

type Decided = { decision: Decision; flows: FlowCache; workspace: WorkspaceFacts; now: Date };

/** Gathers what a contact's work means to tests of variants: runs that take part from here on, and what they may win by. */
export function collectTests(rows: TestRows, contact: ContactWork, { decision, flows, workspace, now }: Decided): void {
  const { lane, id: contactId } = contact.key;
  const place = { lane, contactId, at: now };
  for (const { run, ...taken } of decision.variants)
    rows.participants.push({ ...place, ...taken, flowId: run.flowId, runId: run.id, workspaceId: run.workspaceId });
  const { participating, workspaceId, work } = contact;
  const about = { decision, flows: flows.lookup(workspaceId), participating, workspace, now };
  for (const win of winsOf(work, about)) rows.wins.push({ ...place, ...win });
}
