import type { SmtpReply } from "../../../core/message/delivery.ts";

/** A reply, and each of its lines without code and separator. */
export type FullReply = SmtpReply & { lines: string[] };

const lineLimit = 4_096;
const linesLimit = 100;
const linePattern = /^(\d{3})(?:([ -])(.*))?$/;
const enhancedPattern = /^([245]\.\d{1,3}\.\d{1,3})(?: |$)/;

/** Puts replies (RFC 5321, section 4.2.1) together from chunks that may end anywhere. */
export class ReplyParser {
  private rest = "";
  private lines: string[] = [];

  /** The replies that `chunk` completes. Throws when what comes in is no SMTP. */
  feed(chunk: Buffer): FullReply[] {
    const replies: FullReply[] = [];
    // Latin-1 keeps bytes apart until a line is whole, so that UTF-8 split over chunks survives.
    this.rest += chunk.toString("latin1");
    let start = 0;
    for (let end = this.rest.indexOf("\n"); end >= 0; end = this.rest.indexOf("\n", start)) {
      const reply = this.addLine(this.rest.slice(start, end).replace(/\r$/, ""));
      if (reply) replies.push(reply);
      start = end + 1;
    }
    this.rest = this.rest.slice(start);
    if (this.rest.length > lineLimit) throw new Error("a line without end");
    return replies;
  }

  /** True when part of a reply has come in. */
  get isMidReply(): boolean {
    return this.rest !== "" || this.lines.length > 0;
  }

  private addLine(line: string): FullReply | null {
    const match = linePattern.exec(line.slice(0, lineLimit));
    if (!match) throw new Error(`"${line.slice(0, 80)}"`);
    if (this.lines.length === linesLimit) throw new Error("a reply without end");
    this.lines.push(Buffer.from(match[3] ?? "", "latin1").toString());
    if (match[2] === "-") return null;
    const lines = this.lines;
    this.lines = [];
    return fullReply(Number(match[1]), lines);
  }
}

function fullReply(code: number, lines: string[]): FullReply {
  const enhancedCode = enhancedPattern.exec(lines[0] ?? "")?.[1];
  if (enhancedCode === undefined) return { code, text: lines.join(" ").trim(), lines };
  const words = lines.map((line) => (line.startsWith(enhancedCode) ? line.slice(enhancedCode.length).trim() : line));
  return { code, enhancedCode, text: words.join(" ").trim(), lines };
}
