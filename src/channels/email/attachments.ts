import type { Attachment } from "../../core/message/mail.ts";
import { headerLine, oneLine } from "./header-text.ts";

/** A body with attachments behind it, as multipart/mixed (RFC 2046, section 5.1.3). `body` has its own headers. */
export function mixedEntity(body: string, attachments: readonly Attachment[], boundary: string): string {
  const type = headerLine("Content-Type", `multipart/mixed; boundary="${boundary}"`);
  const parts = [body, ...attachments.map(attachmentEntity)].map((entity) => `--${boundary}\r\n${entity}`);
  return `${type}\r\n${parts.join("")}--${boundary}--\r\n`;
}

function attachmentEntity({ name, type, content }: Attachment): string {
  const lines = [
    headerLine("Content-Type", type),
    headerLine("Content-Transfer-Encoding", "base64"),
    headerLine("Content-Disposition", `attachment; ${fileName(oneLine(name))}`),
  ];
  return `${lines.join("")}\r\n${base64Lines(content)}\r\n`;
}

/** A name in ASCII as it is; for any other also the form of RFC 2231, which those that know it prefer (RFC 6266, appendix D). */
function fileName(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]/g, "_").replace(/["\\]/g, "_");
  if (plain === name) return `filename="${name}"`;
  const encoded = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16)}`,
  );
  return `filename="${plain}"; filename*=UTF-8''${encoded}`;
}

/** Decoded and encoded again: what was accepted may have line breaks or lack its padding. */
function base64Lines(content: string): string {
  const whole = Buffer.from(content, "base64").toString("base64");
  return whole.replace(/.{76}(?=.)/g, "$&\r\n");
}
