import type { Configuration } from "../configuration.ts";
import { sampleFlow, samplePurchase } from "../sample-flow.ts";
import type { StartedServer } from "../start.ts";
import { version } from "../version.ts";

type Facts = Pick<StartedServer, "url" | "firstKey" | "sampleToken">;
type Settings = Pick<Configuration, "publicUrl" | "roles" | "smtp" | "isEmailFromSet" | "emailFrom">;

/** What a start prints: where the server is, how to get in, and a line to try. */
export function welcome({ url, firstKey, sampleToken }: Facts, settings: Settings): string {
  const address = settings.publicUrl ?? url;
  const head = `Staffetta ${version} is ready at ${address}`;
  if (!settings.roles.has("api")) return `${head} (${[...settings.roles].join(", ")}: health and metrics only)`;
  const lines = [
    head,
    "",
    `  API reference  ${address}/docs`,
    `  Sandbox inbox  ${address}/sandbox`,
    `  API key        ${keyLine(firstKey)}`,
    `  E-mail         ${mailLine(settings)}`,
  ];
  if (sampleToken)
    lines.push("", `Fire the sample flow "${sampleFlow["name"]}":`, "", `  ${curlLine(address, sampleToken)}`);
  return `${lines.join("\n")}\n`;
}

function keyLine(firstKey: StartedServer["firstKey"]): string {
  if (!firstKey) return "none is known here; make one with: npx staffetta key create --name mine";
  if (firstKey.source === "STAFFETTA_API_KEY") return "the one in STAFFETTA_API_KEY";
  return `${firstKey.key}  (kept in ${firstKey.source})`;
}

function mailLine({ smtp, isEmailFromSet, emailFrom }: Settings): string {
  if (!smtp) return "kept in the sandbox inbox; set SMTP_URL to send";
  const note = isEmailFromSet ? "" : `; set EMAIL_FROM, or mails come from ${emailFrom}`;
  return `by ${smtp.host}:${smtp.port}${note}`;
}

function curlLine(address: string, token: string): string {
  return `curl -X POST ${address}/in/${token} -H 'Content-Type: application/json' -d '${JSON.stringify(samplePurchase)}'`;
}
