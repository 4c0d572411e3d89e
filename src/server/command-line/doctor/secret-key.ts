import { access } from "node:fs/promises";
import { join } from "node:path";
import type { Configuration } from "../../configuration.ts";
import { loadSecretKey } from "../../secret-box.ts";
import { type Finding, reasonOf } from "./finding.ts";

type Settings = Pick<Configuration, "secretKey" | "dataDir" | "databaseUrl">;

/** The key that seals the secrets of HTTP actions. Does not make one. */
export async function checkSecretKey({ secretKey, dataDir, databaseUrl }: Settings): Promise<Finding[]> {
  if (secretKey) return [{ state: "ok", what: "The secret key comes from STAFFETTA_SECRET_KEY." }];
  const path = join(dataDir, "secret.key");
  if (
    !(await access(path).then(
      () => true,
      () => false,
    ))
  )
    return [{ state: "ok", what: `There is no secret key yet; the first start makes ${path}.` }];
  try {
    await loadSecretKey({ configured: undefined, dataDir });
  } catch (error) {
    return [
      {
        state: "fail",
        what: `${reasonOf(error)}.`,
        advice: "Put the right key back from your backup: without it stored secrets stay shut.",
      },
    ];
  }
  const kept: Finding = {
    state: "ok",
    what: `The secret key is in ${path}.`,
    advice: "Keep a copy of it apart from the database.",
  };
  if (databaseUrl === null) return [kept];
  const advice = "Several processes on one database need the same key: set STAFFETTA_SECRET_KEY for all of them.";
  return [{ state: "warn", what: `The secret key is in ${path}, on this machine alone.`, advice }];
}
