import type {
  SimulatedContact,
  SimulatedCounts,
  SimulatedStep,
  Simulation,
} from "../../../core/simulate/simulation.ts";

/** A simulation as lines for people: the way of each contact, then the counts. */
export function describeSimulation({ contacts, counts, warnings }: Simulation): string {
  const blocks = [...contacts.map(describeContact), ...counts.map(describeCounts)];
  if (warnings.length > 0) blocks.push(warnings.map((warning) => `! ${warning}`).join("\n"));
  return blocks.join("\n\n");
}

type Row = { at: string; words: string[] };

function describeContact(contact: SimulatedContact): string {
  const { externalId, email, phone, id, steps, events, messages, outcomes, runs } = contact;
  const rows: Row[] = [
    ...events.map(({ at, name, source }) => row(at, ["event", name, source === "given" ? "" : `by ${source}`])),
    ...outcomes
      .filter(({ outcome }) => outcome === "not_started")
      .map(({ at, flow, reason }) => row(at, ["", flow, `not started: ${reason}`])),
    ...steps.map(describeStep),
    ...messages.map(({ at, step, to, subject, status, reason }) =>
      row(at, ["message", step, `${status} to ${to ?? "nobody"}: ${subject ?? reason ?? ""}`]),
    ),
  ];
  const standing = runs.filter(({ endedAt }) => endedAt === null);
  const rest = standing.map(
    ({ flow, step, wakeAt }) => `  stands in ${flow} at ${step}, until ${wakeAt ?? "something happens"}`,
  );
  const ordered = rows
    .map((line, index) => ({ line, index }))
    .sort((one, other) =>
      one.line.at === other.line.at ? one.index - other.index : one.line.at < other.line.at ? -1 : 1,
    );
  return [externalId ?? email ?? phone ?? id, ...table(ordered.map(({ line }) => line)), ...rest].join("\n");
}

function row(at: string, words: string[]): Row {
  return { at, words };
}

function describeStep({ at, kind, step, outcome, exit, reason, detail }: SimulatedStep): Row {
  const until = (detail as { until?: string } | undefined)?.until;
  const what =
    outcome === "went" ? `-> ${exit}` : outcome === "waiting" ? `waits until ${until ?? "something happens"}` : outcome;
  return row(at, [kind, step, reason === undefined ? what : `${what}: ${reason}`]);
}

function table(rows: readonly Row[]): string[] {
  const widths = [0, 1].map((column) => Math.max(0, ...rows.map(({ words }) => words[column]?.length ?? 0)));
  return rows.map(({ at, words: [what = "", name = "", rest = ""] }) => {
    const when = at.replace("T", " ").replace(".000Z", "Z");
    return `  ${when}  ${what.padEnd(widths[0] ?? 0)}  ${name.padEnd(widths[1] ?? 0)}  ${rest}`.trimEnd();
  });
}

function describeCounts({
  flow,
  started,
  completed,
  exited,
  failed,
  cancelled,
  live,
  exits,
  messages,
}: SimulatedCounts): string {
  const totals = Object.entries({ started, completed, exited, failed, cancelled, live });
  const taken = Object.entries(exits).flatMap(([step, of]) =>
    Object.entries(of)
      .filter(([, count]) => count > 0)
      .map(([exit, count]) => `  ${step} -> ${exit}: ${count}`),
  );
  const sent = Object.entries(messages).map(([step, count]) => `  ${step} sent: ${count}`);
  const summary = totals
    .filter(([name, count]) => name === "started" || count > 0)
    .map(([name, count]) => `${count} ${name}`);
  return [`${flow}: ${summary.join(", ")}`, ...taken, ...sent].join("\n");
}
