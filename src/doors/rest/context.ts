import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Json } from "../../core/json.ts";
import type { Scope } from "../../core/scope.ts";
import type { Caller } from "../../operations/platform.ts";
import type { DoorContext } from "../door.ts";

/** A call of an HTTP action with sample data. Nothing is stored, and no run is touched. */
export type HttpActionTest = { config: Json; sample: Partial<Scope> };

/** What this door needs of the server around it, beside what every door needs. */
export type RestContext = DoorContext & {
  /** Calls the API as the step would, and says what came back and what went out, secrets hidden. */
  testHttpAction: (caller: Caller, test: HttpActionTest) => Promise<Json>;
};

/** The ways to show a key at this door. */
export const keyForms = ["bearer", "basic"] as const;

/** The same app, its routes typed by their Zod schemas. */
export function withZod(app: FastifyInstance) {
  return app.withTypeProvider<ZodTypeProvider>();
}

export type RestApp = ReturnType<typeof withZod>;
