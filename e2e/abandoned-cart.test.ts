import { afterAll, beforeAll, expect, test } from "vitest";
import { readExample, startRig } from "./rig.ts";

let rig: Awaited<ReturnType<typeof startRig>>;
beforeAll(async () => {
  rig = await startRig(({ body }) => ({ code: `BACK-${JSON.parse(body).cart}`, percent: 10 }));
});
afterAll(() => rig.close());

const contact = { email: "ada@example.com" };

function event(name: string, cartId: string, more: object = {}) {
  const payload = { cartId, total: 40, cartUrl: `https://shop.example/carts/${cartId}`, ...more };
  return { name, contact, payload };
}

test("reminds of each cart that was left, with a voucher, and of none that was ordered", async () => {
  const definition = await readExample("abandoned-cart.json", {
    "https://shop.example/api": rig.target.url,
    '"amount": 1, "unit": "hours"': '"amount": 2, "unit": "seconds"',
  });
  const { id } = await rig.call("POST /v1/flows", { definition });
  await rig.call(`POST /v1/flows/${id}/publish`);

  const events = [
    event("cart.updated", "A"),
    event("cart.updated", "B"),
    event("cart.updated", "C"),
    event("cart.updated", "empty", { total: 0 }),
    event("cart.updated", "A", { total: 90 }),
    event("order.placed", "B"),
  ];
  const { results } = await rig.call("POST /v1/events/batch", { events });
  expect(results).toHaveLength(6);

  const mails = await rig.mails(2);
  expect(mails.map(({ subject }) => subject).sort()).toEqual(["Your cart A is waiting", "Your cart C is waiting"]);
  expect(mails.every(({ to }) => to === contact.email)).toBe(true);
  expect(mails.find(({ subject }) => subject.includes(" A "))?.html).toContain("BACK-A takes 10 % off");
  expect(rig.target.calls.map(({ path, body }) => [path, JSON.parse(body).cart]).sort()).toEqual([
    ["/vouchers", "A"],
    ["/vouchers", "C"],
  ]);

  const { data: runs } = await rig.call(`GET /v1/runs?flowId=${id}`);
  expect(Object.fromEntries(runs.map((run: { key: string; status: string }) => [run.key, run.status]))).toEqual({
    A: "completed",
    B: "completed",
    C: "completed",
  });
  const ordered = runs.find((run: { key: string }) => run.key === "B");
  const { trail } = await rig.call(`GET /v1/runs/${ordered.id}`);
  expect(trail.at(-1)).toMatchObject({ step: "quiet-hour", outcome: "went", exit: "ordered" });
});
