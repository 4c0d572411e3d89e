import type { AskedEffect } from "../flow/advanced.ts";
import type { CompiledFlow } from "../flow/compile.ts";
import type { Run } from "../flow/run.ts";
import type { MailTemplate } from "../message/mail-template.ts";
import type { SimulatedMessage } from "./simulation.ts";

/** A mail on its way out: what was asked for, and what is told of it, which changes as things become of it. */
export type OutgoingMail = {
  id: string;
  run: Run;
  flow: CompiledFlow;
  effect: AskedEffect;
  template: MailTemplate;
  message: SimulatedMessage;
  /** The rule that has put it off last. */
  putOffBy: string | null;
};
