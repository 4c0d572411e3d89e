import type { FastifyInstance } from "fastify";
import { acceptAnyBody } from "../accept-bodies.ts";
import type { DoorContext } from "../door.ts";
import { serveAccount } from "./account.ts";
import { serveBlockings } from "./blockings.ts";
import { serveContacts } from "./contacts.ts";
import { serveCustomFields } from "./custom-fields.ts";
import { answerErrors, answerUnknownPaths } from "./errors.ts";
import { serveImports } from "./imports.ts";
import { serveLists } from "./lists.ts";
import { serveLogin } from "./login.ts";
import { serveSegments } from "./segments.ts";

const resources = [
  serveAccount,
  serveLists,
  serveCustomFields,
  serveContacts,
  serveImports,
  serveSegments,
  serveBlockings,
];

/** Emailchef's API, at its own paths. */
export async function serveEmailchef(app: FastifyInstance, context: DoorContext): Promise<void> {
  answerErrors(app, context);
  acceptAnyBody(app);
  serveLogin(app, context);
  await app.register(
    async (scope) => {
      scope.addHook("onRequest", context.requireCaller("authkey", "consumer", "bearer"));
      answerUnknownPaths(scope);
      for (const serve of resources) serve(scope, context);
    },
    { prefix: "/apps/api/v1" },
  );
}
