import { describe, expect, test } from "vitest";
import type { EmailTransport } from "../../core/message/transport.ts";
import { sink, smtpSettingsOf, transportTo } from "../../testing/smtp-fixture.ts";
import { type SmtpSinkOptions, startSmtpSink } from "../../testing/smtp-sink.ts";
import { describeTransport, sampleMail } from "../../testing/transport-suite.ts";
import { composeEmail } from "./compose.ts";
import { createSmtpTransport } from "./deliver.ts";

const key = { key: "run:mail:1" };
const send = (transport: EmailTransport, number = 1) => transport.deliver(sampleMail(number), key);
const fastTimeouts = { connectMs: 2_000, commandMs: 200, dataMs: 200, idleMs: 10_000 };

describeTransport("smtp", async () => {
  const started = await startSmtpSink();
  const transport = createSmtpTransport(smtpSettingsOf(started.url));
  return { transport, arrived: () => started.messages.map(({ raw }) => raw), close: () => started.close() };
});

describeTransport("smtp without pipelining", async () => {
  const started = await startSmtpSink({
    options: { hidePIPELINING: true, hide8BITMIME: true, hideSMTPUTF8: true, hideSize: true },
  });
  const transport = createSmtpTransport(smtpSettingsOf(started.url));
  return { transport, arrived: () => started.messages.map(({ raw }) => raw), close: () => started.close() };
});

describe("refusals", () => {
  test.each([
    [
      "the sender",
      { onMail: () => ({ code: 550, text: "5.1.8 sender address rejected" }) },
      { outcome: "bounced", class: "sender_rejected" },
    ],
    [
      "the recipient",
      { onRcpt: () => ({ code: 550, text: "5.1.1 no such user" }) },
      { outcome: "bounced", class: "invalid_recipient" },
    ],
    [
      "the recipient for now",
      { onRcpt: () => ({ code: 450, text: "4.7.1 greylisted, come back" }) },
      { outcome: "deferred", class: "greylisted" },
    ],
    [
      "the mail",
      { onData: () => ({ code: 554, text: "5.7.1 looks like spam" }) },
      { outcome: "bounced", class: "spam_block" },
    ],
    [
      "the mail for now",
      { onData: () => ({ code: 452, text: "4.3.1 disk full" }) },
      { outcome: "deferred", class: "generic" },
    ],
    [
      "the connection",
      { onConnect: () => ({ code: 554, text: "go away" }) },
      { outcome: "deferred", class: "connection" },
    ],
  ] satisfies [string, SmtpSinkOptions, object][])("%s is refused", async (_name, options, expected) => {
    const delivery = await send(transportTo((await sink(options)).url));
    expect(delivery).toMatchObject({ ...expected, maybeAccepted: false });
    expect(delivery.reply?.code).toBeGreaterThan(400);
    expect(delivery.transcript.join("\n")).toContain(String(delivery.reply?.code));
  });

  test("one refused mail leaves the connection to the next", async () => {
    const server = await sink({
      onRcpt: (to) => (to === "anna1@mail.example" ? { code: 550, text: "5.1.1 no such user" } : null),
    });
    const transport = transportTo(server.url);
    expect((await send(transport, 1)).outcome).toBe("bounced");
    expect((await send(transport, 2)).outcome).toBe("sent");
    expect(server.connectionCount()).toBe(1);
  });

  test("a mail larger than the server takes is never sent", async () => {
    const server = await sink({ options: { size: 500 } });
    const delivery = await send(transportTo(server.url));
    expect(delivery).toMatchObject({ outcome: "bounced", class: "too_large", reply: null });
    expect(delivery.transcript.join("\n")).not.toContain("MAIL FROM");
  });

  test.each([
    [true, { outcome: "bounced", class: "invalid_recipient" }],
    [false, { outcome: "sent" }],
  ])("an address in other letters needs SMTPUTF8 (hidden: %s)", async (hideSMTPUTF8, expected) => {
    const server = await sink({ options: { hideSMTPUTF8 } });
    const mail = composeEmail(
      { from: { address: "shop@shop.example" }, to: { address: "andré@mail.example" }, subject: "x", html: "x" },
      { id: "1", date: new Date(0) },
    );
    expect(await transportTo(server.url).deliver(mail, key)).toMatchObject(expected);
  });

  test("with several recipients, one refusal keeps the mail from all", async () => {
    const server = await sink({
      onRcpt: (to) => (to === "b@mail.example" ? { code: 550, text: "5.1.1 no such user" } : null),
    });
    const mail = {
      ...sampleMail(1),
      envelope: { from: "shop@shop.example", to: ["a@mail.example", "b@mail.example"] },
    };
    expect((await transportTo(server.url).deliver(mail, key)).outcome).toBe("bounced");
    expect(server.messages).toEqual([]);
  });
});

describe("broken connections", () => {
  test.each([
    ["connecting", { onConnect: () => "drop" as const }],
    ["MAIL", { onMail: () => "drop" as const }],
    ["RCPT", { onRcpt: () => "drop" as const }],
  ])("one that ends at %s is deferred, and surely not delivered", async (_stage, options) => {
    const delivery = await send(transportTo((await sink(options)).url));
    expect(delivery).toMatchObject({ outcome: "deferred", class: "connection", reply: null, maybeAccepted: false });
  });

  test("one that ends after the whole mail was sent is marked as maybe accepted", async () => {
    const delivery = await send(transportTo((await sink({ onData: () => "drop" })).url));
    expect(delivery).toMatchObject({ outcome: "deferred", class: "connection", reply: null, maybeAccepted: true });
    expect(delivery.reason).toContain("the server may have it");
  });

  test("nobody listening is deferred", async () => {
    const server = await startSmtpSink();
    await server.close();
    const delivery = await send(transportTo(server.url));
    expect(delivery).toMatchObject({ outcome: "deferred", class: "connection", reply: null, maybeAccepted: false });
  });

  test("a host that does not exist is deferred as dns", async () => {
    const delivery = await send(transportTo("smtp://mail.invalid:25"));
    expect(delivery).toMatchObject({ outcome: "deferred", class: "dns" });
  });

  test("after a failed connection, mails are deferred at once for a while", async () => {
    const server = await sink({ onConnect: () => ({ code: 421, text: "too busy" }) });
    const transport = transportTo(server.url);
    await send(transport);
    const deliveries = await Promise.all(Array.from({ length: 20 }, () => send(transport)));
    expect(deliveries.every(({ outcome }) => outcome === "deferred")).toBe(true);
    expect(server.connectionCount()).toBe(1);
  });

  test("mails go on over living connections while no more can be opened", async () => {
    let connections = 0;
    const server = await sink({
      onConnect: () => (++connections > 2 ? { code: 421, text: "4.3.2 too many connections" } : null),
    });
    const transport = transportTo(server.url, { maxConnections: 10 });
    await Promise.all([send(transport, 1), send(transport, 2)]);
    const deliveries = await Promise.all(Array.from({ length: 50 }, (_, index) => send(transport, index)));
    expect(deliveries.filter(({ outcome }) => outcome === "sent")).toHaveLength(50);
  });
});

describe("connections", () => {
  test("one is kept and used again", async () => {
    const server = await sink();
    const transport = transportTo(server.url);
    for (let number = 0; number < 5; number += 1) await send(transport, number);
    expect(new Set((await server.waitFor(5)).map(({ connection }) => connection)).size).toBe(1);
  });

  test("one is given up after its share of mails", async () => {
    const server = await sink();
    const transport = transportTo(server.url, { maxMessagesPerConnection: 2, maxConnections: 1 });
    for (let number = 0; number < 5; number += 1) await send(transport, number);
    expect(server.connectionCount()).toBe(3);
  });

  test("there are never more than allowed", async () => {
    const server = await sink();
    const transport = transportTo(server.url, { maxConnections: 3 });
    await Promise.all(Array.from({ length: 40 }, (_, index) => send(transport, index)));
    expect(server.messages).toHaveLength(40);
    expect(server.connectionCount()).toBeLessThanOrEqual(3);
  });

  test("the rate is kept", async () => {
    const transport = transportTo((await sink()).url, { rateLimitPerSecond: 50 });
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: 11 }, (_, index) => send(transport, index)));
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(195);
  });

  test("closing waits for the mails in hand, and defers those that come after", async () => {
    const server = await sink();
    const transport = transportTo(server.url);
    const inHand = Promise.all(Array.from({ length: 20 }, (_, index) => send(transport, index)));
    await transport.close();
    expect((await inHand).every(({ outcome }) => outcome === "sent")).toBe(true);
    expect(await send(transport)).toMatchObject({ outcome: "deferred", reason: "The transport is closed." });
  });
});

test("a server that says nothing is a timeout", async () => {
  const server = await sink({ onMail: () => null, options: { onRcptTo: () => undefined } });
  const delivery = await send(transportTo(server.url, { timeouts: fastTimeouts }));
  expect(delivery).toMatchObject({ outcome: "deferred", class: "timeout", maybeAccepted: false });
});

test("a transcript of many recipients stays within 8 KB", async () => {
  const to = Array.from({ length: 90 }, (_, index) => `${"a".repeat(50)}${index}@mail.example`);
  const delivery = await transportTo((await sink()).url).deliver(
    { ...sampleMail(1), envelope: { from: "shop@shop.example", to } },
    key,
  );
  expect(delivery.outcome).toBe("sent");
  expect(Buffer.byteLength(delivery.transcript.join("\n"))).toBeLessThanOrEqual(8_192);
});
