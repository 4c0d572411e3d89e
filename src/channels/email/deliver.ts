import { type Priority, priorities } from "../../core/flow/priority.ts";
import type { Delivery, Verdict } from "../../core/message/delivery.ts";
import type { ComposedEmail, EmailTransport } from "../../core/message/transport.ts";
import { classifyReply } from "./classify.ts";
import { createRateLimit } from "./rate-limit.ts";
import type { SmtpSettings } from "./settings.ts";
import { SmtpFailure } from "./smtp/failure.ts";
import { openConnection, type SmtpConnection } from "./smtp/open.ts";
import { ConnectionPool } from "./smtp/pool.ts";
import type { FullReply } from "./smtp/reply-parser.ts";
import { type Decision, needsUtf8, type Progress, transact } from "./smtp/transaction.ts";
import { noteFact } from "./smtp/transcript.ts";

type Result = Omit<Delivery, "durationMs">;
type Sender = { pool: ConnectionPool; settings: SmtpSettings; priority: Priority };

/**
 * A way out over an SMTP relay: connections are kept and shared, mails are pipelined. Own client, because nodemailer's waits for each
 * command's answer (four round trips a mail, here two), costs a third more, and cannot say whether a lost mail had been sent whole.
 */
export function createSmtpTransport(settings: SmtpSettings): EmailTransport {
  const pool = new ConnectionPool(settings);
  const place = createRateLimit(settings.rateLimitPerSecond, () => performance.now());
  return {
    async deliver(message, { priority = priorities.normal }) {
      const startedAt = performance.now();
      const wait = place(priority);
      if (wait) await wait;
      const result = await attempt({ pool, settings, priority }, message);
      return { durationMs: Math.round(performance.now() - startedAt), ...result };
    },
    verify: () => verify(settings),
    close: () => pool.close(),
  };
}

async function attempt(sender: Sender, message: ComposedEmail): Promise<Result> {
  const progress: Progress = { hasReply: false, isBodyFlushed: false, transcript: [] };
  let connection: SmtpConnection;
  try {
    connection = await sender.pool.acquire(sender.priority);
  } catch (error) {
    return unreached(error);
  }
  const isFirst = connection.delivered === 0;
  connection.delivered += 1;
  progress.transcript.push(
    ...(isFirst ? connection.opening : [`* connection used before, mail ${connection.delivered}`]),
  );
  const impossible = problemFor(connection, message);
  if (impossible) {
    sender.pool.release(connection, true);
    return { ...impossible, transcript: progress.transcript };
  }
  const result = await converse(sender, { connection, message, progress });
  const isStale = result === "stale" && !isFirst;
  if (isStale) return attempt(sender, message);
  return result === "stale" ? lost(connection, progress) : result;
}

type Conversation = { connection: SmtpConnection; message: ComposedEmail; progress: Progress };

/** "stale" when the server left before it had answered anything about this mail. */
async function converse({ pool, settings }: Sender, conversation: Conversation): Promise<Result | "stale"> {
  const { connection, progress } = conversation;
  try {
    const decision = await transact({ settings, ...conversation });
    pool.release(connection, decision.isReusable);
    const isGoodbye = decision.stage === "mail" && decision.reply.code === 421;
    return isGoodbye && connection.delivered > 1 ? "stale" : decided(settings, decision, progress);
  } catch (error) {
    if (!(error instanceof SmtpFailure)) throw error;
    pool.release(connection, false);
    noteFact(progress.transcript, error.message);
    return error.class === "connection" && !progress.hasReply ? "stale" : lost(connection, progress);
  }
}

function decided(settings: SmtpSettings, { stage, reply }: Decision, { transcript }: Progress): Result {
  const verdict = classifyReply(reply, stage);
  const said = `${reply.code} ${reply.enhancedCode ?? ""}`.trim();
  const reason = `${settings.host} ${verbs[verdict.outcome]} with ${said}: ${reply.text || "no text"}`;
  return { reply: plainReply(reply), reason, transcript, maybeAccepted: false, ...verdict };
}

const verbs = { sent: "accepted the mail", deferred: "put the mail off", bounced: "refused the mail" };

function lost({ wire }: SmtpConnection, { isBodyFlushed, transcript }: Progress): Result {
  const cause = wire.failure;
  const tail = isBodyFlushed ? " The whole mail had been sent: the server may have it." : "";
  const reason = `${cause?.message ?? "The connection was lost."}${tail}`;
  return {
    outcome: "deferred",
    class: cause?.class ?? "connection",
    reply: null,
    reason,
    transcript,
    maybeAccepted: isBodyFlushed,
  };
}

function unreached(error: unknown): Result {
  if (!(error instanceof SmtpFailure)) throw error;
  const { message: reason, transcript, reply } = error;
  return {
    outcome: "deferred",
    class: error.class,
    reply: plainReply(reply),
    reason,
    transcript,
    maybeAccepted: false,
  };
}

/** What the server has told us beforehand that it cannot take. */
function problemFor({ capabilities }: SmtpConnection, message: ComposedEmail): Omit<Result, "transcript"> | null {
  const limit = Number(capabilities.get("SIZE") ?? 0);
  if (limit > 0 && message.sizeBytes > limit) {
    return refused(
      { outcome: "bounced", class: "too_large" },
      `The mail has ${message.sizeBytes} bytes; the server takes ${limit}.`,
    );
  }
  if (!needsUtf8(message.envelope) || capabilities.has("SMTPUTF8")) return null;
  return refused(
    { outcome: "bounced", class: "invalid_recipient" },
    "An address has letters that this server cannot take (it lacks SMTPUTF8).",
  );
}

function refused(verdict: Verdict, reason: string): Omit<Result, "transcript"> {
  return { ...verdict, reply: null, reason, maybeAccepted: false };
}

function plainReply(reply: Partial<FullReply> | null): Delivery["reply"] {
  if (reply?.code === undefined) return null;
  const { code, enhancedCode, text = "" } = reply;
  return enhancedCode === undefined ? { code, text } : { code, enhancedCode, text };
}

async function verify(settings: SmtpSettings): Promise<{ ok: true } | { ok: false; reason: string }> {
  try {
    const { wire } = await openConnection(settings);
    wire.quit();
    return { ok: true };
  } catch (error) {
    if (!(error instanceof SmtpFailure)) throw error;
    return { ok: false, reason: error.message };
  }
}
