import { AppError, type Issue } from "../core/errors.ts";
import { issuesOf } from "../core/issues.ts";
import {
  checkListFields,
  completeField,
  type ListField,
  type ListFieldInput,
  listFieldSchema,
} from "../core/list-field.ts";
import type { Queryable, Transaction } from "../storage/database.ts";
import { findListOfField, nextFieldNumbers } from "../storage/list-fields.ts";
import { findList, type ListRow, lockList, saveList } from "../storage/lists.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";

/** The fields that a list is to have, each with its number. Throws `invalid_request` that names every broken one. */
export async function readListFields(
  sql: Queryable,
  input: readonly ListFieldInput[],
  old: readonly ListField[] = [],
): Promise<ListField[]> {
  const read = input.map((field, index) => readField(field, `fields[${index}]`));
  const broken = read.flatMap(({ issues }) => issues);
  const fields = read.flatMap(({ field }) => field ?? []);
  const known = new Set(old.map(({ number }) => number));
  const strange = fields.flatMap(({ number }, index): Issue[] =>
    number === undefined || known.has(number)
      ? []
      : [{ path: `fields[${index}].number`, message: "is not a field of this list; leave it out for a new one" }],
  );
  const issues = broken.length > 0 ? broken : [...checkListFields(fields), ...strange];
  if (issues.length > 0) throw new AppError("invalid_request", undefined, { issues });
  const numbers = await nextFieldNumbers(sql, fields.filter(({ number }) => number === undefined).length);
  return fields.map((field) => completeField(field, field.number ?? (numbers.shift() as number)));
}

function readField(input: ListFieldInput, path: string): { field: ListFieldInput | null; issues: Issue[] } {
  const parsed = listFieldSchema.safeParse(input);
  return parsed.success ? { field: parsed.data, issues: [] } : { field: null, issues: issuesOf(parsed.error, path) };
}

export type PlacedField = { list: Pick<ListRow, "id" | "number">; field: ListField };

/** The field of that number, with its list. Throws `list_field_not_found`. */
export async function getListField(
  { sql }: Platform,
  caller: Caller,
  { number }: { number: number },
): Promise<PlacedField> {
  requireScope(caller, "contacts:read");
  const { workspaceId } = caller;
  const id = await findListOfField(sql, { workspaceId, number });
  return placed(id === undefined ? undefined : await findList(sql, { workspaceId, id }), number);
}

/** Gives a list one more field. Throws `list_not_found`, and `invalid_request` when the placeholder is taken. */
export async function addListField(
  { sql }: Platform,
  caller: Caller,
  { listId, field }: { listId: string; field: ListFieldInput },
): Promise<PlacedField> {
  requireScope(caller, "contacts:write");
  return sql.begin(async (transaction) => {
    const list = await lockList(transaction, { workspaceId: caller.workspaceId, id: listId });
    if (!list) throw new AppError("list_not_found");
    const fields = await readListFields(transaction, [...list.fields, field], list.fields);
    await saveList(transaction, { ...list, fields });
    const added = fields.at(-1);
    if (!added) throw new Error("A field that was added is not there.");
    return { list, field: added };
  });
}

/** Changes what is given of a field; its values in contacts stay as they are. Throws `list_field_not_found`. */
export async function changeListField(
  { sql }: Platform,
  caller: Caller,
  { number, change }: { number: number; change: Partial<ListFieldInput> },
): Promise<PlacedField> {
  requireScope(caller, "contacts:write");
  return sql.begin(async (transaction) => {
    const list = await lockFieldList(transaction, caller, number);
    const input = list.fields.map((field) => (field.number === number ? { ...field, ...change, number } : field));
    const fields = await readListFields(transaction, input, list.fields);
    await saveList(transaction, { ...list, fields });
    return placed({ ...list, fields }, number);
  });
}

/** Takes a field away from its list; the property stays with the contacts. Throws `list_field_not_found`. */
export async function removeListField(
  { sql }: Platform,
  caller: Caller,
  { number }: { number: number },
): Promise<PlacedField> {
  requireScope(caller, "contacts:write");
  return sql.begin(async (transaction) => {
    const list = await lockFieldList(transaction, caller, number);
    await saveList(transaction, { ...list, fields: list.fields.filter((field) => field.number !== number) });
    return placed(list, number);
  });
}

async function lockFieldList(sql: Transaction, { workspaceId }: Caller, number: number): Promise<ListRow> {
  const id = await findListOfField(sql, { workspaceId, number });
  const list = id === undefined ? undefined : await lockList(sql, { workspaceId, id });
  if (!list?.fields.some((field) => field.number === number)) throw new AppError("list_field_not_found");
  return list;
}

function placed(list: ListRow | undefined, number: number): PlacedField {
  const field = list?.fields.find((one) => one.number === number);
  if (!list || !field) throw new AppError("list_field_not_found");
  return { list, field };
}
