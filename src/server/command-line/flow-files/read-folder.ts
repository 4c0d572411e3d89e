import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isJsonObject, type JsonObject } from "../../../core/json.ts";
import { PlainError } from "../command.ts";
import { readJsonFile } from "../simulate/read-files.ts";

export type FlowFile = { file: string; name: string; definition: JsonObject };

/** The flows of a folder, one in each `.json` file, by file name. Throws every problem at once. */
export async function readFlowFiles(folder: string): Promise<FlowFile[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".json")).sort();
  if (names.length === 0) throw new PlainError(`There are no .json files in ${folder}.`);
  const problems: string[] = [];
  const files = names.flatMap((file): FlowFile[] => {
    const definition = readJsonFile(join(folder, file));
    if (isJsonObject(definition) && typeof definition.name === "string" && definition.name !== "")
      return [{ file, name: definition.name, definition }];
    problems.push(`${file}: must be a flow with a name`);
    return [];
  });
  files.forEach(({ file, name }, index) => {
    const same = files.slice(0, index).find((other) => other.name === name);
    if (same) problems.push(`${file}: the name "${name}" is that of ${same.file} too`);
  });
  if (problems.length > 0) throw new PlainError(problems.join("\n"));
  return files;
}
