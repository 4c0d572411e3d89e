import type { Channel } from "../../core/message/channel.ts";
import { composeEmail } from "./compose.ts";
import { createSmtpTransport } from "./deliver.ts";
import { nextDeliveryAt } from "./retry-schedule.ts";
import { createSandboxTransport } from "./sandbox.ts";
import { type EmailTransportSettings, emailTransportSettings } from "./settings.ts";

/** E-mail: MIME out by an SMTP relay, or kept in the sandbox. */
export const email: Channel<EmailTransportSettings> = {
  name: "email",
  title: "E-mail",
  transportSettings: emailTransportSettings,
  compose: composeEmail,
  createTransport: (settings, store) =>
    settings.kind === "sandbox" ? createSandboxTransport(store) : createSmtpTransport(settings),
  nextDeliveryAt,
};
