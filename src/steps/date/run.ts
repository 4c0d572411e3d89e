import { audienceIssues } from "../../core/audience.ts";
import { occurrenceName } from "../../core/flow/occurrence-names.ts";
import { acceptsOwnStart } from "../../core/flow/own-start.ts";
import type { EntryKind } from "../../core/flow/step-kind.ts";
import { candidateDays, pick } from "./pick.ts";
import { type DateConfig, dateConfig } from "./schema.ts";

const quarterMs = 15 * 60_000;

/** Starts the flow by a date in a property of the contact: on the day itself, or days before or after, once or every year. */
export const date: EntryKind<DateConfig> = {
  name: "date",
  title: "Date",
  config: dateConfig,
  check: ({ audience }) => (audience === undefined ? [] : audienceIssues(audience, "audience")),
  listensTo: (_config, { flowId }) => [occurrenceName.start(flowId)],
  accepts: (_config, occurrence, { entry }) => acceptsOwnStart(occurrence, entry),
  schedule: {
    audience: ({ audience = null }) => audience,
    variables: () => ({}),
    nextAt: ({ at }, { after }) => nextLook(at, after),
    picks: { among: candidateDays, pick },
  },
};

/** Zones lie on quarters of an hour, so somewhere it is that time of day every fifteen minutes, and at no other minute. */
function nextLook(timeOfDay: string, after: Date): Date {
  const phase = (Number(timeOfDay.slice(3)) * 60_000) % quarterMs;
  const quarters = Math.floor((after.getTime() - phase) / quarterMs) + 1;
  return new Date(quarters * quarterMs + phase);
}
