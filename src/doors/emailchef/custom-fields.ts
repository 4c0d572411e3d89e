import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import type { FieldType, ListFieldInput } from "../../core/list-field.ts";
import {
  addListField,
  changeListField,
  getListField,
  type PlacedField,
  removeListField,
} from "../../operations/list-fields.ts";
import { readList } from "../../operations/lists.ts";
import type { DoorContext } from "../door.ts";
import { flag, hidden, total } from "./answers.ts";
import { predefinedFields } from "./predefined-fields.ts";
import { naming, numberIn, readInstance, refused, text } from "./read.ts";

/** Emailchef's words for the types, the first of each the one that it answers with, and their numbers. */
const types: Record<FieldType, { words: readonly [string, ...string[]]; id: string }> = {
  text: { words: ["text"], id: "1" },
  number: { words: ["number"], id: "2" },
  date: { words: ["date"], id: "3" },
  boolean: { words: ["boolean"], id: "4" },
  options: { words: ["select", "options"], id: "5" },
};

const option = z.union([z.string(), z.object({ text: z.string() }).transform((given) => given.text)]);
const truth = z
  .union([z.boolean(), z.enum(["0", "1"]), z.int().min(0).max(1)])
  .transform((given) => Number(given) === 1);
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const fieldBody = z.object({
  data_type: z.string().max(50).optional(),
  type_id: text.optional(),
  name: text.optional(),
  place_holder: text.optional(),
  default_value: scalar.optional(),
  options: z.union([z.array(option).max(1000), z.literal("").transform((): string[] => []), z.null()]).optional(),
  admin_only: truth.optional(),
});

/** The fields of lists, and those that every contact has. */
export function serveCustomFields(app: FastifyInstance, context: DoorContext): void {
  serveOfList(app, context);
  serveSingle(app, context);
  app.get("/predefinedfields", hidden, async () => predefinedFields);
}

function serveOfList(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.get("/lists/:list/customfields", hidden, async (request) => {
    const list = await findList({ platform, callerOf }, request);
    return list ? list.fields.map((field, index) => viewField({ list, field }, index)) : [];
  });

  app.get("/lists/:list/customfields/count", hidden, async (request) => {
    const list = await findList({ platform, callerOf }, request);
    return total(list?.fields.length ?? 0);
  });

  app.post("/lists/:list/customfields", hidden, async (request) => {
    const change = readField(readInstance(request, fieldBody));
    const { id: listId } = await readList(platform, callerOf(request), {
      id: String(numberIn(request.params, "list")),
    });
    const field = whole(change);
    const added = await naming(nameOf, () => addListField(platform, callerOf(request), { listId, field }));
    return { status: "OK", custom_field_id: String(added.field.number) };
  });
}

function serveSingle(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.get("/customfields/:field", hidden, async (request) =>
    viewField(await getListField(platform, callerOf(request), { number: numberIn(request.params, "field") })),
  );

  app.put("/customfields/:field", hidden, async (request) => {
    const change = readField(readInstance(request, fieldBody));
    const number = numberIn(request.params, "field");
    await naming(nameOf, () => changeListField(platform, callerOf(request), { number, change }));
    return { status: "OK", custom_field_id: String(number) };
  });

  app.delete("/customfields/:field", hidden, async (request, reply) => {
    await removeListField(platform, callerOf(request), { number: numberIn(request.params, "field") });
    // The shop plug-ins look for this very text.
    return reply.type("application/json; charset=utf-8").serializer(JSON.stringify).send("OK");
  });
}

type Request = Parameters<DoorContext["callerOf"]>[0];

/** The list of a collection; one that is not there has an empty one. */
async function findList({ platform, callerOf }: Pick<DoorContext, "platform" | "callerOf">, request: Request) {
  try {
    return await readList(platform, callerOf(request), { id: String(numberIn(request.params, "list")) });
  } catch (error) {
    if (error instanceof AppError && error.code === "list_not_found") return null;
    throw error;
  }
}

const names: Readonly<Record<string, string>> = {
  placeholder: "place_holder",
  type: "data_type",
  default: "default_value",
  adminOnly: "admin_only",
};

/** The field of the request behind `fields[3].placeholder`. */
function nameOf(path: string): string {
  const name = path.replace(/^fields(\[\d+\])?\.?/, "");
  return names[name] ?? name;
}

function readField(body: z.output<typeof fieldBody>): Partial<ListFieldInput> {
  const { data_type: word, type_id: typeId, name, place_holder: placeholder, options } = body;
  const type = word === undefined && typeId === undefined ? undefined : typeOf(word, typeId);
  const given = {
    ...{ type, name, placeholder, default: body.default_value, adminOnly: body.admin_only },
    options: options ?? undefined,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function typeOf(word: string | undefined, typeId: string | undefined): FieldType {
  const found = Object.entries(types).find(([, { words, id }]) =>
    word === undefined ? id === typeId : words.includes(word.toLowerCase()),
  );
  if (!found) throw refused("data_type", "must be text, number, date, boolean or select");
  return found[0] as FieldType;
}

function whole(field: Partial<ListFieldInput>): ListFieldInput {
  const { placeholder, type = "text", name = placeholder } = field;
  if (placeholder === undefined || name === undefined) throw refused("place_holder", "must be there");
  // A select's options are left out for other types by some clients, and sent empty by others.
  return { ...field, placeholder, name, type };
}

/** A field as Emailchef shows it. */
export function viewField({ list, field }: PlacedField, index = 0) {
  const { words, id: typeId } = types[field.type];
  return {
    id: String(field.number),
    list_id: String(list.number),
    name: field.name,
    type_id: typeId,
    place_holder: field.placeholder,
    options: field.options.map((option) => ({ text: option })),
    default_value: field.default === null ? "" : String(field.default),
    data_type: words[0],
    admin_only: flag(field.adminOnly),
    ord: String(index),
  };
}
