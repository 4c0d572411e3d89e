import type { NamedEventReceipt } from "../../operations/record-named-event.ts";

type Flow = { id: number; name: string };

/** SendPulse's `{"result":true}`, and what happened. `flows_open`: whether these start, only the page at `details_url` can say. */
export type EventAnswer = {
  result: true;
  event_id: string;
  contact_id: string;
  listened: boolean;
  flows_started: Flow[];
  flows_open: Flow[];
  flows_not_started: (Flow & { reason: string })[];
  warnings: { field: string; message: string }[];
  details_url: string;
};

/** The answer to an event call. */
export function answerEvent(receipt: NamedEventReceipt, detailsUrl: string): EventAnswer {
  const { starts, open, refused } = receipt.flows;
  return {
    result: true,
    event_id: receipt.eventId,
    contact_id: receipt.contactId,
    listened: receipt.listened,
    flows_started: starts.map(({ number, name }) => ({ id: number, name })),
    flows_open: open.map(({ number, name }) => ({ id: number, name })),
    flows_not_started: refused.map(({ number, name, reason }) => ({ id: number, name, reason })),
    warnings: receipt.issues.map(({ path, message }) => ({ field: path, message })),
    details_url: detailsUrl,
  };
}
