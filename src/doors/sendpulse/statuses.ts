import type { MembershipState } from "../../core/contact.ts";

export type Status = { status: number; status_explain: string };

const byState: Record<MembershipState, Status> = {
  subscribed: { status: 1, status_explain: "Active" },
  unconfirmed: { status: 2, status_explain: "Confirmation requested" },
  unsubscribed: { status: 4, status_explain: "Unsubscribed" },
};

/** SendPulse's status of a member: what keeps its address from being written to goes before its state in the list. */
export function statusOf({ state, suppressed }: { state: MembershipState; suppressed: string | null }): Status {
  if (suppressed === null) return byState[state];
  if (suppressed === "unsubscribed") return { status: 6, status_explain: "Unsubscribed from all" };
  if (/bounce|mailbox|recipient/i.test(suppressed)) return { status: 7, status_explain: `Error: ${suppressed}` };
  return { status: 5, status_explain: `Rejected: ${suppressed}` };
}
