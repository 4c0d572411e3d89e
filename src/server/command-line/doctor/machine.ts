import { randomBytes } from "node:crypto";
import { access, mkdir, rm, statfs, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Configuration } from "../../configuration.ts";
import { type Finding, reasonOf } from "./finding.ts";

const oldestNode = [20, 19] as const;
const leastFreeBytes = 1024 ** 3;

/** Node.js, and the folder that holds what must outlive the process. */
export async function checkMachine({ dataDir }: Pick<Configuration, "dataDir">): Promise<Finding[]> {
  return [checkNode(process.versions.node), ...(await checkFolder(resolve(dataDir)))];
}

/** Whether a version such as `20.19.0` is new enough. */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isNew = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  if (isNew) return { state: "ok", what: `Node.js ${version}.` };
  return { state: "fail", what: `Node.js ${version} is too old.`, advice: `Install ${oldestNode.join(".")} or newer.` };
}

async function checkFolder(folder: string): Promise<Finding[]> {
  const isThere = await access(folder).then(
    () => true,
    () => false,
  );
  const probe = join(folder, `.doctor-${randomBytes(4).toString("hex")}`);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(probe, "");
    await rm(probe);
    const { bavail, bsize } = await statfs(folder);
    return [{ state: "ok", what: `The data folder ${folder} can be written.` }, freeSpace(bavail * bsize)];
  } catch (error) {
    const advice = "Give this user the right to write there, or set DATA_DIR to another folder.";
    return [{ state: "fail", what: `The data folder ${folder} cannot be written: ${reasonOf(error)}.`, advice }];
  } finally {
    if (!isThere) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

function freeSpace(bytes: number): Finding {
  const what = `${(bytes / 1024 ** 3).toFixed(1)} GB are free there.`;
  return bytes >= leastFreeBytes
    ? { state: "ok", what }
    : { state: "warn", what, advice: "A full disk stops the embedded database; make room." };
}
