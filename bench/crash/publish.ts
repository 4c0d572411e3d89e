import { setTimeout as delay } from "node:timers/promises";
import type { JsonObject } from "../../src/core/json.ts";
import { publishFlow } from "../rig/api.ts";
import { apiKey } from "../rig/server.ts";
import type { Random } from "./random.ts";
import { moved, nextVersion } from "./stories/moved.ts";
import { stories } from "./stories.ts";

/** What is published at a site: the version of each story's flow by its event, and the flow whose versions change. */
export type Published = { versions: Map<string, number>; movedFlowId: string; targetPort: number };

export type Servers = { ports: readonly number[]; random: Random };

const patienceMs = 60_000;

/** Publishes every story for the first time. */
export async function publishStories({ ports }: Pick<Servers, "ports">, targetPort: number): Promise<Published> {
  const published: Published = { versions: new Map(), movedFlowId: "", targetPort };
  for (const story of stories) {
    const id = await publishFlow(`http://127.0.0.1:${ports[0]}`, story.flow(targetPort));
    published.versions.set(story.event, 1);
    if (story === moved) published.movedFlowId = id;
  }
  return published;
}

/** Publishes the version in which everybody stands still, unless it is the one that is published. */
export async function publishStanding(servers: Servers, published: Published, round: number): Promise<void> {
  const version = published.versions.get(moved.event) ?? 0;
  if (version % 2 === 1) return;
  await publishNext(servers, published, { definition: moved.flow(published.targetPort), key: `stand-${round}` });
}

/** Publishes the version that leads on, and has everybody moved to it; at servers that may die meanwhile. */
export async function publishAndMove(servers: Servers, published: Published, round: number): Promise<void> {
  const definition = nextVersion.flow(published.targetPort);
  await publishNext(servers, published, { definition, key: `lead-${round}` });
  const to = published.versions.get(moved.event) ?? 0;
  const body = { from: to - 1, to, map: nextVersion.map };
  await postUntilAnswered(servers, {
    path: `/v1/flows/${published.movedFlowId}/migrations`,
    body,
    key: `move-${round}`,
  });
}

async function publishNext(
  servers: Servers,
  { versions, movedFlowId }: Published,
  { definition, key }: { definition: JsonObject; key: string },
): Promise<void> {
  const path = `/v1/flows/${movedFlowId}/publish`;
  const { version } = await postUntilAnswered(servers, { path, body: { definition }, key });
  const wanted = (versions.get(moved.event) ?? 0) + 1;
  if (version !== wanted) throw new Error(`Published as version ${String(version)}, not ${wanted}.`);
  versions.set(moved.event, wanted);
}

type Call = { path: string; body: JsonObject; key: string };

/** Repeats a call under one Idempotency-Key until a server has answered. Throws with the whole answer unless that is a 2xx. */
async function postUntilAnswered({ ports, random }: Servers, { path, body, key }: Call): Promise<JsonObject> {
  const headers = {
    authorization: `Bearer ${apiKey}`,
    "content-type": "application/json",
    "idempotency-key": `crash-${key}`,
  };
  const request = { method: "POST", headers, body: JSON.stringify(body) };
  for (const startedAt = performance.now(); performance.now() - startedAt < patienceMs; await delay(50)) {
    const answer = await fetch(`http://127.0.0.1:${random.pick(ports)}${path}`, request)
      .then(async (response) => ({ status: response.status, text: await response.text() }))
      // The server died, or is not back yet: that is what this test does.
      .catch(() => null);
    if (answer === null || answer.status >= 500 || answer.status === 429) continue;
    if (answer.status >= 300) throw new Error(`POST ${path} answered ${answer.status}: ${answer.text}`);
    return JSON.parse(answer.text) as JsonObject;
  }
  throw new Error(`POST ${path} was never answered.`);
}
