import { channels } from "../../../channels/index.ts";
import type { Configuration } from "../../configuration.ts";
import type { Finding } from "./finding.ts";

type Settings = Pick<Configuration, "smtp" | "emailFrom" | "isEmailFromSet">;

/** The way out for e-mail: connects and signs in, sends nothing. */
export async function checkMail({ smtp, emailFrom, isEmailFromSet }: Settings): Promise<Finding[]> {
  if (!smtp) return [{ state: "ok", what: "E-mails go to the sandbox inbox: SMTP_URL is not set." }];
  const where = `The SMTP relay ${smtp.host}:${smtp.port}`;
  const transport = channels.email.createTransport(smtp, async () => undefined);
  const verdict = await transport.verify().finally(() => transport.close());
  const relay: Finding = verdict.ok
    ? { state: "ok", what: `${where} lets us in.` }
    : {
        state: "fail",
        what: `${where} does not let us in: ${verdict.reason}`,
        advice: "Check SMTP_URL: host, port, user, password, tls.",
      };
  if (isEmailFromSet)
    return [relay, { state: "ok", what: `Mails come from ${emailFrom} unless a flow says otherwise.` }];
  const advice = "Set EMAIL_FROM to an address of your own domain; most servers refuse this one.";
  return [relay, { state: "warn", what: `Mails come from ${emailFrom} unless a flow says otherwise.`, advice }];
}
