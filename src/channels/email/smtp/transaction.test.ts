import { expect, onTestFinished, test } from "vitest";
import type { EmailTransport } from "../../../core/message/transport.ts";
import { type ScriptedSmtp, startScriptedSmtp } from "../../../testing/scripted-smtp.ts";
import { transportTo } from "../../../testing/smtp-fixture.ts";
import { sampleMail } from "../../../testing/transport-suite.ts";
import { stuffed } from "./transaction.ts";

type Answers = Record<string, string | null | ((count: number, connection: number) => string | null)>;

/** A relay that offers PIPELINING and takes every mail, but for what `answers` say by the first four letters of the command. */
async function relay(
  answers: Answers,
  greeting = "220 ready\r\n",
): Promise<{ server: ScriptedSmtp; deliver: () => ReturnType<EmailTransport["deliver"]> }> {
  const usual: Answers = { EHLO: "250-relay\r\n250 PIPELINING\r\n", DATA: "354 go on\r\n" };
  const server = await startScriptedSmtp({
    greeting,
    answer: (command, { count, connection }) => {
      const verb = command.slice(0, 4);
      const answer = verb in answers ? answers[verb] : usual[verb];
      return typeof answer === "function"
        ? answer(count, connection)
        : answer === undefined
          ? "250 2.0.0 ok\r\n"
          : answer;
    },
  });
  onTestFinished(() => server.close());
  const transport = transportTo(server.url, {
    timeouts: { connectMs: 1_000, commandMs: 150, dataMs: 150, idleMs: 5_000 },
  });
  return { server, deliver: () => transport.deliver(sampleMail(1), { key: "k" }) };
}

test("asks in order, and says DATA without waiting", async () => {
  const { server, deliver } = await relay({});
  const delivery = await deliver();
  expect(delivery.outcome).toBe("sent");
  expect(server.commands.map((command) => command.slice(0, 4))).toEqual(["EHLO", "MAIL", "RCPT", "DATA", "."]);
  expect(delivery.transcript.indexOf("> DATA")).toBeLessThan(delivery.transcript.indexOf("< 250 2.0.0 ok"));
});

test("an answer that does not come after the whole mail was sent leaves it unknown", async () => {
  const { deliver } = await relay({ ".": null });
  expect(await deliver()).toMatchObject({ outcome: "deferred", class: "timeout", maybeAccepted: true });
});

test("an answer that does not come before the mail was sent leaves nothing unknown", async () => {
  const { deliver } = await relay({ DATA: null });
  expect(await deliver()).toMatchObject({ outcome: "deferred", class: "timeout", maybeAccepted: false });
});

test("a server that wants the body of a refused mail gets nothing, and loses the connection", async () => {
  const { server, deliver } = await relay({ RCPT: "550 5.1.1 no such user\r\n" });
  expect(await deliver()).toMatchObject({ outcome: "bounced", class: "invalid_recipient", maybeAccepted: false });
  expect(server.commands).not.toContain(".");
  await deliver();
  expect(server.commands.filter((command) => command.startsWith("EHLO"))).toHaveLength(2);
});

test("a goodbye on a used connection is no answer to the mail: it goes out over a new one", async () => {
  const { server, deliver } = await relay({
    MAIL: (count, connection) => (connection === 0 && count === 1 ? "421 4.4.2 idle for too long\r\n" : "250 ok\r\n"),
  });
  expect((await deliver()).outcome).toBe("sent");
  expect((await deliver()).outcome).toBe("sent");
  expect(server.commands.filter((command) => command.startsWith("EHLO"))).toHaveLength(2);
});

test("a connection that the server ends between two mails is not used again", async () => {
  const { server, deliver } = await relay({ ".": "250 ok\r\n421 4.4.2 idle for too long\r\n" });
  expect((await deliver()).outcome).toBe("sent");
  expect((await deliver()).outcome).toBe("sent");
  expect(server.commands.filter((command) => command.startsWith("EHLO"))).toHaveLength(2);
});

test("a goodbye on a fresh connection defers the mail", async () => {
  const { deliver } = await relay({ MAIL: "421 4.3.2 shutting down\r\n" });
  expect(await deliver()).toMatchObject({ outcome: "deferred", reply: { code: 421 } });
});

test("a used connection that breaks before any answer is replaced", async () => {
  const { deliver } = await relay({
    MAIL: (count, connection) => (connection === 0 && count === 1 ? "drop" : "250 ok\r\n"),
  });
  expect((await deliver()).outcome).toBe("sent");
  expect((await deliver()).outcome).toBe("sent");
});

test("a used connection that breaks after the mail was sent is not: the mail could arrive twice", async () => {
  const { server, deliver } = await relay({ ".": (count) => (count === 1 ? "drop" : "250 ok\r\n") });
  await deliver();
  expect(await deliver()).toMatchObject({ outcome: "deferred", maybeAccepted: true });
  expect(server.commands.filter((command) => command === ".")).toHaveLength(2);
});

test.each([
  ["something else than SMTP", "HTTP/1.1 400 Bad Request\r\n\r\n"],
  ["a refusal", "554 5.3.2 closed for today\r\n"],
])("a server that greets with %s defers the mail", async (_name, greeting) => {
  const { deliver } = await relay({}, greeting);
  expect(await deliver()).toMatchObject({ outcome: "deferred", class: "connection", maybeAccepted: false });
});

test("falls back to HELO, and then waits for every answer", async () => {
  const { server, deliver } = await relay({ EHLO: "502 5.5.1 what?\r\n" });
  expect((await deliver()).outcome).toBe("sent");
  expect(server.commands.map((command) => command.slice(0, 4))).toEqual(["EHLO", "HELO", "MAIL", "RCPT", "DATA", "."]);
});

test("plain text behind the STARTTLS reply is an attack, and ends the connection", async () => {
  const { deliver } = await relay({ EHLO: "250-relay\r\n250 STARTTLS\r\n", STAR: "220 go\r\n250 AUTH PLAIN\r\n" });
  expect(await deliver()).toMatchObject({ outcome: "deferred", class: "tls" });
});

test.each([
  ["a", "a"],
  [".", ".."],
  [".a\r\n.b\r\nc.", "..a\r\n..b\r\nc."],
  ["a\r\n.\r\n.\r\nb", "a\r\n..\r\n..\r\nb"],
  ["a\r\n..b", "a\r\n...b"],
])("doubles the dots of %j", (raw, expected) => {
  expect(Buffer.concat(stuffed(Buffer.from(raw))).toString()).toBe(expected);
});
