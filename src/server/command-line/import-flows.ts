import type { Client } from "./client.ts";
import { type Command, PlainError, say } from "./command.ts";
import { applyPlan } from "./flow-files/apply-plan.ts";
import { makePlan, type Planned } from "./flow-files/plan.ts";
import { type FlowFile, readFlowFiles } from "./flow-files/read-folder.ts";
import { openClient, readFlows, readNamed, serverOptions } from "./flow-files/server-flows.ts";

export const importFlows: Command = {
  name: "import",
  summary: "bring flows from files to a server",
  help: `  staffetta import flows <folder> [--publish] [--dry-run] [--url http://127.0.0.1:3000] [--key stk_...]

Makes the flows of the folder that the server does not have, by name, and replaces the drafts of those that differ; a flow that means the same
is left alone, so that it may be run again at any time. Flows that are not in the folder stay as they are.
  --publish   publishes what is not published as it stands in the file; each flow must then be one that can run
  --dry-run   says what would be done, and does nothing
Ends with 1, and nothing done, when a file is not right or names a list, segment or flow that is not there.`,
  takesWords: true,
  options: { publish: { type: "boolean" }, "dry-run": { type: "boolean" }, ...serverOptions },
  async run(words) {
    const [what, folder, ...more] = words.positionals;
    if (what !== "flows" || folder === undefined || more.length > 0)
      throw new PlainError("Say what to import, and from where: staffetta import flows <folder>.", 2);
    const files = await readFlowFiles(folder);
    const client = await openClient(words);
    const publish = words.values["publish"] === true;
    const plan = await planOf(client, files, publish);
    for (const { file, action, publishes } of plan)
      say(`${action.padEnd(9)}  ${file.file}${publishes ? "  (publish)" : ""}`);
    if (words.values["dry-run"]) {
      say("Nothing was done: it was a dry run.");
      return 0;
    }
    await applyPlan(client, plan);
    return 0;
  },
};

async function planOf(client: Client, files: readonly FlowFile[], publish: boolean): Promise<Planned[]> {
  const flows = await readFlows(client);
  const planned = await makePlan(files, { client, flows, named: await readNamed(client, flows), publish });
  if (planned.ok) return planned.plan;
  throw new PlainError(planned.problems.join("\n"));
}
