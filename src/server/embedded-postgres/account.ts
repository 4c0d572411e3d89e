import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Who PostgreSQL runs as, and how: as ourselves, or, when we are root, as an account without rights. */
export type Account = {
  ids: { uid: number; gid: number } | undefined;
  command(program: string, parameters: string[]): { file: string; parameters: string[] };
};

const asIs: Account["command"] = (file, parameters) => ({ file, parameters });

/**
 * PostgreSQL refuses to run as root, so root lends it the account `postgres`, made when missing. `folders` are the ones it must
 * reach; if a parent of theirs is closed to that account (a clone under /root), it gets the one capability to pass, and
 * nothing on disk is opened up. Throws one sentence when neither works.
 */
export async function chooseAccount(folders: string[]): Promise<Account> {
  if (process.getuid?.() !== 0) return { ids: undefined, command: asIs };
  const ids = (await readIds()) ?? (await createAccount());
  const closed = await findClosed(folders, ids);
  if (closed === undefined) return { ids, command: asIs };
  const capability = await passingCapability();
  if (capability === undefined) {
    throw new Error(
      `PostgreSQL does not run as root, and its account postgres cannot pass ${closed}: start as an ordinary user, move to a folder that is open to others, or set DATABASE_URL.`,
    );
  }
  return { ids, command: (program, parameters) => lendCapability(capability, ids, [program, ...parameters]) };
}

function lendCapability(capability: string, { uid, gid }: { uid: number; gid: number }, words: string[]) {
  // Without the securebit, access() checks for the real user without the capability, and initdb asks access() for its own path.
  const identity = [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "--securebits=+no_setuid_fixup"];
  return {
    file: "setpriv",
    parameters: [...identity, `--inh-caps=+${capability}`, `--ambient-caps=+${capability}`, ...words],
  };
}

async function readIds(): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const [uid, gid] = await Promise.all(["-u", "-g"].map((flag) => run("id", [flag, "postgres"])));
    return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
  } catch {
    return undefined;
  }
}

async function createAccount(): Promise<{ uid: number; gid: number }> {
  const attempts: [string, string[]][] = [
    ["useradd", ["--system", "--user-group", "--no-create-home", "--shell", "/bin/false", "postgres"]],
    ["adduser", ["-S", "-D", "-H", "-s", "/bin/false", "postgres"]],
  ];
  let cause: unknown;
  for (const [program, parameters] of attempts) {
    try {
      await run(program, parameters);
    } catch (error) {
      cause ??= error;
    }
    // Two starts at once may both try; the account counts, whoever made it.
    const ids = await readIds();
    if (ids) return ids;
  }
  const advice = "start as an ordinary user, or set DATABASE_URL";
  throw new Error(`PostgreSQL does not run as root, and an account for it could not be made: ${advice}.`, { cause });
}

async function findClosed(folders: string[], ids: { uid: number; gid: number }): Promise<string | undefined> {
  const parents = new Set(folders.flatMap(withParents));
  for (const folder of parents) {
    const { mode, uid, gid } = await stat(folder);
    const bit = uid === ids.uid ? 0o100 : gid === ids.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return folder;
  }
  return undefined;
}

function withParents(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [...withParents(parent), folder];
}

async function passingCapability(): Promise<string | undefined> {
  const status = await readFile("/proc/self/status", "utf8").catch(() => "");
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0"}`);
  const available = [
    { name: "dac_read_search", bit: 2n },
    { name: "dac_override", bit: 1n },
  ].find(({ bit }) => (effective >> bit) & 1n);
  const present = await run("setpriv", ["--version"]).then(
    () => true,
    () => false,
  );
  return present ? available?.name : undefined;
}
