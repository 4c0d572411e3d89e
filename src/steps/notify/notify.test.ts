import { expect, test } from "vitest";
import { renderMail } from "../../core/message/render-mail.ts";
import { defaultSettings } from "../../core/workspace-settings.ts";
import { describeStepKind, sampleContact, stepContext } from "../../testing/step-suite.ts";
import { notify } from "./run.ts";

const mail = {
  by: "email",
  to: ["boss@example.com"],
  subject: "Order {{ event.orderId }}",
  html: "<p>{{ contact.plan }}</p>",
};
const hook = { by: "webhook", url: "https://example.com/{{ event.orderId }}", body: { text: "{{ event.total }}" } };

describeStepKind(notify, {
  good: [
    { config: mail },
    { config: { ...mail, to: ["sales", "boss@example.com"], text: "plain", replyTo: "{{ contact.email }}" } },
    { config: hook },
    { config: { ...hook, headers: { authorization: "Bearer {{ secrets.token }}" }, timeoutMs: 500, retries: 0 } },
  ],
  bad: [
    { config: { ...mail, by: "pigeon" }, path: "by" },
    { config: { ...mail, to: [] }, path: "to" },
    { config: { ...mail, to: ["not@an@address"] }, path: "to.0" },
    { config: { ...mail, subject: "{{ nobody.x }}" }, path: "subject" },
    { config: { ...mail, html: "{% if %}" }, path: "html" },
    { config: { ...mail, subject: "{{ secrets.token }}" }, path: "subject" },
    { config: { ...mail, purpose: "marketing" }, path: "purpose" },
    { config: { by: "webhook", url: "https://example.com/" }, path: "body" },
    { config: { ...hook, url: "{{ x" }, path: "url" },
    { config: { ...hook, headers: { host: "x" } }, path: "headers.host" },
    { config: { ...hook, headers: [{ name: "x-a", value: "{{ nobody.x }}" }] }, path: "headers[0].value" },
    { config: { ...hook, headers: { "x-a": "{{ nobody.x }}" } }, path: "headers.x-a" },
    { config: { ...hook, body: { a: ["{{ nobody.x }}"] } }, path: "body.a[0]" },
  ],
});

function run(config: object, changes: Parameters<typeof stepContext>[0] = {}) {
  return notify.run(notify.config.parse(config), stepContext(changes));
}

const settings = { ...defaultSettings, notifyEmails: { sales: "Sales@Example.com", broken: "nowhere" } };
const workspace = { id: "w", name: "Shop", timeZone: "UTC", settings };

test("asks for a mail to each person once, by address or by a name from the settings, and goes on", () => {
  const outcome = run(
    { ...mail, to: ["sales", "boss@example.com", "sales@example.com", "broken", "nobody"] },
    { workspace },
  );
  const data = { event: { orderId: "o-1" }, contact: { plan: "gold" } };
  expect(outcome).toEqual({
    kind: "go",
    exit: "next",
    effects: [
      { kind: "email", data: { ...data, notify: { to: "sales@example.com" } } },
      { kind: "email", data: { ...data, notify: { to: "boss@example.com" } } },
    ],
    detail: { to: ["sales@example.com", "boss@example.com"], unknown: ["broken", "nobody"] },
  });
});

test("tells people about a contact that has no address of its own", () => {
  expect(run(mail, { contact: sampleContact({ email: null }) })).toMatchObject({ effects: [{ kind: "email" }] });
});

test("the mail is transactional, and goes to the person that its data names", () => {
  const config = notify.config.parse(mail);
  const template = notify.mail?.(config);
  expect(template).toMatchObject({ purpose: "transactional" });
  const data = { event: { orderId: "o-1" }, contact: { plan: "gold" }, notify: { to: "boss@example.com" } };
  expect(template && renderMail(template, data, "Shop <shop@example.com>")).toMatchObject({
    ok: true,
    mail: { to: { address: "boss@example.com" }, subject: "Order o-1", html: "<p>gold</p>" },
  });
  expect(notify.request?.(config)).toBeNull();
});

test("a webhook is a POST of JSON that may be made again", () => {
  const config = notify.config.parse(hook);
  expect(notify.request?.(config)).toMatchObject({
    method: "POST",
    url: hook.url,
    body: { kind: "json", value: hook.body },
    retryUnsafe: true,
  });
  expect(notify.mail?.(config)).toBeNull();
  expect(run(hook)).toEqual({
    kind: "go",
    exit: "next",
    effects: [{ kind: "http", data: { event: { orderId: "o-1", total: 12.5 } } }],
  });
});
