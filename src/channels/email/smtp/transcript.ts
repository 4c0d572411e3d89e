import type { SmtpReply } from "../../../core/message/delivery.ts";

const sizeLimit = 8_192;
const lineLimit = 512;

/** Adds what we said, unless the transcript has its 8 KB. */
export function noteCommand(transcript: string[], command: string): void {
  add(transcript, `> ${command}`);
}

/** Adds what the server said, unless the transcript has its 8 KB. */
export function noteReply(transcript: string[], { code, enhancedCode, text }: SmtpReply): void {
  add(transcript, `< ${code}${enhancedCode ? ` ${enhancedCode}` : ""} ${text}`);
}

/** Adds something that happened, such as a lost connection. */
export function noteFact(transcript: string[], fact: string): void {
  add(transcript, `* ${fact}`);
}

function add(transcript: string[], line: string): void {
  const short = line.length > lineLimit ? `${line.slice(0, lineLimit - 4)} ...` : line;
  const size = transcript.reduce((sum, other) => sum + other.length * 3, 0);
  // Counted as if each character took three bytes only when the cheap count is near the limit.
  const isFull =
    size > sizeLimit && Buffer.byteLength(transcript.join("\n")) + Buffer.byteLength(short) + 1 > sizeLimit;
  if (!isFull) transcript.push(short);
}
