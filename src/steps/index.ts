import type { EntryKind, StepKind } from "../core/flow/step-kind.ts";
import { abTest } from "./ab-test/run.ts";
import { condition } from "./condition/run.ts";
import { date } from "./date/run.ts";
import { emitEvent } from "./emit-event/run.ts";
import { end } from "./end/run.ts";
import { eventEntry } from "./event-entry/run.ts";
import { goTo } from "./go-to/run.ts";
import { goal } from "./goal/run.ts";
import { httpAction } from "./http-action/run.ts";
import { inboundMessage } from "./inbound-message/run.ts";
import { incomingCall } from "./incoming-call/run.ts";
import { listChanged } from "./list-changed/run.ts";
import { messageEvent } from "./message-event/run.ts";
import { notify } from "./notify/run.ts";
import { propertyChanged } from "./property-changed/run.ts";
import { schedule } from "./schedule/run.ts";
import { segmentChanged } from "./segment-changed/run.ts";
import { sendEmail } from "./send-email/run.ts";
import { setVariable } from "./set-variable/run.ts";
import { split } from "./split/run.ts";
import { start } from "./start/run.ts";
import { startFlow } from "./start-flow/run.ts";
import { tagChanged } from "./tag-changed/run.ts";
import { unsubscribe } from "./unsubscribe/run.ts";
import { updateContact } from "./update-contact/run.ts";
import { wait } from "./wait/run.ts";
import { waitFor } from "./wait-for/run.ts";

/** Every kind of step, by the name that flows use. */
export const stepKinds: Readonly<Record<string, StepKind>> = byName<StepKind>([
  abTest,
  condition,
  emitEvent,
  end,
  goTo,
  goal,
  httpAction,
  notify,
  sendEmail,
  split,
  setVariable,
  startFlow,
  unsubscribe,
  updateContact,
  wait,
  waitFor,
]);

/** Every kind of entry, by the name that flows use. */
export const entryKinds: Readonly<Record<string, EntryKind>> = byName<EntryKind>([
  date,
  eventEntry,
  inboundMessage,
  incomingCall,
  listChanged,
  messageEvent,
  propertyChanged,
  schedule,
  segmentChanged,
  start,
  tagChanged,
]);

function byName<Kind extends { name: string }>(kinds: readonly Kind[]): Record<string, Kind> {
  return Object.fromEntries(kinds.map((kind) => [kind.name, kind]));
}
