import type { FastifyInstance, FastifyRequest } from "fastify";
import { AppError } from "../../core/errors.ts";
import { startList } from "../../operations/start-list.ts";
import { getStarted, getStartList, listStarted, listStartLists } from "../../operations/start-list-reads.ts";
import type { DoorContext } from "../door.ts";
import { flag, runFields } from "./contact-schema.ts";
import { queryOf, readPage, showPage } from "./paging.ts";
import { readFields } from "./read-fields.ts";
import { toUpsert } from "./translate-contact.ts";
import { showExecution, showExecutionContact } from "./translate-execution.ts";
import { showSteps } from "./translate-steps.ts";

const hidden = { schema: { hide: true } } as const;

/** Running a flow for a list of contacts, and what became of each. */
export function serveExecutions(app: FastifyInstance, context: DoorContext): void {
  serveRun(app, context);
  serveLists(app, context);
  serveContactsOfLists(app, context);
}

function serveRun(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.post("/api/flow/:id/run", hidden, async (request, reply) => {
    const { contact_list, flow_execution_variables, has_priority } = await readFields(request, runFields);
    const contacts = contact_list.map(({ id, phone, ...fields }) =>
      id == null
        ? { ...toUpsert({ ...fields, phone }), by: "phone" as const }
        : { ...toUpsert(fields), id: id.toLowerCase() },
    );
    const started = await startList(platform, callerOf(request), {
      ...{ flow: idOf(request), contacts, endsOthers: has_priority },
      variables: flow_execution_variables ?? undefined,
    });
    return reply.code(201).send(showExecution(started));
  });
}

function serveLists(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.get("/api/flow-execution", hidden, async (request) => {
    const query = queryOf(request);
    const page = readPage(query);
    const found = await listStartLists(platform, callerOf(request), { ...page, flowId: query["flow"] });
    return showPage(request, { ...found, ...page }, showExecution);
  });

  app.get("/api/flow-execution/:id", hidden, async (request) =>
    showExecution(await getStartList(platform, callerOf(request), { id: idOf(request) })),
  );
}

function serveContactsOfLists(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.get("/api/flow-execution-contact", hidden, async (request) => {
    const query = queryOf(request);
    const page = readPage(query);
    const found = await listStarted(platform, callerOf(request), {
      ...page,
      startListId: query["flow_execution"],
      contactId: query["contact"],
      flowId: query["flow"] ?? query["flow_execution__flow"],
      isActive: query["is_active"] === undefined ? undefined : readFlag(query["is_active"]),
    });
    return showPage(request, { ...found, ...page }, showExecutionContact);
  });

  app.get("/api/flow-execution-contact/:id", hidden, async (request) => {
    const started = await getStarted(platform, callerOf(request), { id: idOf(request) });
    return { ...showExecutionContact(started), execution_steps: showSteps(started) };
  });
}

function readFlag(text: string): boolean {
  const parsed = flag.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new AppError("invalid_request", undefined, {
    issues: [{ path: "is_active", message: "Must be a valid boolean." }],
  });
}

function idOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id.toLowerCase();
}
