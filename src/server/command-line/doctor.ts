import { type Command, requireConfiguration, say } from "./command.ts";
import { checkDatabase } from "./doctor/database.ts";
import type { Finding } from "./doctor/finding.ts";
import { checkMachine } from "./doctor/machine.ts";
import { checkMail } from "./doctor/mail.ts";
import { checkSecretKey } from "./doctor/secret-key.ts";

export const doctor: Command = {
  name: "doctor",
  summary: "check everything the server needs, and say what to do",
  help: `Looks at Node.js, the data folder, the database (version, migrations, partitions, clock, leases of dead processes), the SMTP relay
and the secret key. It changes nothing and sends nothing. Ends with 1 when something fails.`,
  options: {},
  async run() {
    const configuration = requireConfiguration();
    let failed = false;
    for (const check of [checkMachine, checkSecretKey, checkDatabase, checkMail]) {
      for (const finding of await check(configuration)) {
        say(lineOf(finding));
        failed ||= finding.state === "fail";
      }
    }
    return failed ? 1 : 0;
  },
};

function lineOf({ state, what, advice }: Finding): string {
  return `${state.padEnd(5)} ${what}${advice ? `\n      ${advice}` : ""}`;
}
