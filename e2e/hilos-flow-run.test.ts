import { afterAll, beforeAll, expect, test } from "vitest";
import { type Call, startRig } from "./rig.ts";

const phones = { fine: "+525544443333", broken: "+525544443334" };
let rig: Awaited<ReturnType<typeof startRig>>;
let called: () => void = () => undefined;
const done = new Promise<void>((resolve) => {
  called = resolve;
});
beforeAll(async () => {
  const ends = new Set<string>();
  const answer = ({ path, body }: Call) => {
    if (path.startsWith("/told")) ends.add(body);
    if (ends.size === 2) called();
    return { code: "CRM-7" };
  };
  const isRefused = ({ path, body }: Call) => path === "/crm" && JSON.parse(body).phone === phones.broken;
  rig = await startRig(answer, (call) => (isRefused(call) ? 422 : 200));
});
afterAll(() => rig.close());

const call = (url: string, value: object, exits: object) => ({
  ...{ kind: "http-action", exits },
  config: { method: "POST", url, body: { kind: "json", value } },
});

/** An action, and one step for each of its two branches. */
const flow = (url: string) => ({
  ...{ schema: 1, name: "CRM update", reentry: { mode: "always" } },
  entries: { begin: { kind: "start", config: { variables: { campaign: { type: "string" } } }, next: "update-crm" } },
  steps: {
    "update-crm": call(
      `${url}/crm`,
      { phone: "{{ contact.phone }}", campaign: "{{ event.campaign }}" },
      { success: "worked", error: "failed" },
    ),
    worked: call(
      `${url}/told/success`,
      { phone: "{{ contact.phone }}", code: "{{ steps.update-crm.body.code }}" },
      { success: null, error: null },
    ),
    failed: call(`${url}/told/error`, { phone: "{{ contact.phone }}" }, { success: null, error: null }),
  },
});

test("a flow run for a list goes through the action and both of its branches, and says so of each contact", async () => {
  const hilos = (request: string, body?: object) => rig.call(request, body, { authorization: `Token ${rig.key}` });
  const { id } = await rig.call("POST /v1/flows", { definition: flow(rig.target.url) });
  await rig.call(`POST /v1/flows/${id}/publish`);
  const execution = await hilos(`POST /api/flow/${id}/run`, {
    execute_for: "LIST",
    contact_list: [{ phone: phones.fine, first_name: "Ana" }, { phone: phones.broken }],
    flow_execution_variables: { campaign: "spring" },
    has_priority: true,
  });
  expect(execution).toMatchObject({ num_contacts: 2, has_priority: true });
  await done;

  const told = rig.target.calls.map(({ path, body }) => [path, JSON.parse(body)]);
  expect(told).toContainEqual(["/crm", { phone: phones.fine, campaign: "spring" }]);
  expect(told).toContainEqual(["/told/success", { phone: phones.fine, code: "CRM-7" }]);
  expect(told).toContainEqual(["/told/error", { phone: phones.broken }]);

  const { results } = await hilos(`GET /api/flow-execution-contact?flow_execution=${execution.id}`);
  for (const { id: contactId, contact } of results) {
    const { execution_steps: steps } = await hilos(`GET /api/flow-execution-contact/${contactId}`);
    const update = steps.find(({ step }: { step: { name: string } }) => step.name === "update-crm");
    const isFine = contact.phone === phones.fine;
    expect(update).toMatchObject({ status: isFine ? "COMPLETED" : "FAILED", has_error: !isFine });
  }
});
