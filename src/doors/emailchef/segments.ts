import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Condition } from "../../core/condition/condition.ts";
import { AppError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import { getList, type ListView, readList } from "../../operations/lists.ts";
import type { Caller, Platform } from "../../operations/platform.ts";
import { getSegment, listAllSegments } from "../../operations/segment-reads.ts";
import type { SegmentView } from "../../operations/segment-view.ts";
import { createSegment, deleteSegment, updateSegment } from "../../operations/segments.ts";
import type { DoorContext } from "../door.ts";
import { hidden, instantText, total } from "./answers.ts";
import { naming, number, numberIn, readInstance, readQuery, text } from "./read.ts";
import { fromCondition, type GivenRules, listOfSegment, toCondition } from "./segment-conditions.ts";

const logic = z
  .string("must be AND or OR")
  .transform((word) => word.toUpperCase())
  .pipe(z.enum(["AND", "OR"], "must be AND or OR"));
const id = z.union([z.int(), z.string().max(50)]).transform(String);
const condition = z.object({
  field_id: id.optional(),
  name: z.string().max(200).optional(),
  comparable_id: z.union([z.null(), z.literal(""), z.literal(0), z.literal("0")], "must be null").optional(),
  comparator_id: id,
  value: z
    .union([z.string().max(10_000), z.number(), z.boolean(), z.null()], "must be a text, a number, true or false")
    .transform((value) => (value === null ? "" : String(value)))
    .optional(),
});
const groups = z
  .array(z.object({ logic: logic.default("AND"), conditions: z.array(condition).max(1000).default([]) }))
  .max(50);
const segmentBody = z.object({
  list_id: number.optional(),
  name: text.optional(),
  description: text.optional(),
  logic: logic.optional(),
  condition_groups: groups.optional(),
});
const ofList = z.object({ list_id: number.optional() });

/** Segments: conditions over the members of one list. */
export function serveSegments(app: FastifyInstance, context: DoorContext): void {
  serveReads(app, context);
  serveWrites(app, context);
}

function serveReads(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.get("/lists/:list/segments", hidden, async (request) => {
    const found = await segmentsOf(platform, callerOf(request), String(numberIn(request.params, "list")));
    return found.segments.map((segment) => viewSegment(segment, found.list as ListView));
  });

  app.get("/lists/:list/segments/count", hidden, async (request) => {
    const { segments } = await segmentsOf(platform, callerOf(request), String(numberIn(request.params, "list")));
    return total(segments.length);
  });

  app.get("/segments/:segment", hidden, async (request) => {
    const { segment, list } = await findSegment(platform, callerOf(request), request);
    return viewSegment(segment, list);
  });

  app.get("/segments/:segment/contacts/count", hidden, async (request) => {
    const { segment, list } = await findSegment(platform, callerOf(request), request);
    const { members } = await getList(platform, callerOf(request), { id: list.id });
    return { match_count: String(segment.members), total_count: String(members.subscribed) };
  });
}

function serveWrites(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.post("/segments", hidden, async (request) => {
    const { name = "", description, logic: joint = "AND", ...body } = readInstance(request, segmentBody);
    const ref = String(readQuery(request, ofList).list_id ?? 0);
    const list = await readList(platform, callerOf(request), { id: ref });
    const definition = translate({ logic: joint, condition_groups: body.condition_groups ?? [] }, list);
    const segment = await naming(nameOf, () =>
      createSegment(platform, callerOf(request), { name, description, definition }),
    );
    return { status: "OK", id: String(segment.number) };
  });

  app.put("/segments/:segment", hidden, async (request) => {
    const { name, description, logic: joint, condition_groups } = readInstance(request, segmentBody);
    const { segment, list } = await findSegment(platform, callerOf(request), request);
    const old = fromCondition(segment.definition, list.fields);
    const isChanged = joint !== undefined || condition_groups !== undefined;
    const rules = {
      logic: joint ?? old?.logic ?? "AND",
      condition_groups: condition_groups ?? old?.condition_groups ?? [],
    };
    const change = {
      ...(name === undefined ? {} : { name }),
      ...(isChanged ? { definition: translate(rules, list) } : {}),
    };
    await naming(nameOf, () => updateSegment(platform, callerOf(request), { id: segment.id, description, ...change }));
    return { status: "OK", id: String(segment.number) };
  });

  app.delete("/segments/:segment", hidden, async (request) => {
    const { segment } = await findSegment(platform, callerOf(request), request);
    await deleteSegment(platform, callerOf(request), { id: segment.id });
    return { status: "OK", id: String(segment.number) };
  });
}

function translate(rules: GivenRules, list: ListView): Json {
  const { definition, issues } = toCondition(rules, { listId: list.id, fields: list.fields });
  if (issues.length > 0) throw new AppError("invalid_request", undefined, { issues });
  return definition as unknown as Json;
}

/** What an operation says of the definition is about the groups here. */
function nameOf(path: string): string {
  return path.startsWith("definition") ? "condition_groups" : path;
}

type FoundSegments = { list: ListView | null; segments: SegmentView[] };
type Found = { segment: SegmentView; list: ListView };

/** A segment with its list. One that is of no list is not there for Emailchef's API. */
async function findSegment(platform: Platform, caller: Caller, { params }: FastifyRequest): Promise<Found> {
  const segment = await getSegment(platform, caller, { id: String(numberIn(params, "segment")) });
  const listId = listOfSegment(segment.definition);
  if (listId === null) throw new AppError("segment_not_found");
  return { segment, list: await readList(platform, caller, { id: listId }) };
}

/** The segments of a list; none of one that is not there. */
async function segmentsOf(platform: Platform, caller: Caller, ref: string): Promise<FoundSegments> {
  const segments = await listAllSegments(platform, caller);
  try {
    const list = await readList(platform, caller, { id: ref });
    return { list, segments: segments.filter(({ definition }) => listOfSegment(definition) === list.id) };
  } catch (error) {
    if (error instanceof AppError && error.code === "list_not_found") return { list: null, segments: [] };
    throw error;
  }
}

/** A segment as Emailchef shows it; without groups when its condition is one that they cannot say. */
function viewSegment(segment: SegmentView, list: ListView) {
  const rules = fromCondition(segment.definition as Condition, list.fields);
  return {
    id: String(segment.number),
    list_id: String(list.number),
    name: segment.name,
    description: segment.description,
    logic: rules?.logic ?? null,
    condition_groups: rules?.condition_groups ?? null,
    creation_time: instantText(segment.createdAt),
  };
}
