import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { checkRound } from "./crash/check.ts";
import { drain } from "./crash/drain.ts";
import type { Findings } from "./crash/findings.ts";
import { loadEvents } from "./crash/load.ts";
import { type Published, publishAndMove, publishStanding, publishStories } from "./crash/publish.ts";
import { createRandom, type Random } from "./crash/random.ts";
import { openEmbeddedSite, openSharedSite, type Site } from "./crash/site.ts";
import { type Child, startChild } from "./rig/child.ts";
import { type Sink, startSink } from "./rig/sink.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "4" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    keep: { type: "boolean", default: false },
  },
});

type World = {
  dir: string;
  sink: Sink;
  target: Child<{ port: number }>;
  sites: Site[];
  /** By site: what is published lives in its database. */
  published: Map<Site, Published>;
  random: Random;
};
type Totals = { acknowledged: number; lost: number; duplicated: number; misplaced: number; unknown: number };

process.exitCode = await main(Number(values.rounds), Number(values.seed));

/** Kills real servers at random moments while events come in, and says whether anything was lost or done twice. 0 when nothing was. */
async function main(rounds: number, seed: number): Promise<number> {
  process.stdout.write(`seed ${seed}\n`);
  const world = await openWorld(createRandom(seed));
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void closeWorld(world).finally(() => process.exit(130)));
  const totals: Totals = { acknowledged: 0, lost: 0, duplicated: 0, misplaced: 0, unknown: 0 };
  let isGood = false;
  try {
    for (let round = 1; round <= rounds; round += 1) await playRound(world, round, totals);
    isGood = totals.lost + totals.duplicated + totals.misplaced === 0;
  } finally {
    await closeWorld(world);
    if (isGood && !values.keep) await rm(world.dir, { recursive: true, force: true });
    else process.stdout.write(`What there was is kept in ${world.dir}\n`);
  }
  const { acknowledged, lost, duplicated, unknown } = totals;
  if (totals.misplaced > 0) process.stdout.write(`ended in the wrong place ${totals.misplaced}\n`);
  process.stdout.write(
    `rounds ${rounds}, acknowledged ${acknowledged}, lost ${lost}, duplicated ${duplicated}, unknown ${unknown}\n`,
  );
  return isGood ? 0 : 1;
}

async function openWorld(random: Random): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), "staffetta-crash-"));
  // The account that PostgreSQL runs as when we are root has to pass through.
  chmodSync(dir, 0o711);
  for (const name of ["mails", "calls"]) writeFileSync(join(dir, name), "");
  const sink = await startSink({ append: join(dir, "mails") });
  const target = await startChild<{ port: number }>("./http-target-process.js", ["--append", join(dir, "calls")]);
  const sites = [await openEmbeddedSite(dir, sink.port), await openSharedSite(dir, sink.port)];
  return { dir, sink, target, sites, published: new Map(), random };
}

async function closeWorld({ sink, target, sites }: World): Promise<void> {
  for (const site of sites) await site.stop();
  await Promise.all([sink.close(), target.close()]);
}

async function playRound(world: World, round: number, totals: Totals): Promise<void> {
  const startedAt = performance.now();
  const site = world.sites[(round - 1) % world.sites.length] as Site;
  await site.start();
  const published = world.published.get(site) ?? (await publishStories(site, world.target.hello.port));
  world.published.set(site, published);
  const { loaded, killed } = await loadAndKill(world, { site, published, round });
  const sql = site.sql();
  const left = await drain(sql);
  const files = { mailFile: join(world.dir, "mails"), callFile: join(world.dir, "calls") };
  const { versions } = published;
  const findings = await checkRound({ sql, round, acknowledged: loaded.acknowledged, versions, ...files });
  if (left) findings.misplaced.push(`not everything came to an end: ${JSON.stringify(left)}`);
  for (const { key } of loaded.gaveUp) findings.misplaced.push(`event ${key} was never answered`);
  await site.stop();
  add(totals, findings, loaded.acknowledged.size);
  process.stdout.write(
    `round ${round} ${site.name}, ${killed}: acknowledged ${loaded.acknowledged.size}, repeated ${loaded.retries}, lost ${findings.lost.length}, duplicated ${findings.duplicated.length}, misplaced ${findings.misplaced.length}, unknown ${findings.unknown} (${seconds(performance.now() - startedAt)})\n`,
  );
  report(findings, site);
}

type Loading = { site: Site; published: Published; round: number };

/** Sends events, kills a server, and about then publishes a version and has everybody moved to it. */
async function loadAndKill({ random }: World, { site, published, round }: Loading) {
  const servers = { ports: site.ports, random };
  await publishStanding(servers, published, round);
  let stopped = false;
  const loading = loadEvents({ round, ...servers, stopped: () => stopped });
  const killMs = random.between(300, 3000);
  const moveMs = Math.max(0, killMs + random.between(-400, 100));
  const withDatabase = site.name === "embedded" && random.next() < 0.4;
  const victim = Math.floor(random.next() * site.ports.length);
  const killing = delay(killMs).then(() => site.killAndRestart(victim, withDatabase));
  const moving = delay(moveMs).then(() => publishAndMove(servers, published, round));
  await Promise.all([killing, moving, delay(3500)]);
  stopped = true;
  const loaded = await loading;
  const killed = `killed ${withDatabase ? "with its database " : ""}after ${seconds(killMs)}, moved after ${seconds(moveMs)}`;
  return { loaded, killed };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

function add(totals: Totals, { lost, duplicated, misplaced, unknown }: Findings, acknowledged: number): void {
  totals.acknowledged += acknowledged;
  totals.lost += lost.length;
  totals.duplicated += duplicated.length;
  totals.misplaced += misplaced.length;
  totals.unknown += unknown;
}

function report({ lost, duplicated, misplaced }: Findings, site: Site): void {
  const lines = [...lost, ...duplicated, ...misplaced];
  for (const line of lines.slice(0, 30)) process.stdout.write(`  ${line}\n`);
  if (lines.length > 30) process.stdout.write(`  and ${lines.length - 30} more\n`);
  if (lines.length > 0) process.stdout.write(`${site.output()}\n`);
}
