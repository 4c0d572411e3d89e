import { type Context, toValue } from "liquidjs";
import { maxOutputLength } from "./limits.ts";
import { TemplateError } from "./template-error.ts";
import { type Budget, chargeValue } from "./work.ts";

const register = "staffettaOutput";

/** Text being rendered, with a limit on its length. It knows what was written before, which the escaping of URLs and JSON depends on. */
export class Output {
  buffer = "";
  readonly isCapture: boolean;
  readonly #budget: Budget;
  #scanned = 0;
  #insideString = false;

  constructor(context: Context, isCapture: boolean) {
    this.#budget = context.memoryLimit;
    this.isCapture = isCapture;
    context.setRegister(register, this);
  }

  write(value: unknown): void {
    const text = typeof value === "string" ? value : valueText(this.#budget, value);
    this.#budget.use(text.length);
    if (this.buffer.length + text.length > maxOutputLength) {
      throw new TemplateError(`The template gives more than ${maxOutputLength} characters.`);
    }
    this.buffer += text;
  }

  /** True when the text so far ends inside a JSON string. */
  get insideString(): boolean {
    for (; this.#scanned < this.buffer.length; this.#scanned += 1) {
      const code = this.buffer.charCodeAt(this.#scanned);
      if (code === 0x22) this.#insideString = !this.#insideString;
      else if (code === 0x5c && this.#insideString) this.#scanned += 1;
    }
    return this.#insideString;
  }
}

/** The output that is being written now: the template's own, or that of the `capture` tag it is in. */
export function currentOutput(context: Context): Output {
  return context.getRegister<Output>(register);
}

/** Makes `output` the one being written again, after a `capture` tag has ended. */
export function resumeOutput(context: Context, output: Output): void {
  context.setRegister(register, output);
}

/** A value as text: nothing for null, lists without separators as in Liquid, objects as JSON. */
export function valueText(budget: Budget, raw: unknown): string {
  const value = toValue(raw);
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return String(value);
  chargeValue(budget, value);
  if (Array.isArray(value)) return value.map((item) => valueText(budget, item)).join("");
  return JSON.stringify(value);
}
