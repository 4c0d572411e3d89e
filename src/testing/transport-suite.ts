import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { composeEmail } from "../channels/email/compose.ts";
import type { ComposedEmail, EmailTransport } from "../core/message/transport.ts";

/** What a suite needs of one transport: the transport, and the mails that came out at its other end. */
export type TransportUnderTest = {
  transport: EmailTransport;
  arrived(): Promise<Buffer[]> | Buffer[];
  close(): Promise<void>;
};

/** The contract that every e-mail transport keeps. `create` makes one that works. */
export function describeTransport(name: string, create: () => Promise<TransportUnderTest>): void {
  describe(`the transport ${name}`, () => {
    let subject: TransportUnderTest;
    beforeEach(async () => {
      subject = await create();
    });
    afterEach(async () => {
      await subject.transport.close();
      await subject.close();
    });

    test("reports an accepted mail as sent, with a reply, a sentence and a transcript", async () => {
      const delivery = await subject.transport.deliver(sampleMail(1), { key: "run:step:1" });
      expect(delivery).toMatchObject({ outcome: "sent", class: "none", reply: { code: 250 }, maybeAccepted: false });
      expect(delivery.reason).toMatch(/\S.*[.\w]$/);
      expect(delivery.durationMs).toBeGreaterThanOrEqual(0);
      expect(Buffer.byteLength(delivery.transcript.join("\n"))).toBeLessThanOrEqual(8_192);
      expect(delivery.transcript.length).toBeGreaterThan(0);
    });

    test("passes every byte on, lines that begin with a dot included", async () => {
      const mail = sampleMail(2, "<p>first</p>\n.\n..two\n.three\n");
      await subject.transport.deliver(mail, { key: "run:step:2" });
      expect((await subject.arrived()).map(String)).toEqual([mail.raw.toString()]);
    });

    test("delivers many mails at once, each one time", async () => {
      const mails = Array.from({ length: 60 }, (_, index) => sampleMail(index));
      const deliveries = await Promise.all(
        mails.map((mail, index) => subject.transport.deliver(mail, { key: `key:${index}` })),
      );
      expect(deliveries.map(({ outcome }) => outcome)).toEqual(mails.map(() => "sent"));
      expect((await subject.arrived()).map(String).sort()).toEqual(mails.map(({ raw }) => raw.toString()).sort());
    });

    test("verifies without sending anything", async () => {
      expect(await subject.transport.verify()).toEqual({ ok: true });
      expect(await subject.arrived()).toEqual([]);
    });

    test("can be closed twice", async () => {
      await subject.transport.close();
      await expect(subject.transport.close()).resolves.toBeUndefined();
    });
  });
}

/** A small mail from and to example addresses, different for each number. */
export function sampleMail(number: number, html = `<p>Hello number ${number}</p>`): ComposedEmail {
  const id = `00000000-0000-7000-8000-${String(number).padStart(12, "0")}`;
  const from = { address: "shop@shop.example", name: "The Shop" };
  return composeEmail(
    { from, to: { address: `anna${number}@mail.example` }, subject: `Mail ${number}`, html },
    { id, date: new Date(0) },
  );
}
