import type { AskedEffect } from "../flow/advanced.ts";
import type { MailTemplate } from "../message/mail-template.ts";
import { renderMail } from "../message/render-mail.ts";
import type { SimulatedMessage } from "./simulation.ts";
import { type MessageStub, messageStubFor, type StubPlace, type Stubs } from "./stubs.ts";

export type MessageAsk = StubPlace & {
  effect: AskedEffect;
  template: MailTemplate | null;
  defaultFrom: string;
  suppressed: ReadonlyMap<string, string>;
};

type Content = Pick<SimulatedMessage, "from" | "to" | "subject" | "html" | "text">;
type Outcome = Pick<SimulatedMessage, "channel" | "purpose" | "status" | "reason"> & Content;

const nothing: Content = { from: null, to: null, subject: null, html: null, text: null };

/** What becomes of a message: rendered as the engine renders it, then sent, unless a stub says otherwise. */
export function sendToStubs(stubs: Stubs, ask: MessageAsk): { outcome: Outcome; stub: MessageStub | undefined } {
  const { channel, purpose } = ask.effect.message ?? { channel: ask.effect.kind, purpose: "notice" };
  const rendered = render(ask);
  const about = { channel, purpose };
  if ("reason" in rendered)
    return { outcome: { ...about, ...nothing, status: "failed", reason: rendered.reason }, stub: undefined };
  // A notice to people of the workspace asks nobody.
  const held = ask.effect.message ? ask.suppressed.get(`${channel}|${rendered.to}`) : undefined;
  if (held !== undefined) return { outcome: { ...about, ...rendered, status: "held", reason: held }, stub: undefined };
  const stub = messageStubFor(stubs, { ...ask, to: rendered.to });
  const failed = stub?.fail;
  const fate = failed === undefined ? ({ status: "sent", reason: null } as const) : { status: failed, reason: "stub" };
  return { outcome: { ...about, ...fate, ...rendered }, stub };
}

function render({ effect, template, defaultFrom }: MessageAsk): Content | { reason: string } {
  if (!template) return { reason: "flow_version_missing: The step sends no mail." };
  const rendered = renderMail(template, effect.data, defaultFrom);
  if (!rendered.ok) return { reason: `${rendered.class}: ${rendered.reason}` };
  const { from, to, subject, html = null, text = null } = rendered.mail;
  return { from: from.address, to: to.address, subject, html, text };
}
