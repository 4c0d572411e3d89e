import type { FastifyInstance } from "fastify";
import { createList } from "../../operations/lists.ts";
import type { DoorContext } from "../door.ts";
import { refusal } from "./errors.ts";
import { readParameters } from "./parameters.ts";

const hidden = { schema: { hide: true } } as const;

/** Address books: our lists, by their numbers. */
export function serveAddressBooks(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.post("/addressbooks", hidden, async (request) => {
    const { bookName } = await readParameters(request);
    if (typeof bookName !== "string" || bookName.trim() === "") throw refusal(201, "Empty address book name.");
    const { number } = await createList(platform, callerOf(request), { name: bookName });
    return { id: number };
  });
}
