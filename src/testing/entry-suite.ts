import type { Admission, EntryKind, Occurrence } from "../core/flow/step-kind.ts";
import type { JsonObject } from "../core/json.ts";
import { occurrence } from "./flow-fixture.ts";
import { stepContext } from "./step-suite.ts";

/** What an entry says to an event of this name and payload. Its conditions see the payload and the sample contact. */
export function entrySays<Config>(
  kind: EntryKind<Config>,
  config: unknown,
  { name, payload = {}, ...changes }: Partial<Occurrence> & { name: string; payload?: JsonObject },
): Admission {
  const { scope, now } = stepContext({}, payload);
  return kind.accepts(kind.config.parse(config), occurrence({ name, payload, ...changes }), {
    entry: "entry",
    scope,
    now,
  });
}

/** The names of events that an entry of this configuration listens to. */
export function entryHears<Config>(kind: EntryKind<Config>, config: unknown): readonly string[] {
  return kind.listensTo(kind.config.parse(config), { flowId: "flow-1", entry: "entry" });
}

/** What an entry says to what it does not take, in one word. */
export const refused = (reason: string) => ({ admit: false, reason });

/** A condition that holds for the sample contact, and one that does not. */
export const isGold = { field: "contact.plan", operator: "is", value: "gold" };
export const isSilver = { field: "contact.plan", operator: "is", value: "silver" };
