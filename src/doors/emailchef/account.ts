import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { isTimeZone } from "../../core/time.ts";
import { type AccountView, getAccount } from "../../operations/account.ts";
import { changeWorkspace } from "../../operations/workspace.ts";
import type { DoorContext } from "../door.ts";
import { hidden } from "./answers.ts";
import { numberIn, readInstance } from "./read.ts";

const nameRule = "must have 1 to 200 characters";
const infoBody = z.object({
  company_name: z.string(nameRule).trim().min(1, nameRule).max(200, nameRule).optional(),
  timezone: z.string().refine(isTimeZone, "must be the IANA name of a time zone, such as Europe/Rome").optional(),
});

/** The account, which is the workspace of the key. There is nothing to subscribe to: the plan has no limits. */
export function serveAccount(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.get("/accounts/current", hidden, async (request) => {
    const account = await getAccount(platform, callerOf(request));
    return { ...identityOf(account), mode: "SINGLE_OPT_IN", status: "ACTIVE", timezone: account.timeZone };
  });

  app.get("/subscriptions/current", hidden, async (request) => {
    const { number } = await getAccount(platform, callerOf(request));
    return { id: String(number), account_id: String(number), plan: "Staffetta", status: "ACTIVE", unlimited: "1" };
  });

  for (const path of ["/account_infos", "/account_infos/:account"]) {
    app.get(path, hidden, async (request) => {
      const account = await getAccount(platform, callerOf(request));
      refuseOther(request.params, account);
      return viewInfo(account);
    });

    app.put(path, hidden, async (request) => {
      const { company_name: name, timezone: timeZone } = readInstance(request, infoBody);
      const account = await getAccount(platform, callerOf(request));
      refuseOther(request.params, account);
      await changeWorkspace(platform, callerOf(request), { name, timeZone });
      return { status: "OK", id: String(account.number) };
    });
  }
}

function refuseOther(params: unknown, { number }: AccountView): void {
  const isNamed = Object.hasOwn(params as object, "account");
  if (isNamed && numberIn(params, "account") !== number) throw new AppError("route_not_found");
}

function identityOf({ number, name, email }: AccountView) {
  return { id: String(number), name, email: email ?? `account-${number}@localhost` };
}

function viewInfo(account: AccountView) {
  const { id, email } = identityOf(account);
  return { id, account_id: id, email, company_name: account.name, timezone: account.timeZone };
}
