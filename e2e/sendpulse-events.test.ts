import { afterAll, beforeAll, expect, test } from "vitest";
import { startRig } from "./rig.ts";

let paid: () => void = () => undefined;
const heardOfPayment = new Promise<void>((resolve) => {
  paid = resolve;
});
let rig: Awaited<ReturnType<typeof startRig>>;
beforeAll(async () => {
  rig = await startRig(({ path }) => {
    if (path === "/paid") paid();
    return { discount: "WELCOME10" };
  });
});
afterAll(() => rig.close());

/** The request of SendPulse's own page, to the address it names there. */
const address = { token: "eb561baa181247d1cd378c4ead632877", account: 7043663 };
const body = `{
  "email": "test1@test1.com",
  "phone": "+123456789",
  "product_name": "product_name value",
  "product_id": 123,
  "product_link": "product_link value",
  "product_price": "product_price value",
  "product_img_url": "product_img_url value",
  "event_date": "2021-05-28"
}`;

async function send(path: string, text: string) {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(rig.url + path, { method: "POST", headers, body: text });
  const said = (await answer.json()) as { flows_started: object[] };
  return { status: answer.status, body: said };
}

async function publish(definition: object) {
  const { id, number } = await rig.call("POST /v1/flows", { definition: { schema: 1, ...definition } });
  await rig.call(`POST /v1/flows/${id}/publish`);
  return { id, number };
}

test("a call of the page starts a flow that asks an API and sends a mail", async () => {
  await rig.call("POST /v1/event-definitions", { name: "viewed", ...address });
  const { number } = await publish({
    name: "Viewed product",
    entries: { viewed: { kind: "event", config: { event: "viewed" }, next: "ask" } },
    steps: {
      ask: {
        kind: "http-action",
        config: {
          method: "POST",
          url: `${rig.target.url}/discounts`,
          body: { kind: "json", value: { product: "{{ event.product_id }}", day: "{{ event.event_date }}" } },
        },
        exits: { success: "mail", error: null },
      },
      mail: {
        kind: "send-email",
        config: {
          subject: "{{ event.product_name }} for less",
          html: "<p>{{ contact.email }}: {{ steps.ask.body.discount }} on {{ event.product_link }}</p>",
        },
        exits: { next: null },
      },
    },
  });
  const answer = await send(`/events/id/${address.token}/${address.account}`, body);
  expect(answer).toMatchObject({
    status: 200,
    body: { result: true, flows_started: [{ id: number, name: "Viewed product" }], flows_not_started: [] },
  });
  const [mail] = await rig.mails(1);
  expect(rig.target.calls.map(({ path, body: sent }) => [path, JSON.parse(sent)])).toEqual([
    ["/discounts", { product: 123, day: "2021-05-28" }],
  ]);
  expect(mail).toMatchObject({ to: "test1@test1.com", subject: "product_name value for less" });
  expect(mail?.html).toContain("test1@test1.com: WELCOME10 on product_link value");
  expect(await rig.call("GET /v1/event-definitions/viewed")).toMatchObject({
    learns: false,
    variables: expect.arrayContaining([
      { name: "product_id", type: "number" },
      { name: "event_date", type: "date" },
    ]),
  });
});

test("another event stops the flow", async () => {
  const { id } = await publish({
    name: "Cart",
    entries: { left: { kind: "event", config: { event: "cart_left" }, next: "pause" } },
    steps: {
      pause: { kind: "wait", config: { for: { amount: 1, unit: "days" } }, exits: { next: "mail" } },
      mail: { kind: "send-email", config: { subject: "Your cart", html: "<p>Still there</p>" }, exits: { next: null } },
    },
    exitWhen: [{ event: "cart_paid" }],
  });
  // Told of in the same pass that ends the run of the other.
  await publish({
    name: "Paid",
    entries: { paid: { kind: "event", config: { event: "cart_paid" }, next: "tell" } },
    steps: {
      tell: {
        kind: "http-action",
        config: { method: "POST", url: `${rig.target.url}/paid`, body: { kind: "none" } },
        exits: { success: null, error: null },
      },
    },
  });
  const { path: left } = await rig.call("POST /v1/event-definitions", { name: "cart_left", variables: [] });
  const { path: stop } = await rig.call("POST /v1/event-definitions", { name: "cart_paid", variables: [] });
  const contact = JSON.stringify({ email: "cart@test1.com" });
  expect((await send(left, contact)).body.flows_started).toMatchObject([{ name: "Cart" }]);
  expect((await send(stop, contact)).status).toBe(200);
  await heardOfPayment;
  const { data } = await rig.call(`GET /v1/runs?flowId=${id}`);
  expect(data).toMatchObject([{ status: "exited", reason: "exit_rule_0" }]);
});
