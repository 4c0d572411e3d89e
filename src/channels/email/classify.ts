import type { DeliveryClass, SmtpReply, Verdict } from "../../core/message/delivery.ts";

/** The command that the reply answers; `end` is the end of the mail's data. */
export type SmtpStage = "connect" | "mail" | "rcpt" | "data" | "end";

/** Enhanced codes (RFC 3463 and the IANA registry, without the first digit) that leave no doubt. */
const exactStatus: Record<string, DeliveryClass> = {
  "1.0": "invalid_recipient",
  "1.1": "invalid_recipient",
  "1.2": "dns",
  "1.3": "invalid_recipient",
  "1.6": "invalid_recipient",
  "1.7": "sender_rejected",
  "1.8": "sender_rejected",
  "1.10": "dns",
  "2.2": "mailbox_full",
  "2.3": "too_large",
  "3.4": "too_large",
  "4.4": "dns",
  "4.7": "timeout",
  "7.8": "authentication",
  "7.9": "authentication",
  "7.20": "policy",
  "7.23": "policy",
  "7.25": "policy",
  "7.26": "policy",
  "7.27": "sender_rejected",
  "7.28": "rate_limited",
};

/** What servers write, from the most telling words to the least. */
const wording: [RegExp, DeliveryClass][] = [
  [/gr[ae]y-?list/i, "greylisted"],
  [
    /relay(ing)? (access )?(denied|prohibited|not (permitted|allowed))|(unable|not permitted|not allowed) to relay|do(es)? not relay/i,
    "relay_denied",
  ],
  [
    /mailbox (is |for .{1,200} is )?full|(over|out of|exceeded|exceeds) ?(the )?(its |their )?(disk |mailbox |storage )?(quota|storage|space)|quota exceeded|insufficient mailbox/i,
    "mailbox_full",
  ],
  [
    /(account|mailbox|user|recipient)[^.]{0,80} (disabled|inactive|suspended|deactivated|no longer (active|valid))/i,
    "mailbox_inactive",
  ],
  [
    /rate.?limit|too (many|much) (connections|messages|mails?|emails?|recipients|concurrent)|throttl|unusual rate|sending (limit|rate)|receiving mail (too|at a rate)/i,
    "rate_limited",
  ],
  [/(message|mail|size)[^.]{0,40} (too (large|big)|exceed)|too (large|big)|exceeds? [^.]{0,40}size/i, "too_large"],
  [
    /\bspam|spamhaus|block ?-?list|black ?-?list|\brbl\b|\bdnsbl\b|reputation|unsolicited|blocked using|listed (at|by|in|on)\b|\bvirus\b|malware|phish/i,
    "spam_block",
  ],
  [
    /sender (address )?(rejected|denied|verif)|sender[^.]{0,40}(not (found|exist|allowed)|domain)|not owned by user/i,
    "sender_rejected",
  ],
  [
    /policy|dmarc|\bspf\b|\bdkim\b|unauthenticated|not authori[sz]ed|prohibit|access denied|reverse dns|\bptr\b/i,
    "policy",
  ],
  [
    /(user|recipient|mailbox|account|address)[^.]{0,80}(unknown|not? (found|exist)|does(n'| no)t exist|invalid|unavailable|rejected)|(unknown|no such|invalid|non-?existent) (user|recipient|mailbox|account|address|local)|unrout?eable|no mailbox/i,
    "invalid_recipient",
  ],
  [
    /(host|domain)[^.]{0,40} not found|name service error|\bmx\b[^.]{0,40}(not found|lookup)|no (mx|such domain)/i,
    "dns",
  ],
  [/authenticat|credentials|username and password/i, "authentication"],
  [/timed? ?out/i, "timeout"],
];

const statusFamily: Record<string, DeliveryClass> = {
  "1": "invalid_recipient",
  "2": "mailbox_inactive",
  "4": "connection",
  "6": "policy",
  "7": "policy",
};

const basicCode: Record<number, DeliveryClass> = {
  421: "connection",
  432: "authentication",
  454: "authentication",
  521: "policy",
  523: "too_large",
  530: "authentication",
  534: "authentication",
  535: "authentication",
  538: "authentication",
  552: "mailbox_full",
  551: "invalid_recipient",
  553: "invalid_recipient",
  556: "dns",
};

const textLimit = 2_000;

/**
 * What a server's reply means for a mail: RFC 5321, section 4.2 decides between deferred and bounced, RFC 3463 and the words of the
 * reply give the class. A refusal to sign us in is deferred: it is our settings that are wrong, not the mail.
 */
export function classifyReply(reply: SmtpReply, stage: SmtpStage): Verdict {
  const { code } = reply;
  if (code >= 200 && code < 300) return { outcome: "sent", class: "none" };
  const found = classOf(reply, stage);
  if (found === "authentication" || stage === "connect") return { outcome: "deferred", class: found };
  return { outcome: code >= 500 && code < 600 ? "bounced" : "deferred", class: found };
}

/** The class of a failure that no reply explains, from the error code that Node.js gives it. */
export function classifyNetworkError(code: string | undefined): DeliveryClass {
  if (code === undefined) return "connection";
  if (/^(ENOTFOUND|EAI_|ENODATA|ESERVFAIL)/.test(code)) return "dns";
  if (code === "ETIMEDOUT") return "timeout";
  return /^(ERR_TLS|ERR_SSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|ERR_OSSL)/.test(
    code,
  )
    ? "tls"
    : "connection";
}

function classOf({ code, enhancedCode, text }: SmtpReply, stage: SmtpStage): DeliveryClass {
  const status = enhancedCode?.slice(2) ?? "";
  const exact = Object.hasOwn(exactStatus, status) ? exactStatus[status] : undefined;
  if (exact) return exact;
  const worded = wording.find(([pattern]) => pattern.test(text.slice(0, textLimit)));
  if (worded) return worded[1];
  const family = statusFamily[status.split(".")[0] ?? ""];
  if (family) return family;
  if (code === 550 && stage === "rcpt") return "invalid_recipient";
  return basicCode[code] ?? (code >= 400 && code < 600 ? "generic" : "undetermined");
}
