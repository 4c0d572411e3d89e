import { httpRequest } from "../../core/http-request.ts";
import { type ImportView, viewImport } from "../../operations/contact-imports.ts";
import { type DueNotice, nextNoticeAt, saveNotice, takeDueNotice } from "../../storage/contact-imports.ts";
import type { Sql } from "../../storage/database.ts";
import type { HttpPerformer } from "../perform/http/http.ts";
import { type Round, restUntil } from "../rounds.ts";

export type NotifyParts = { sql: Sql; http: Pick<HttpPerformer, "perform">; now: () => Date; random: () => number };

/** So long nobody else calls a link that this process has begun to call. */
const leaseMs = 120_000;
/** How often to look whether an import has ended. */
const lookMs = 500;

/** One round: calls the link of one import that has ended, or says when there may be one. */
export async function notifyRound(parts: NotifyParts): Promise<Round> {
  const { sql, now } = parts;
  const until = new Date(now().getTime() + leaseMs);
  const due = await takeDueNotice(sql, { now: now(), until });
  if (due) {
    await saveNotice(sql, await call(parts, due));
    return { kind: "again" };
  }
  const { at, isRunning } = await nextNoticeAt(sql);
  return restUntil([at, isRunning ? new Date(now().getTime() + lookMs) : null], now());
}

async function call(
  { http, now, random }: NotifyParts,
  due: DueNotice,
): Promise<{ jobId: string; at: Date | null; attempt: number }> {
  const { jobId, attempt, link } = due;
  const request = {
    ...{ method: "POST", url: link, body: { kind: "json", value: notice(viewImport(due)) } },
    ...{ retries: 8, retryUnsafe: true, timeoutMs: 10_000, maxResponseBytes: 10_000 },
  };
  const performed = await http.perform({
    ...{ key: `import:${jobId}`, config: httpRequest.parse(request), data: {}, secrets: {}, attempt },
    ...{ createdAt: due.createdAt, now: now(), random: random() },
  });
  if (performed.kind === "answered") return { jobId, at: null, attempt };
  return { jobId, at: performed.at, attempt: performed.countsAsAttempt ? attempt : attempt - 1 };
}

/** What the link is told: the import as Emailchef's API shows it, which this is a part of. */
function notice({ number, list, status, created, updated, failed, progress }: ImportView) {
  return {
    id: String(number),
    list_id: list === null ? "" : String(list),
    status,
    imported_success: String(created),
    imported_updated: String(updated),
    imported_fail: String(failed),
    progress: String(Math.round(progress * 100)),
  };
}
