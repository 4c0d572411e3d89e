import { expect, test } from "vitest";
import { describeStepKind, sampleContact, stepContext } from "../../testing/step-suite.ts";
import { sendEmail } from "./run.ts";

const smallest = { subject: "Hi", html: "<p>Hi</p>" };

describeStepKind(sendEmail, {
  good: [
    { config: smallest },
    {
      config: {
        ...smallest,
        to: "{{ event.email }}",
        from: "Shop <shop@example.com>",
        replyTo: "help@example.com",
        text: "Hi {{ contact.plan }}",
        purpose: "transactional",
        onUnknown: "hold",
        transport: "relay",
        headers: { "X-Order": "{{ event.orderId }}" },
      },
    },
    { config: smallest, context: { contact: sampleContact({ email: null }) } },
  ],
  bad: [
    { config: { html: "x" }, path: "subject" },
    { config: { subject: "x" }, path: "html" },
    { config: { ...smallest, html: "{{ user.name }}" }, path: "html" },
    { config: { ...smallest, subject: "{{ contact.name | shout }}" }, path: "subject" },
    { config: { ...smallest, text: "{% if %}" }, path: "text" },
    { config: { ...smallest, to: "{{ nobody.email }}" }, path: "to" },
    { config: { ...smallest, headers: { "X-A": "{{ secrets.key }}" } }, path: "headers.X-A" },
    { config: { ...smallest, headers: { Bcc: "x@example.com" } }, path: "headers.Bcc" },
    { config: { ...smallest, purpose: "other" }, path: "purpose" },
  ],
});

test("carries only what its templates read", () => {
  const config = sendEmail.config.parse({
    subject: "Order {{ event.orderId }}",
    html: "{{ steps.loyalty.body.tier }} {{ 'now' | date: '%Y' }}",
  });
  expect(sendEmail.run(config, stepContext())).toEqual({
    kind: "go",
    exit: "next",
    effects: [
      {
        kind: "email",
        message: { channel: "email", purpose: "marketing" },
        data: {
          contact: { email: "ada@example.com", timeZone: "Europe/Rome" },
          event: { orderId: "o-1" },
          steps: { loyalty: { body: { tier: "gold" } } },
          workspace: { timeZone: "UTC" },
          run: { now: "2026-03-01T12:00:00.000Z" },
        },
      },
    ],
  });
});

test("sends nothing to a contact without an address, and says so", () => {
  const context = stepContext({ contact: sampleContact({ email: null }) });
  expect(sendEmail.run(sendEmail.config.parse(smallest), context)).toEqual({
    kind: "go",
    exit: "next",
    detail: { skipped: "no_email" },
  });
});

test("sends to an address of its own even when the contact has none", () => {
  const context = stepContext({ contact: sampleContact({ email: null }) });
  const outcome = sendEmail.run(sendEmail.config.parse({ ...smallest, to: "team@example.com" }), context);
  expect(outcome).toMatchObject({ effects: [{ kind: "email", data: {} }] });
});
