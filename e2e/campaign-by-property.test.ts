import { afterAll, beforeAll, expect, test } from "vitest";
import { readExample, startRig } from "./rig.ts";

const count = 200;
let reached: () => void = () => undefined;
const all = new Promise<void>((resolve) => {
  reached = resolve;
});
let rig: Awaited<ReturnType<typeof startRig>>;
beforeAll(async () => {
  let calls = 0;
  rig = await startRig(() => {
    calls += 1;
    if (calls === count / 2) reached();
    return { queued: true };
  });
});
afterAll(() => rig.close());

const phone = (index: number) => `+3933300${String(index).padStart(5, "0")}`;

function chosen(index: number, campaign: string) {
  return { name: "campaign.chosen", contact: { phone: phone(index), properties: { campaign } } };
}

test("calls the gateway once for each contact whose property changed to the value, and for no other", async () => {
  const indexes = Array.from({ length: count }, (_, index) => index);
  // Half of them have the value before the flow is there: to set it again is no change.
  const before = indexes.map((index) => chosen(index, index % 2 === 0 ? "spring" : "winter"));
  await rig.call("POST /v1/events/batch", { events: before });
  const definition = await readExample("campaign-by-property.json", { "https://gateway.example/api": rig.target.url });
  const { id } = await rig.call("POST /v1/flows", { definition });
  await rig.call(`POST /v1/flows/${id}/publish`);

  const { accepted } = await rig.call("POST /v1/events/batch", {
    events: indexes.map((index) => chosen(index, "spring")),
  });
  expect(accepted).toBe(count);
  await all;

  const called = rig.target.calls.map(({ body }) => JSON.parse(body));
  expect(called.map(({ to }) => to).sort()).toEqual(indexes.filter((index) => index % 2 === 1).map(phone));
  expect(called.every(({ campaign }) => campaign === "spring")).toBe(true);
});
