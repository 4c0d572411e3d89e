import type { CompiledFlow } from "../flow/compile.ts";
import type { Run } from "../flow/run.ts";
import type { MailTemplate } from "../message/mail-template.ts";
import { rulesFor } from "../message/rules-for.ts";
import { decideSending, type SendingVerdict } from "../message/sending.ts";
import { firstTimeZone } from "../time.ts";
import type { Telling } from "./telling.ts";

/** A mail that would go now. `isMessage` is false for what goes to people of the workspace. */
export type Outgoing = {
  id: string;
  run: Run;
  flow: CompiledFlow;
  template: MailTemplate;
  channel: string;
  isMessage: boolean;
};

const go: SendingVerdict = { kind: "send" };

/**
 * What the rules around sending say of a mail: quiet hours, frequency caps, the rate of the flow, by the functions of the engine. The rate of
 * a transport counts only where the mail names it, for which one is the first is not known here.
 */
export function verdictOn({ stage, state }: Telling, outgoing: Outgoing, now: Date): SendingVerdict {
  const { id, run, flow, template, channel, isMessage } = outgoing;
  const { workspace } = stage.input;
  const { purpose, topic = null, transport = null } = template;
  const keys = { flow: `flow:${flow.id}`, transport: `transport:${transport}` };
  const { sending } = flow.definition;
  const rules = rulesFor({ settings: workspace.settings, sending, purpose, isMessage, transport, keys });
  if (rules === null) return go;
  const timeZone = firstTimeZone([state.contact.timeZone, workspace.timeZone]);
  const { contactId, priority } = run;
  const message = { id, contactId, channel, topic, priority, timeZone, rules };
  return decideSending([message], stage.sending, now).get(message) ?? go;
}

/** A message that did not arrive takes no place under a cap. */
export function uncount({ stage }: Telling, id: string, contactId: string): void {
  const counted = stage.sending.counted.get(contactId);
  if (counted)
    stage.sending.counted.set(
      contactId,
      counted.filter((message) => message.id !== id),
    );
}
