import { afterAll, beforeAll, expect, test } from "vitest";
import { startRig } from "./rig.ts";

let rig: Awaited<ReturnType<typeof startRig>>;
beforeAll(async () => {
  rig = await startRig(({ body }) => ({ code: `GRAZIE-${JSON.parse(body).order}` }));
});
afterAll(() => rig.close());

/** After a purchase: call the shop's API for a voucher, then write to the customer. Again after a week, and not to who cancelled. */
function flowOf(list: string, url: string) {
  const body = { kind: "json", value: { order: "{{ event.order.id }}", total: "{{ contact.total_spent }}" } };
  return {
    schema: 1,
    name: "Dopo l'acquisto",
    entries: {
      shop: {
        kind: "incoming-call",
        config: {
          list,
          map: { email: "customer.email", first_name: "customer.name.first", total_spent: "order.total" },
          require: ["email"],
          auth: "api-key",
        },
        next: "voucher",
      },
    },
    steps: {
      voucher: {
        kind: "http-action",
        config: { method: "POST", url: `${url}/vouchers`, body },
        exits: { success: "mail", error: null },
      },
      mail: {
        kind: "send-email",
        config: {
          subject: "Grazie {{ contact.first_name }}",
          html: "<p>{{ steps.voucher.body.code }}</p>",
        },
        exits: { next: null },
      },
    },
    reentry: { mode: "after", span: { amount: 7, unit: "days" } },
    exitWhen: [{ when: { field: "contact.cancelled", operator: "isTrue" } }],
  };
}

async function post(path: string, body: object) {
  const { data: keys } = await rig.call("GET /v1/keys");
  const headers = { consumerKey: keys[0].id, consumerSecret: rig.key, "content-type": "application/json" };
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, answer: JSON.parse(await response.text()) };
}

test("a shop's call with consumerKey and consumerSecret goes through an HTTP action to a mail, once in a week", async () => {
  const api = `${rig.url}/apps/api/v1`;
  const { answer: made } = await post(`${api}/lists`, { instance_in: { list_name: "Clienti" } });
  const field = { data_type: "number", name: "Total", place_holder: "total_spent" };
  await post(`${api}/lists/${made.list_id}/customfields`, { instance_in: field });
  const list = await rig.call(`GET /v1/lists/${made.list_id}`);
  const { id } = await rig.call("POST /v1/flows", { definition: flowOf(list.id, rig.target.url) });
  const flow = await rig.call(`POST /v1/flows/${id}/publish`);
  const address = new URL(new URL(flow.incomingCalls[0].url, rig.url).pathname, rig.url).href;

  const order = { id: "A-1", total: "49.90" };
  const customer = { email: "ada@example.com", name: { first: "Ada" } };
  const nobody = await post(address, { order, customer: { name: { first: "X" } } });
  expect([nobody.status, nobody.answer.issues[0].path]).toEqual([422, "customer.email"]);
  expect((await fetch(address, { method: "POST", body: JSON.stringify({ customer, order }) })).status).toBe(401);
  const called = await post(address, { customer, order });
  expect(called).toMatchObject({ status: 200, answer: { contactCreated: true, flow: flow.number } });

  const [mail] = await rig.mails(1);
  expect(mail).toMatchObject({ to: "ada@example.com", subject: "Grazie Ada" });
  expect(mail?.html).toContain("GRAZIE-A-1");
  expect(rig.target.calls.map(({ path, body }) => [path, JSON.parse(body)])).toEqual([
    ["/vouchers", { order: "A-1", total: 49.9 }],
  ]);

  const again = await post(address, { customer, order: { ...order, id: "A-2" } });
  const reasonHere = async () => {
    const { outcomes } = await rig.call(`GET /v1/events/${again.answer.eventId}`);
    return outcomes.find(({ flowId }: { flowId: string }) => flowId === id)?.reason;
  };
  await expect.poll(reasonHere).toBe("entered_too_recently");
  expect(await rig.call(`GET /v1/lists/${made.list_id}`)).toMatchObject({ members: { subscribed: 1 } });
  expect(rig.target.calls).toHaveLength(1);
});

test("an import tells its link when it has ended", async () => {
  const api = `${rig.url}/apps/api/v1`;
  const { answer: made } = await post(`${api}/lists`, { instance_in: { list_name: "Importati" } });
  const contacts = [[{ placeholder: "email", value: "bob@example.com" }]];
  const notification = { contacts, notification_link: `${rig.target.url}/imported` };
  const { answer } = await post(`${api}/lists/${made.list_id}/import`, { instance_in: notification });
  await expect.poll(() => rig.target.calls.find(({ path }) => path === "/imported")?.body).toBeDefined();
  const told = rig.target.calls.find(({ path }) => path === "/imported");
  expect(JSON.parse(told?.body ?? "")).toEqual({
    ...{ id: answer.id, list_id: made.list_id, status: "done", progress: "100" },
    ...{ imported_success: "1", imported_updated: "0", imported_fail: "0" },
  });
});
