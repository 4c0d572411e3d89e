import { afterAll, beforeAll, expect, test } from "vitest";
import { startRig } from "./rig.ts";

let rig: Awaited<ReturnType<typeof startRig>>;
beforeAll(async () => {
  rig = await startRig(() => ({}));
});
afterAll(() => rig.close());

test("a mail sent as SendPulse's SMTP API takes it arrives, and its record says so", async () => {
  const email = {
    subject: "Grüße",
    html: Buffer.from("<p>Hello</p>").toString("base64"),
    from: { name: "Shop", email: "shop@shop.example" },
    to: [{ name: "Ada", email: "ada@mail.example" }],
  };
  const { id } = await rig.call("POST //smtp/emails", { email });
  const [mail] = await rig.mails(1);
  expect(mail).toMatchObject({
    to: "ada@mail.example",
    subject: "Grüße",
    html: expect.stringContaining("<p>Hello</p>"),
  });
  expect(await rig.call(`GET /smtp/emails/${id}`)).toMatchObject({ recipient: "ada@mail.example", subject: "Grüße" });
});
