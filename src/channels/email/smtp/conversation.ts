import type { SmtpSettings } from "../settings.ts";
import type { FullReply } from "./reply-parser.ts";
import { noteCommand, noteReply } from "./transcript.ts";
import type { Wire } from "./wire.ts";

/** One conversation before any mail: the wire, the settings, and the lines said so far. */
export type Opening = { wire: Wire; settings: SmtpSettings; transcript: string[] };

/** What the server said it can do (RFC 5321, section 4.1.1.1): keyword in capitals to its parameters. */
export type Capabilities = Map<string, string>;

/** Sends one command and reads its answer, writing both down. `shown` stands in for a command that holds a secret. */
export async function ask(
  { wire, settings, transcript }: Opening,
  command: string,
  shown = command,
): Promise<FullReply> {
  noteCommand(transcript, shown);
  wire.write(`${command}\r\n`);
  const reply = await wire.read(settings.timeouts.commandMs, shown);
  noteReply(transcript, reply);
  return reply;
}

/** True for names of this machine: what goes there never crosses a network. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}
