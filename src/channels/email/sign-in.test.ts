import { describe, expect, test } from "vitest";
import type { EmailTransport } from "../../core/message/transport.ts";
import { sink, transportTo } from "../../testing/smtp-fixture.ts";
import { sampleMail } from "../../testing/transport-suite.ts";

const send = (transport: EmailTransport) => transport.deliver(sampleMail(1), { key: "run:mail:1" });

describe("TLS and sign-in", () => {
  test("STARTTLS is used when it is offered", async () => {
    const server = await sink({ tls: "starttls" });
    expect((await send(transportTo(server.url))).outcome).toBe("sent");
    expect(server.messages[0]?.isSecure).toBe(true);
  });

  test("TLS from the start works", async () => {
    const server = await sink({ tls: "implicit" });
    expect((await send(transportTo(`${server.url}?verify=off`))).outcome).toBe("sent");
    expect(server.messages[0]?.isSecure).toBe(true);
  });

  test.each([
    ["starttls", "?tls=required"],
    ["implicit", ""],
  ] as const)("a certificate that nobody vouches for is refused (%s)", async (tls, query) => {
    const delivery = await send(transportTo(`${(await sink({ tls })).url}${query}`));
    expect(delivery).toMatchObject({ outcome: "deferred", class: "tls", maybeAccepted: false });
  });

  test("demanded STARTTLS that is not offered defers the mail", async () => {
    const delivery = await send(transportTo(`${(await sink()).url}?tls=required`));
    expect(delivery).toMatchObject({
      outcome: "deferred",
      class: "tls",
      reason: expect.stringContaining("offers no STARTTLS"),
    });
  });

  test.each(["PLAIN", "LOGIN"] as const)(
    "signs in with AUTH %s, and keeps the secrets out of the transcript",
    async (method) => {
      const auth = { user: "anna@shop.example", password: "hunter2é", methods: [method] };
      const server = await sink({ auth, tls: "starttls" });
      const delivery = await send(transportTo(server.url, auth));
      expect(delivery.outcome).toBe("sent");
      expect(server.messages[0]?.user).toBe("anna@shop.example");
      const said = JSON.stringify(delivery);
      for (const secret of [
        "hunter2é",
        Buffer.from("hunter2é").toString("base64"),
        Buffer.from("\0anna@shop.example\0hunter2é").toString("base64"),
      ]) {
        expect(said).not.toContain(secret);
      }
    },
  );

  test("a wrong password is deferred as authentication, with the server's words", async () => {
    const server = await sink({ auth: { user: "anna", password: "right" } });
    const delivery = await send(transportTo(server.url, { user: "anna", password: "wrong" }));
    expect(delivery).toMatchObject({ outcome: "deferred", class: "authentication", reply: { code: 535 } });
  });

  test("verify says what is wrong in a sentence", async () => {
    const server = await sink({ auth: { user: "anna", password: "right" } });
    const transport = transportTo(server.url, { user: "anna", password: "wrong" });
    expect(await transport.verify()).toMatchObject({
      ok: false,
      reason: expect.stringContaining("refused the user name or password"),
    });
  });

  test("a user without AUTH on the other side is told so", async () => {
    const transport = transportTo((await sink()).url, { user: "anna", password: "x" });
    expect(await transport.verify()).toMatchObject({
      ok: false,
      reason: expect.stringContaining("offers neither AUTH PLAIN nor AUTH LOGIN"),
    });
  });
});
