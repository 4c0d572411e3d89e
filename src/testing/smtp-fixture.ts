import { onTestFinished } from "vitest";
import { createSmtpTransport } from "../channels/email/deliver.ts";
import { parseSmtpUrl, type SmtpSettings } from "../channels/email/settings.ts";
import type { EmailTransport } from "../core/message/transport.ts";
import { type SmtpSink, type SmtpSinkOptions, startSmtpSink } from "./smtp-sink.ts";

/** A transport to `url` that is closed when the test is over. */
export function transportTo(url: string, changes: Partial<SmtpSettings> = {}): EmailTransport {
  const transport = createSmtpTransport({ ...smtpSettingsOf(url), ...changes });
  onTestFinished(() => transport.close());
  return transport;
}

/** An SMTP server that is closed when the test is over. */
export async function sink(options: SmtpSinkOptions = {}): Promise<SmtpSink> {
  const started = await startSmtpSink(options);
  onTestFinished(() => started.close());
  return started;
}

/** The settings of a URL that is known to be right. */
export function smtpSettingsOf(url: string): SmtpSettings {
  const parsed = parseSmtpUrl(url);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.value;
}
