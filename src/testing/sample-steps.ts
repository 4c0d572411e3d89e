/** Lets several runs of one contact be in a flow at the same time. */
export const beside = { reentry: { mode: "always", whileRunning: "beside" } };

/** A wait of so many hours. */
export function wait(amount: number, next: string | null) {
  return { kind: "wait", config: { for: { amount, unit: "hours" } }, exits: { next } };
}

/** A call whose failure leads to a step named `broken`. */
export function call(next: string | null) {
  const config = { method: "POST", url: "http://127.0.0.1:9/" };
  return { kind: "http-action", config, exits: { success: next, error: "broken" } };
}

export const end = { kind: "end", config: {}, exits: {} };

export const mail = { kind: "send-email", config: { subject: "Hi", html: "<p>Hi</p>" }, exits: { next: null } };
