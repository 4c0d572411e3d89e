import { canonicalText } from "../../../core/flow/canonical.ts";
import { idOfName, type Named, resolveReferences } from "../../../core/flow/references.ts";
import { validateFlow } from "../../../core/flow/validate.ts";
import type { Json } from "../../../core/json.ts";
import { entryKinds, stepKinds } from "../../../steps/index.ts";
import type { Client } from "../client.ts";
import type { FlowFile } from "./read-folder.ts";
import { readPublished, type ServerFlow } from "./server-flows.ts";

/**
 * What is to become of one file. `resolve` gives its definition with ids, once the ids of the flows that are made first are known; `publishes` says
 * that its version is to be published.
 */
export type Planned = {
  file: FlowFile;
  flow: ServerFlow | null;
  action: "create" | "change" | "unchanged";
  publishes: boolean;
  resolve: (newIds: ReadonlyMap<string, string>) => Json;
};

type Server = {
  client: Client;
  flows: readonly ServerFlow[];
  named: ReadonlyMap<string, Named>;
  publish: boolean;
};

const registry = { steps: stepKinds, entries: entryKinds };

/** Compares files with what the server has. Nothing is changed; problems are told all at once. */
export async function makePlan(
  files: readonly FlowFile[],
  server: Server,
): Promise<{ ok: true; plan: Planned[] } | { ok: false; problems: string[] }> {
  const problems: string[] = [];
  const plan: Planned[] = [];
  const made = new Set(
    files.map(({ name }) => name).filter((name) => !server.flows.some((flow) => flow.name === name)),
  );
  for (const file of files) {
    const same = server.flows.filter(({ name }) => name === file.name);
    if (same.length > 1) problems.push(`${file.file}: the server has ${same.length} flows named "${file.name}"`);
    const idOf = (newIds: ReadonlyMap<string, string>) => finder(server, { made, newIds });
    const { definition, issues } = resolveReferences(file.definition, idOf(new Map()));
    problems.push(...issues.map(({ path, message }) => `${file.file}: ${path} ${message}`));
    if (server.publish && issues.length === 0) problems.push(...brokenRules(file, definition));
    const resolve = (newIds: ReadonlyMap<string, string>) =>
      resolveReferences(file.definition, idOf(newIds)).definition;
    plan.push({ file, resolve, ...(await compare(definition, same[0] ?? null, server)) });
  }
  return problems.length === 0 ? { ok: true, plan } : { ok: false, problems };
}

async function compare(
  definition: Json,
  flow: ServerFlow | null,
  { client, publish }: Server,
): Promise<Pick<Planned, "flow" | "action" | "publishes">> {
  if (!flow) return { flow, action: "create", publishes: publish };
  const text = canonicalText(definition, registry);
  const action = canonicalText(flow.definition, registry) === text ? "unchanged" : "change";
  const publishes = publish && canonicalText(await readPublished(client, flow), registry) !== text;
  return { flow, action, publishes };
}

type Making = { made: ReadonlySet<string>; newIds: ReadonlyMap<string, string> };

/** Finds ids by kind and name. A flow that is about to be made has an id that stands in for its own until there is one. */
function finder({ named }: Server, { made, newIds }: Making): (wanted: Named) => { id: string } | { problem: string } {
  return ({ kind, name }) => {
    const found = [...named].filter(([, other]) => other.kind === kind && other.name === name).map(([id]) => id);
    const [id] = found;
    if (found.length > 1) return { problem: `there is more than one ${kind} named "${name}"` };
    if (id !== undefined) return { id };
    if (kind === "flow" && made.has(name)) return { id: newIds.get(name) ?? idOfName({ kind, name }) };
    return { problem: `there is no ${kind} named "${name}" on the server` };
  };
}

function brokenRules({ file }: FlowFile, definition: Json): string[] {
  const checked = validateFlow(definition, registry);
  return checked.ok ? [] : checked.issues.map(({ path, message }) => `${file}: ${path} ${message}`);
}
