import { audienceIssues } from "../../core/audience.ts";
import { nextCronAt } from "../../core/cron.ts";
import { occurrenceName } from "../../core/flow/occurrence-names.ts";
import { acceptsOwnStart } from "../../core/flow/own-start.ts";
import type { EntryKind } from "../../core/flow/step-kind.ts";
import { sharedVariablesIssues } from "../../core/flow/variables.ts";
import { type ScheduleConfig, scheduleConfig } from "./schema.ts";

/** Starts the flow for an audience whenever a cron expression fires. */
export const schedule: EntryKind<ScheduleConfig> = {
  name: "schedule",
  title: "Schedule",
  config: scheduleConfig,
  check: ({ audience, variables }) => [
    ...audienceIssues(audience, "audience"),
    ...sharedVariablesIssues(variables, "variables"),
  ],
  listensTo: (_config, { flowId }) => [occurrenceName.start(flowId)],
  accepts: (_config, occurrence, { entry }) => acceptsOwnStart(occurrence, entry),
  schedule: {
    audience: ({ audience }) => audience,
    variables: ({ variables }) => variables,
    nextAt: ({ cron, timeZone: own }, { after, timeZone }) => nextCronAt(cron, { after, timeZone: own ?? timeZone }),
  },
};
