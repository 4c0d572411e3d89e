import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { composeEmail } from "../src/channels/email/compose.ts";
import { createSmtpTransport } from "../src/channels/email/deliver.ts";
import { parseSmtpUrl } from "../src/channels/email/settings.ts";
import type { JsonObject } from "../src/core/json.ts";
import type { ComposedEmail } from "../src/core/message/transport.ts";
import { renderTemplate } from "../src/core/template/template.ts";
import { startSink } from "./rig/sink.ts";

export type MailBench = { figure: number; limit: number; unit: string };

const connections = 20;
const rounds = 3;

/**
 * Mails of 5 KB a second, rendered, composed and accepted by a sink in a process of its own, beside what `smtp-source` does: the same mail,
 * made once, over a fresh connection each time. Both take turns, so that a disturbance meets both.
 */
export async function benchMail({ seconds }: { seconds: number }): Promise<MailBench> {
  const sink = await startSink();
  try {
    const turnMs = (seconds * 1_000) / (rounds * 2);
    const totals = { figure: 0, limit: 0 };
    for (let round = 0; round < rounds; round += 1) {
      totals.limit += await perSecond(turnMs, limitSender(sink.port));
      totals.figure += await perSecond(turnMs, mailSender(sink.port));
    }
    return { figure: totals.figure / rounds, limit: totals.limit / rounds, unit: "mails/s" };
  } finally {
    await sink.close();
  }
}

export type Sender = { send(number: number): Promise<void>; close(): Promise<void> };

/** Sends for `durationMs` with twenty at a time, and returns mails a second. */
export async function perSecond(durationMs: number, sender: Sender): Promise<number> {
  const startedAt = performance.now();
  let sent = 0;
  const lane = async () => {
    while (performance.now() - startedAt < durationMs) await sender.send(sent++);
  };
  await Promise.all(Array.from({ length: connections }, lane));
  const elapsedMs = performance.now() - startedAt;
  await sender.close();
  return (sent / elapsedMs) * 1_000;
}

function mailSender(port: number): Sender {
  const settings = parseSmtpUrl(`smtp://127.0.0.1:${port}?connections=${connections}`);
  if (!settings.ok) throw new Error(settings.message);
  const transport = createSmtpTransport(settings.value);
  return {
    async send(number) {
      const delivery = await transport.deliver(renderedMail(number), { key: `bench:${number}` });
      if (delivery.outcome !== "sent") throw new Error(delivery.reason);
    },
    close: () => transport.close(),
  };
}

/** The bare limit: one mail, made once, over a fresh connection each time. */
export function limitSender(port: number): Sender {
  const message = renderedMail(0);
  return { send: () => sendBare(port, message), close: async () => undefined };
}

/** One mail over a connection of its own, a command at a time, looking at nothing but the first digit of each reply. */
function sendBare(port: number, { raw, envelope }: ComposedEmail): Promise<void> {
  const says = [
    "EHLO bench\r\n",
    `MAIL FROM:<${envelope.from}>\r\n`,
    `RCPT TO:<${envelope.to[0]}>\r\n`,
    "DATA\r\n",
    Buffer.concat([raw, Buffer.from(".\r\n")]),
    "QUIT\r\n",
  ];
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let at = 0;
    socket.on("data", (chunk) => {
      if (chunk[0] !== 0x32 && chunk[0] !== 0x33) socket.destroy(new Error(`refused: ${chunk}`));
      const next = says[at++];
      if (next !== undefined) socket.write(next);
    });
    socket.on("error", reject);
    socket.on("close", () => resolve());
  });
}

const conditions =
  '<tr><td style="padding:8px;color:#333333">Conditions apply to every order, and can be read in our <b>shop</b> at any time.</td></tr>\n';
/** A page of 5 KB, as a template. */
export const mailHtml = `<html><head><title>{{ workspace.name }}</title></head><body><h1>Hello {{ contact.firstName | default: "you" }}</h1><table>
<tr><td>Dear {{ contact.firstName }} {{ contact.lastName }}, thank you for order <b>{{ event.order.number }}</b> of {{ event.order.date }}. It has
{{ event.order.count }} items, costs {{ event.order.total }} and goes to {{ contact.street }}, {{ contact.city }}.</td></tr>
${conditions.repeat(34)}</table><p><a href="https://shop.example/orders/{{ event.order.number }}">See your order</a></p></body></html>`;

function renderedMail(number: number): ComposedEmail {
  const scope: JsonObject = {
    contact: { firstName: "Zoë", lastName: "Müller", city: "Köln", street: "Hauptstraße 5" },
    event: { order: { number, date: "1 March 2026", count: 3, total: "49.90 €" } },
    run: {},
    steps: {},
    workspace: { name: "The Shop" },
  };
  const html = renderTemplate(mailHtml, scope, "html");
  const subject = renderTemplate("Your order {{ event.order.number }}, {{ contact.firstName }}", scope, "header");
  const from = { address: "shop@shop.example", name: "The Shop" };
  return composeEmail(
    { from, to: { address: "zoe@mail.example", name: "Zoë Müller" }, subject, html },
    { id: randomUUID(), date: new Date() },
  );
}
