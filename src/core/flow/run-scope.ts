import { type Contact, contactScope } from "../contact.ts";
import type { Scope } from "../scope.ts";
import { isoText } from "../time.ts";
import type { CompiledFlow } from "./compile.ts";
import type { Run } from "./run.ts";
import type { WorkspaceFacts } from "./workspace-facts.ts";

type ScopeFacts = { contact: Contact; workspace: WorkspaceFacts; now: Date };

/** Names inside `run` that are no variables: what every run has, and `event` in exit rules. */
export const reservedVariables: readonly string[] = [
  ...["id", "key", "flow", "version", "startedAt", "eventName", "eventAt", "now", "event"],
];

/** What templates and conditions of this run see at `now`. */
export function runScope(flow: CompiledFlow, run: Run, { contact, workspace, now }: ScopeFacts): Scope {
  return {
    contact: contactScope(contact),
    event: run.event,
    // Not a spread followed by names, which takes 3 µs a name; and what every run has wins over its variables.
    run: Object.assign({}, run.vars, {
      id: run.id,
      key: run.key,
      flow: flow.definition.name,
      version: run.version,
      startedAt: isoText(run.startedAt),
      eventName: run.eventName,
      eventAt: isoText(run.eventAt),
      now: isoText(now),
    }),
    steps: run.steps,
    workspace: { id: workspace.id, name: workspace.name, timeZone: workspace.timeZone },
  };
}
