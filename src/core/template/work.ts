import { type Context, defaultOperators, toValue } from "liquidjs";
import { pieceCost } from "./limits.ts";

/** Where work is charged; throws once the limit is used up. */
export type Budget = { use(count: number): void };

/**
 * Charges the size of a value: characters of text, and everything inside lists and objects. It walks what filters and operators
 * would walk, because a list that holds itself twice, forty times over, is small in memory and endless to print.
 * An item costs as much as a piece: `find` and `where` make a scope for each.
 */
export function chargeValue(budget: Budget, value: unknown): void {
  if (typeof value === "string") budget.use(value.length);
  if (typeof value !== "object" || value === null) return;
  const items = Array.isArray(value) ? value : Object.values(value);
  budget.use(pieceCost * (items.length + 1));
  for (const item of items) chargeValue(budget, item);
}

type Handler = (this: { context: Context }, value: unknown, ...args: unknown[]) => unknown;

/** The same filter, paying for its call and for every value it is given. */
export function chargedFilter(handler: Handler): Handler {
  return function charged(value, ...args) {
    const budget = this.context.memoryLimit;
    budget.use(pieceCost);
    chargeValue(budget, value);
    for (const arg of args) chargeValue(budget, arg);
    return handler.call(this, value, ...args);
  };
}

/** Liquid's operators, paying for both sides. */
export function chargedOperators(): typeof defaultOperators {
  const operators: typeof defaultOperators = { ...defaultOperators };
  for (const [name, handler] of Object.entries(defaultOperators)) {
    if (name === "not") continue;
    const compare = handler as (left: unknown, right: unknown, context: Context) => ReturnType<typeof handler>;
    operators[name] = (left: unknown, right: unknown, context: Context) => {
      chargeValue(context.memoryLimit, toValue(left));
      chargeValue(context.memoryLimit, toValue(right));
      return compare(left, right, context);
    };
  }
  return operators;
}
