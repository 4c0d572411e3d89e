import { expect, test } from "vitest";
import { type SunkMail, startFastSmtpSink } from "./fast-smtp-sink.ts";
import { transportTo } from "./smtp-fixture.ts";
import { sampleMail } from "./transport-suite.ts";

test("takes mails, reports who they are, and counts duplicates", async () => {
  const mails: SunkMail[] = [];
  const sink = await startFastSmtpSink({ onAccepted: (mail) => mails.push(mail) });
  const transport = transportTo(sink.url);
  for (const number of [1, 2, 1])
    expect((await transport.deliver(sampleMail(number), { key: "k" })).outcome).toBe("sent");
  await transport.close();
  await sink.close();
  expect(sink.counts()).toMatchObject({ accepted: 3, duplicates: 1 });
  expect(mails[1]).toEqual({ messageId: sampleMail(2).messageId, to: "anna2@mail.example", key: null });
});
