import type { TrailEntry } from "../../core/flow/run.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import type { RunDetail } from "../../operations/runs.ts";
import type { StartedDetail } from "../../operations/start-list-reads.ts";

type StepStatus = "WAITING_TO_START" | "NOT_EXECUTED" | "RUNNING" | "COMPLETED" | "CANCELED" | "FAILED" | "EXPIRED";

const ended: Partial<Record<TrailEntry["outcome"], StepStatus>> = {
  went: "COMPLETED",
  ended: "COMPLETED",
  failed: "FAILED",
  exited: "CANCELED",
  cancelled: "CANCELED",
  moved: "CANCELED",
  dropped: "CANCELED",
};

/** What each step of a run did, in the order it took them; then the steps that it has not come to. */
export function showSteps({ run, steps }: Pick<StartedDetail, "run" | "steps">): JsonObject[] {
  if (run === null) return [];
  const visits = new Map<string, TrailEntry[]>();
  for (const entry of run.trail) {
    const key = `${entry.visit}|${entry.step}`;
    visits.set(key, [...(visits.get(key) ?? []), entry]);
  }
  const taken = [...visits.values()].map((entries) => showVisit(run, entries));
  const met = new Set(run.trail.map(({ step }) => step));
  const status: StepStatus = run.endedAt === null ? "WAITING_TO_START" : "NOT_EXECUTED";
  const others = steps.filter(({ name }) => !met.has(name));
  return [...taken, ...others.map(({ name, kind }) => ({ ...blank, step: { name, step_type: typeOf(kind) }, status }))];
}

const blank = {
  ...{ created_on: null, completed_on: null, has_error: false, last_error_detail: null, expire_on: null },
  ...{ validation_failed_attempts: 0, execution_result: {}, request_data: {}, messages: [] },
};

function showVisit(run: RunDetail, entries: readonly TrailEntry[]): JsonObject {
  const [first, last] = [entries[0] as TrailEntry, entries.at(-1) as TrailEntry];
  const status = statusOf(last);
  const error = errorOf(entries, status);
  const isHere = run.endedAt === null && run.visit === last.visit;
  return {
    ...blank,
    ...{ id: `${run.id}-${first.visit}`, step: { name: first.step, step_type: typeOf(first.kind) }, status },
    ...{ created_on: first.enteredAt, completed_on: status === "RUNNING" ? null : last.at },
    ...{ has_error: error !== null, last_error_detail: error },
    expire_on: isHere ? (run.wakeAt?.toISOString() ?? null) : null,
    execution_result: resultOf(run, last),
    request_data: objectOf(entries.find(({ outcome }) => outcome === "asked")?.detail),
    messages: run.messages
      .filter(({ step }) => step === first.step)
      .map(({ id, channel, to, status: own }) => ({ id, channel, to, status: own })),
  };
}

/** A call that was answered with anything but a 2xx has failed as a step, though its run goes on by the other branch. */
function statusOf({ outcome, exit }: TrailEntry): StepStatus {
  return outcome === "went" && exit === "error" ? "FAILED" : (ended[outcome] ?? "RUNNING");
}

function errorOf(entries: readonly TrailEntry[], status: StepStatus): string | null {
  if (status !== "FAILED") return null;
  const last = entries.at(-1);
  const { message, reason, status: answered } = objectOf(last?.detail);
  return String(
    message ?? reason ?? last?.reason ?? (answered === undefined ? "failed" : `HTTP status ${String(answered)}`),
  );
}

/** What the step left for later ones, or else what its trail says. */
function resultOf(run: RunDetail, last: TrailEntry): JsonObject {
  const left = run.steps[last.step];
  const result = isJsonObject(left as Json) ? (left as JsonObject) : objectOf(last.detail);
  return { ...result, ...(last.exit === undefined ? {} : { exit: last.exit }) };
}

function objectOf(value: Json | undefined): JsonObject {
  return value !== undefined && isJsonObject(value) ? value : {};
}

const types: Record<string, string> = {
  "http-action": "ACTION",
  wait: "DELAY",
  condition: "CONDITIONAL",
  "update-contact": "CONTACT_UPDATE",
  "start-flow": "TRIGGER_FLOW",
  "go-to": "GO_TO",
  "send-email": "MESSAGE",
};

function typeOf(kind: string): string {
  return types[kind] ?? kind.toUpperCase().replaceAll("-", "_");
}
