import { parseAddress } from "../../core/message/address.ts";
import { type MailTemplate, whenUnknown } from "../../core/message/mail-template.ts";
import { type OwnMailEffect, ownMailEffect, renderOwnMail } from "../../core/message/own-mail.ts";
import { type RenderedMail, renderMail } from "../../core/message/render-mail.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import { Gatherer } from "../../operations/gather.ts";
import type { Sql } from "../../storage/database.ts";
import { findMailContents, type MailContentKey } from "../../storage/mail-contents.ts";
import type { OutboxRow } from "../../storage/outbox.ts";

type NotRendered = { ok: false; class: string; reason: string };

/** What an effect wants to be mailed, whoever asked for it. */
export type AskedMail = {
  purpose: MailTemplate["purpose"];
  topic: string | null;
  transport: string | undefined;
  /** What to do when nobody knows whether it was taken. */
  whenUnknown: "resend" | "hold";
  render: () => Promise<RenderedMail | NotRendered>;
};

type Options = { sql: Sql; flows: FlowCache; defaultFrom: string };

/** Finds what effects want to be mailed: what a step of a flow says, or the content of a mail of its own; undefined when it is gone. */
export function createMailFinder({ sql, flows, defaultFrom }: Options): (effect: OutboxRow) => AskedMail | undefined {
  const load = contentLoader(sql);
  return (effect) => {
    const own = ownMailEffect(effect);
    if (own) return askedByItself(own, { load: () => load(effect.workspaceId, own.content), defaultFrom });
    const step = flows.version(effect.flowId, effect.version)?.steps.get(effect.step);
    const config = step?.kind.mail?.(step.config);
    if (!config) return undefined;
    const { purpose, topic = null, transport } = config;
    const render = async () => renderMail(config, effect.data, defaultFrom);
    return { purpose, topic, transport, whenUnknown: whenUnknown(config), render };
  };
}

type Content = Awaited<ReturnType<typeof findMailContents>>[number]["content"];

function askedByItself(
  { to, purpose, topic, transport }: OwnMailEffect,
  { load, defaultFrom }: { load: () => Promise<Content | null>; defaultFrom: string },
): AskedMail {
  const render = async () => {
    const content = await load();
    if (!content)
      return { ok: false as const, class: "content_missing", reason: "What the mail says is not stored any more." };
    const from = parseAddress(defaultFrom);
    if (!from.ok) return { ok: false as const, class: "invalid_address", reason: `from: ${from.message}` };
    return renderOwnMail(content, to, from.value);
  };
  return { purpose, topic, transport: transport ?? undefined, whenUnknown: whenUnknown({ purpose }), render };
}

/** Loads contents in small batches: each may be megabytes, and those of one call share theirs. */
function contentLoader(sql: Sql) {
  const gatherer = new Gatherer<MailContentKey, Content | null>({
    write: async (batch) => {
      const keys = [...new Map(batch.map((key) => [key.id, key])).values()];
      const contents = new Map((await findMailContents(sql, keys)).map(({ id, content }) => [id, content]));
      return batch.map(({ id }) => contents.get(id) ?? null);
    },
    maxBatch: 16,
    maxInFlight: 1,
    maxWaiting: Number.POSITIVE_INFINITY,
  });
  return (workspaceId: string, id: string) => gatherer.add({ workspaceId, id });
}
