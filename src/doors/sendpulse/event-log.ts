import type { FastifyInstance } from "fastify";
import { AppError } from "../../core/errors.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import { clearEventLog, type LogChoice } from "../../operations/event-log.ts";
import type { DoorContext } from "../door.ts";
import { readParameters, readWireValue } from "./parameters.ts";

const hidden = { schema: { hide: true } } as const;
const maxChosen = 100;

/** The log of received events: SendPulse's API can only empty it. */
export function serveEventLog(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.post("/a360/events/delete-log", hidden, async (request) => {
    const choice = readChoice(await readParameters(request));
    await clearEventLog(platform, callerOf(request), choice);
    return { result: true };
  });
}

/** By name or number, one or a list; without any, all logs of the account. */
function readChoice(parameters: JsonObject): LogChoice {
  const given = ["event", "event_name", "name", "names", "event_id", "event_ids", "id", "ids"].flatMap((field) =>
    listOf(parameters, field),
  );
  if (given.length === 0) return refuseUnknown(parameters);
  if (given.length > maxChosen) throw refused("ids", `must be at most ${maxChosen} events`);
  return {
    names: given.flatMap(({ value }) => (typeof value === "string" ? [value] : [])),
    numbers: given.flatMap(({ value }) => (typeof value === "number" ? [value] : [])),
  };
}

/** A request that means some events in words we do not know must not empty the logs of all. */
function refuseUnknown(parameters: JsonObject): null {
  const [field] = Object.keys(parameters);
  if (field === undefined) return null;
  throw refused(field, "is not known here; send event_name or event_id, or nothing for all logs");
}

function listOf(parameters: JsonObject, field: string): { value: string | number }[] {
  const value = readWireValue(parameters[field], field);
  if (value === null) return [];
  return [value].flat().map((item: Json) => {
    if (typeof item === "number") return { value: item };
    if (typeof item !== "string") throw refused(field, "must be the name or the number of an event, or a list of them");
    return { value: /id/.test(field) && /^\d{1,15}$/.test(item) ? Number(item) : item };
  });
}

function refused(path: string, message: string): AppError {
  return new AppError("invalid_request", `${path} ${message}.`, { issues: [{ path, message }] });
}
