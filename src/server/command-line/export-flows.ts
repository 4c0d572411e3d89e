import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { canonicalFlow } from "../../core/flow/canonical.ts";
import { nameReferences } from "../../core/flow/references.ts";
import { slugOf } from "../../core/flow/slug.ts";
import { entryKinds, stepKinds } from "../../steps/index.ts";
import { type Command, PlainError, say } from "./command.ts";
import { openClient, readFlows, readNamed, serverOptions } from "./flow-files/server-flows.ts";

export const exportFlows: Command = {
  name: "export",
  summary: "write the flows of a server to files",
  help: `  staffetta export flows [--dir flows] [--url http://127.0.0.1:3000] [--key stk_...]

One file a flow, named after it, in a form that does not change unless the flow does: good to keep under version control. What is written is
the draft. Lists, segments and other flows are named, for their ids differ between servers. Archived flows are left out.
  --prune   removes files of flows that are no longer there
Without --url and --key: STAFFETTA_URL and STAFFETTA_API_KEY, or the server of this machine.`,
  takesWords: true,
  options: { dir: { type: "string" }, prune: { type: "boolean" }, ...serverOptions },
  async run(words) {
    if (words.positionals.join(" ") !== "flows") throw new PlainError("Say what to export: staffetta export flows.", 2);
    const folder = String(words.values["dir"] ?? "flows");
    const client = await openClient(words);
    const flows = await readFlows(client);
    const known = await readNamed(client, flows);
    const files = new Map<string, string>();
    const notes: string[] = [];
    for (const { name, definition } of flows) {
      const plain = canonicalFlow(definition, { steps: stepKinds, entries: entryKinds });
      const named = nameReferences(plain, known);
      const file = `${slugOf(name, (slug) => files.has(`${slug}.json`))}.json`;
      files.set(file, `${JSON.stringify(named.definition, null, 2)}\n`);
      notes.push(
        ...named.inside.map(({ path, message }) => `${file}: ${path} ${message}, which another server does not know`),
      );
    }
    await mkdir(folder, { recursive: true });
    for (const [file, text] of files) await writeFile(join(folder, file), text);
    if (words.values["prune"]) await prune(folder, new Set(files.keys()));
    say(`Wrote ${files.size} ${files.size === 1 ? "flow" : "flows"} to ${folder}.`);
    for (const note of notes) say(note);
    return 0;
  },
};

async function prune(folder: string, kept: ReadonlySet<string>): Promise<void> {
  for (const file of await readdir(folder))
    if (file.endsWith(".json") && !kept.has(file)) {
      await rm(join(folder, file));
      say(`Removed ${file}.`);
    }
}
