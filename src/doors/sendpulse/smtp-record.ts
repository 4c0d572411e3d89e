import { isJsonObject, type Json } from "../../core/json.ts";
import type { OwnMessage } from "../../operations/own-messages.ts";
import { showDate } from "./values.ts";

type Answer = { code: number; subcode: string; text: string };

const explained: Record<OwnMessage["status"], string> = {
  queued: "Queued",
  deferred: "Deferred, will be tried again",
  sent: "Sent",
  bounced: "Bounced",
  failed: "Could not be sent",
  held: "Held back",
  unknown: "Unknown: the connection was lost",
  cancelled: "Cancelled",
  dropped: "Dropped by a rule",
};

/** A mail as SendPulse's SMTP lists show it. Without an answer of a server the code is 0. */
export function showRecord(message: OwnMessage) {
  const { code, subcode, text } = lastAnswer(message);
  return {
    id: message.id,
    sender: message.fromAddress ?? "",
    recipient: message.toAddress ?? "",
    subject: message.subject ?? "",
    total_size: message.sizeBytes ?? 0,
    send_date: showDate(message.sentAt ?? message.createdAt),
    sender_ip: "",
    used_ip: "",
    smtp_answer_code: code,
    smtp_answer_subcode: subcode,
    smtp_answer_code_explain: explained[message.status],
    smtp_answer_data: text || (message.reason ?? ""),
    tracking: trackingOf(message),
  };
}

/** A mail that bounced, as the lists of bounces show it. */
export function showBounce(message: OwnMessage) {
  const record = showRecord(message);
  const { sender, subject, send_date, smtp_answer_code, smtp_answer_subcode, smtp_answer_data } = record;
  return {
    email_to: record.recipient,
    sender,
    subject,
    send_date,
    smtp_answer_code,
    smtp_answer_subcode,
    smtp_answer_data,
  };
}

function trackingOf({ life }: OwnMessage) {
  const clicks = life.filter(({ type }) => type === "clicked");
  const links = clicks.map(({ at, detail }) => {
    const url = isJsonObject(detail) ? detail["link"] : null;
    return { url: typeof url === "string" ? url : "", action_date: showDate(at) };
  });
  const opens = life.filter(({ type }) => type === "opened");
  return { click: clicks.length, open: opens.length, link: links, client_info: [] };
}

function lastAnswer({ life }: OwnMessage): Answer {
  const replies = life.flatMap(({ detail }) => readReply(detail) ?? []);
  return replies.at(-1) ?? { code: 0, subcode: "", text: "" };
}

/** The server's reply in the event of an attempt. */
function readReply(detail: Json): Answer | null {
  const reply = isJsonObject(detail) ? detail["reply"] : null;
  if (!isJsonObject(reply ?? null) || typeof reply !== "object" || Array.isArray(reply) || reply === null) return null;
  const { code, enhancedCode, text } = reply;
  return {
    code: typeof code === "number" ? code : 0,
    subcode: typeof enhancedCode === "string" ? enhancedCode : "",
    text: typeof text === "string" ? text : "",
  };
}
