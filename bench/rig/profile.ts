import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { join } from "node:path";

type Frame = { functionName: string; url: string; lineNumber: number };
type Profile = {
  nodes: { id: number; callFrame: Frame }[];
  samples: number[];
  timeDeltas: number[];
};

/** Profiles this process until the returned function is called, which writes the profile into `dir`. Without a `dir` it does nothing. */
export async function profileHere(dir: string | null, name: string): Promise<() => Promise<void>> {
  if (dir === null) return async () => undefined;
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.start");
  return async () => {
    const { profile } = await session.post("Profiler.stop");
    writeFileSync(join(dir, `${name}.cpuprofile`), JSON.stringify(profile));
    session.disconnect();
  };
}

/** Prints, for every profile in `dir`, the functions in which the time went. */
export function printTopFunctions(dir: string): void {
  for (const file of readdirSync(dir).filter((name) => name.endsWith(".cpuprofile"))) {
    const profile = JSON.parse(readFileSync(join(dir, file), "utf8")) as Profile;
    process.stderr.write(`\n${file}\n${topFunctions(profile).join("\n")}\n`);
  }
}

function topFunctions({ nodes, samples, timeDeltas }: Profile): string[] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const selfMs = new Map<string, number>();
  let total = 0;
  samples.forEach((id, index) => {
    const ms = (timeDeltas[index] ?? 0) / 1000;
    const name = nameOf(frames.get(id));
    if (name === "(idle)") return;
    total += ms;
    selfMs.set(name, (selfMs.get(name) ?? 0) + ms);
  });
  const sorted = [...selfMs].sort(([, one], [, other]) => other - one).slice(0, 40);
  return sorted.map(
    ([name, ms]) => `${((100 * ms) / total).toFixed(1).padStart(6)} %  ${ms.toFixed(0).padStart(7)} ms  ${name}`,
  );
}

function nameOf(frame: Frame | undefined): string {
  if (!frame) return "?";
  const place = frame.url.replace(/^.*\/(node_modules|dist)\//, "").replace(/^file:\/\//, "");
  return place === "" ? frame.functionName : `${frame.functionName || "(anonymous)"} ${place}:${frame.lineNumber + 1}`;
}
