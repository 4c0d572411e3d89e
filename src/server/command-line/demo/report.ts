import type { TrailEntry } from "../../../core/flow/run.ts";
import { isJsonObject } from "../../../core/json.ts";
import type { Result } from "./scene.ts";

/** What is not as it should be, one sentence each; empty when all is well. */
export function findFaults({ expected, run, mail }: Result): string[] {
  const who = expected.purchase.name;
  if (!run) return [`${who}: no run ended in time.`];
  const faults: string[] = [];
  const steps = run.trail.filter(({ outcome }) => outcome === "went").map(({ step }) => step);
  if (run.status !== "completed") faults.push(`${who}: the run ended as ${run.status}.`);
  if (steps.join() !== expected.steps.join())
    faults.push(`${who}: went ${steps.join(", ")} instead of ${expected.steps.join(", ")}.`);
  const isRetried = run.trail.some(({ outcome }) => outcome === "retrying");
  if (isRetried !== expected.isRetried) faults.push(`${who}: ${isRetried ? "was" : "was not"} retried.`);
  if (!mail) faults.push(`${who}: no mail arrived in time.`);
  else if (mail.subject !== expected.subject)
    faults.push(`${who}: got "${mail.subject}" instead of "${expected.subject}".`);
  return faults;
}

/** A run and its mail in two lines. */
export function describeResult({ expected, run, mail }: Result): string {
  const way = run ? `${run.trail.filter(isShown).map(describeStep).join(" · ")} · ${run.status}` : "no run";
  const letter = mail ? `${mail.subject} | ${mail.to} | ${firstLine(mail.text)}` : "no mail";
  return `${expected.purchase.name.padEnd(6)} ${way}\n       ✉ ${letter}`;
}

function isShown({ outcome }: TrailEntry): boolean {
  return outcome !== "asked" && outcome !== "waiting";
}

function describeStep({ step, outcome, exit, reason, detail }: TrailEntry): string {
  const status = isJsonObject(detail) && typeof detail["status"] === "number" ? ` ${detail["status"]}` : "";
  if (outcome === "retrying") return `${step}${status} (${reason}), again`;
  return `${step}${status}${exit ? ` → ${exit}` : ` ${outcome}`}`;
}

function firstLine(text: string | null): string {
  return (text ?? "").trim().split("\n")[0] ?? "";
}
