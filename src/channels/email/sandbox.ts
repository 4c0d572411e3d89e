import type { Delivery } from "../../core/message/delivery.ts";
import type { ComposedEmail, EmailTransport, StoreMail } from "../../core/message/transport.ts";

/** A transport that hands every mail to `store` and sends nothing: what the sandbox inbox shows. */
export function createSandboxTransport(store: StoreMail): EmailTransport {
  return {
    async deliver(message, options) {
      const startedAt = performance.now();
      await store(message, options);
      return { ...kept(message), durationMs: Math.round(performance.now() - startedAt) };
    },
    verify: async () => ({ ok: true }),
    close: async () => undefined,
  };
}

function kept({ envelope, sizeBytes }: ComposedEmail): Omit<Delivery, "durationMs"> {
  const text = "Kept in the sandbox inbox; nothing was sent.";
  return {
    outcome: "sent",
    class: "none",
    reply: { code: 250, text },
    reason: text,
    transcript: [`sandbox: from <${envelope.from}> to <${envelope.to.join(">, <")}>, ${sizeBytes} bytes`],
    maybeAccepted: false,
  };
}
