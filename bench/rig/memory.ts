import { readdirSync, readFileSync } from "node:fs";

/** The processes that descend from `pid`, itself first. Linux only; elsewhere just `pid`. */
export function processTree(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const child of allProcesses()) {
    const parent = parentOf(child);
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), child]);
  }
  const tree = [pid];
  for (const member of tree) tree.push(...(children.get(member) ?? []));
  return tree;
}

/** The memory of processes in MB with shared pages counted once (proportional set size); null where the system does not say. */
export function memoryOf(pids: readonly number[]): number | null {
  try {
    const kilobytes = pids.map((pid) =>
      Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]),
    );
    return kilobytes.reduce((sum, size) => sum + size, 0) / 1024;
  } catch {
    // No such file: another system, or a process that ended meanwhile.
    return null;
  }
}

function allProcesses(): number[] {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function parentOf(pid: number): number | null {
  try {
    // The name before it may hold spaces and parentheses; state and parent follow the last one.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return null;
  }
}
