import { dryRunFlow } from "../../operations/dry-run-flow.ts";
import { simulateFlow } from "../../operations/simulate-flow.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import { idParams } from "./schema.ts";
import { dryRunBody, dryRunView, simulateBody, simulationView } from "./simulate-schema.ts";

const tag = "Flows";
const errors = ["flow_not_found", "flow_version_not_found", "invalid_flow"] as const;

/** Flows tried out: over events, and over the contacts that are there. Nothing is sent, nothing is stored. */
export function serveSimulations(app: RestApp, { platform, callerOf }: RestContext): void {
  app.post(
    "/v1/flows/:id/simulate",
    {
      schema: {
        ...describe({
          tag,
          summary: "Play a flow over events",
          description:
            "In virtual time, with stubs for what would be called. Sends and stores nothing. `recorded` takes events that happened, for contacts as they are now; that needs the scopes events:read and contacts:read too.",
        }),
        params: idParams,
        body: simulateBody,
        response: { 200: simulationView, ...refusals({ hasBody: true, errors }) },
      },
    },
    async (request) => {
      const { now, until, ...story } = request.body;
      const times = { now: now && new Date(now), until: until && new Date(until) };
      return simulateFlow(platform, callerOf(request), { ...story, ...timesOf(times), id: request.params.id });
    },
  );

  app.post(
    "/v1/flows/:id/dry-run",
    {
      schema: {
        ...describe({
          tag,
          summary: "Try a flow on contacts",
          description:
            "Counts who of a list, or of those for whom a condition holds, would go which way, and the messages that would go out. Sends and stores nothing. Each contact comes in once, as if it had never been in the flow.",
        }),
        params: idParams,
        body: dryRunBody,
        response: { 200: dryRunView, ...refusals({ hasBody: true, errors }) },
      },
    },
    async (request) => {
      const { until, ...input } = request.body;
      const times = { until: until && new Date(until) };
      return dryRunFlow(platform, callerOf(request), { ...input, ...timesOf(times), id: request.params.id });
    },
  );
}

/** Those of the instants that were given. */
function timesOf<Name extends string>(times: Record<Name, Date | "" | undefined>): Partial<Record<Name, Date>> {
  const given = Object.entries(times).filter(([, at]) => at instanceof Date);
  return Object.fromEntries(given) as Partial<Record<Name, Date>>;
}
