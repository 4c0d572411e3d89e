import { afterAll, beforeAll, expect, test } from "vitest";
import { startRig } from "./rig.ts";

const phones = ["+14154449977", "+15551234567", "+16047891234"];
let called: () => void = () => undefined;
let rig: Awaited<ReturnType<typeof startRig>>;
beforeAll(async () => {
  rig = await startRig(() => {
    called();
    return { queued: true };
  });
});
afterAll(() => rig.close());

/** Resolves when the target has been called `count` times in all. */
function calls(count: number): Promise<void> {
  return new Promise((resolve) => {
    called = () => {
      if (rig.target.calls.length >= count) resolve();
    };
  });
}

const flow = (url: string) => ({
  ...{ schema: 1, name: "Broadcast on trigger", reentry: { mode: "always" } },
  entries: { changed: { kind: "property-changed", config: { property: "subscribed" }, next: "send" } },
  steps: {
    send: {
      kind: "http-action",
      config: {
        ...{ method: "POST", url: `${url}/whatsapp` },
        body: { kind: "json", value: { to: "{{ contact.phone }}", plan: "{{ contact.pricingPlan }}" } },
      },
      exits: { success: null, error: null },
    },
  },
});

test("contacts of a CRM import reach the gateway when the property is new to them, and not when it is sent again", async () => {
  const { automationId } = await rig.call("GET /v1/workspace");
  const { id } = await rig.call("POST /v1/flows", { definition: flow(rig.target.url) });
  await rig.call(`POST /v1/flows/${id}/publish`);
  const properties = { pricingPlan: "business", subscribed: "true", source: "crm_import" };
  const send = (some: string[], subscribed = "true") =>
    rig.call(`POST /api/contacts/${automationId}/whatsapp/`, {
      phones: some,
      contact_data: { properties: { ...properties, subscribed } },
    });

  const first = calls(3);
  expect(await send(phones)).toMatchObject({ success: true, created: 3 });
  await first;
  const second = calls(4);
  expect(await send(phones)).toMatchObject({ success: true, unchanged: 3 });
  expect(await send(phones.slice(0, 1), "false")).toMatchObject({ updated: 1 });
  await second;

  const bodies = rig.target.calls.map(({ body }) => JSON.parse(body));
  expect(
    bodies
      .slice(0, 3)
      .map(({ to }) => to)
      .sort(),
  ).toEqual(phones);
  expect(bodies.slice(3)).toEqual([{ to: phones[0], plan: "business" }]);
});
