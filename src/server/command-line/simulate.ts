import type { Issue } from "../../core/errors.ts";
import { play } from "../../core/simulate/play.ts";
import { isTimeZone, parseInstant } from "../../core/time.ts";
import { defaultSettings } from "../../core/workspace-settings.ts";
import { entryKinds, stepKinds } from "../../steps/index.ts";
import { type Command, PlainError, say, type Words } from "./command.ts";
import { type JsonLines, readJsonFile, readJsonLines } from "./simulate/read-files.ts";
import { describeSimulation } from "./simulate/show.ts";

export const simulate: Command = {
  name: "simulate",
  summary: "play flows over events in virtual time; nothing is sent",
  help: `  staffetta simulate flow.json events.jsonl [--contacts contacts.jsonl] [--answers answers.json]
  staffetta simulate one.json two.json events.jsonl --until 2026-12-31T00:00:00Z --json

Prints the way of each contact: steps with times, messages, and why events started nothing. Several flows may be named before the events.
  events.jsonl    one event a line: {"name": "order.paid", "contact": "ada@example.com", "at": "2026-03-01T10:00:00Z", "payload": {}}
  --contacts      one contact a line: {"email": "ada@example.com", "properties": {"plan": "gold"}, "tags": [], "lists": ["News"]}
  --answers       how calls and mails end: {"http": [{"step": "ask", "answer": {"status": 200, "body": {}}}], "messages": []}
  --now, --until  when the story begins, and when it ends (a year after the last event)
  --time-zone     that of the workspace (UTC)
  --json          everything, as JSON
Ends with 1 when a flow or a line is not right, and says where. docs/guides/testing-flows.md has more.`,
  takesWords: true,
  options: {
    contacts: { type: "string" },
    answers: { type: "string" },
    now: { type: "string" },
    until: { type: "string" },
    "time-zone": { type: "string" },
    json: { type: "boolean" },
  },
  async run({ values, positionals }) {
    if (positionals.length < 2)
      throw new PlainError("Name a flow and a file of events: staffetta simulate flow.json events.jsonl.", 2);
    const [flowFiles, eventsFile] = [positionals.slice(0, -1), positionals.at(-1) ?? ""];
    const flows = flowFiles.map((file) => ({ definition: readJsonFile(file) }));
    const events = readJsonLines(eventsFile);
    const contacts = typeof values["contacts"] === "string" ? readJsonLines(values["contacts"]) : null;
    const played = play({
      flows,
      registry: { steps: stepKinds, entries: entryKinds },
      workspace: { ...anyWorkspace, timeZone: readZone(values) },
      events: events.values,
      contacts: contacts?.values ?? [],
      answers: typeof values["answers"] === "string" ? readJsonFile(values["answers"]) : {},
      now: readInstant(values, "now"),
      until: readInstant(values, "until"),
    });
    if (!played.ok)
      throw new PlainError(
        played.issues.map((issue) => placed(issue, { flowFiles, events, contacts, values })).join("\n"),
      );
    say(values["json"] ? JSON.stringify(played.simulation, null, 2) : describeSimulation(played.simulation));
    return 0;
  },
};

const anyWorkspace = { id: "00000000-0000-7000-8000-000000000000", name: "Simulation", settings: defaultSettings };

function readZone({ "time-zone": zone = "UTC" }: Words["values"]): string {
  if (typeof zone === "string" && isTimeZone(zone)) return zone;
  throw new PlainError("--time-zone must be a time zone such as Europe/Rome.", 2);
}

function readInstant(values: Words["values"], name: string): Date | null {
  const text = values[name];
  if (text === undefined) return null;
  const at = typeof text === "string" ? parseInstant(text) : null;
  if (!at) throw new PlainError(`--${name} must be an instant such as 2026-03-01T10:00:00Z.`, 2);
  return at;
}

type Files = { flowFiles: string[]; events: JsonLines; contacts: JsonLines | null; values: Words["values"] };

/** A problem with the file and line it is in. */
function placed({ path, message }: Issue, { flowFiles, events, contacts, values }: Files): string {
  const [, list = "", index = "", rest = ""] = /^(flows|events|contacts)\[(\d+)\]\.?(.*)$/.exec(path) ?? [];
  const number = Number(index);
  if (list === "flows") return `${flowFiles[number]}: ${rest} ${message}`;
  const lines = list === "events" ? events : list === "contacts" ? contacts : null;
  if (lines) return `${lines.file} line ${lines.numbers[number]}: ${rest === "" ? "the line" : rest} ${message}`;
  return `${path.startsWith("answers") ? values["answers"] : ""}${path.startsWith("answers") ? ": " : ""}${path} ${message}`;
}
