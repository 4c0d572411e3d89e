import type { FastifyInstance } from "fastify";
import { z } from "zod";
import {
  getImport,
  type ImportView,
  importContacts,
  importLimits,
  listImports,
} from "../../operations/contact-imports.ts";
import type { DoorContext } from "../door.ts";
import { hidden, instantText } from "./answers.ts";
import { naming, numberIn, pageFields, readInstance, readQuery } from "./read.ts";

const rule = "must be a list of {placeholder, value}";
const value = z.union([z.string(), z.number(), z.boolean(), z.null()], "must be a text, a number, true or false");
const cell = z.object(
  {
    placeholder: z.string().max(200).optional(),
    place_holder: z.string().max(200).optional(),
    value: value.optional(),
  },
  rule,
);
const row = z
  .array(cell, rule)
  .transform((cells) =>
    Object.fromEntries(
      cells.flatMap(({ placeholder, place_holder: name = placeholder, value: given = null }) =>
        name === undefined ? [] : [[name, given] as const],
      ),
    ),
  );
const importBody = z.object({
  contacts: z.array(row, "must be a list of contacts").max(importLimits.rows, `must be at most ${importLimits.rows}`),
  notification_link: z.union([z.string(), z.null()]).optional(),
});
const page = z.object(pageFields);

/** Imports: many contacts at once, taken in in the background. */
export function serveImports(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.post("/lists/:list/import", hidden, async (request) => {
    const { contacts: rows, notification_link: link } = readInstance(request, importBody);
    const list = String(numberIn(request.params, "list"));
    const notificationLink = link === "" ? null : link;
    const begin = () => importContacts(platform, callerOf(request), { list, rows, notificationLink });
    const { number } = await naming(nameOf, begin);
    return { status: "OK", id: String(number) };
  });

  app.get("/importtasks", hidden, async (request) => {
    const { offset, limit } = readQuery(request, page);
    return (await listImports(platform, callerOf(request), { offset, limit })).map(viewTask);
  });

  app.get("/importtasks/:task", hidden, async (request) =>
    viewTask(await getImport(platform, callerOf(request), { number: numberIn(request.params, "task") })),
  );
}

function nameOf(path: string): string {
  return path === "notificationLink" ? "notification_link" : path.replace(/^rows/, "contacts");
}

function viewTask({ number, list, created, updated, failed, progress, ...task }: ImportView) {
  return {
    id: String(number),
    list_id: list === null ? "" : String(list),
    creation_time: instantText(task.createdAt),
    imported_success: String(created),
    imported_updated: String(updated),
    imported_fail: String(failed),
    progress: String(Math.round(progress * 100)),
    status: task.status,
    uploaded_file_name: "",
    notification_link: task.notificationLink ?? "",
  };
}
