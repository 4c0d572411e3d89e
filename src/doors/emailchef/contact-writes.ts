import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { deleteContact } from "../../operations/delete-contact.ts";
import { knownMembers } from "../../operations/known-members.ts";
import { removeMembership } from "../../operations/list-members.ts";
import { type ListView, readList } from "../../operations/lists.ts";
import type { Caller } from "../../operations/platform.ts";
import { upsertContact } from "../../operations/upsert-contact.ts";
import type { DoorContext } from "../door.ts";
import { hidden } from "./answers.ts";
import { type ContactBody, contactBody, contactFieldName, readContact, stateFor } from "./contact-translate.ts";
import { naming, number, numberIn, readInstance, readQuery, refused } from "./read.ts";

const removal = z.object({ list_id: number.optional() });

/** Making, changing and removing contacts. */
export function serveContactWrites(app: FastifyInstance, context: DoorContext): void {
  const { platform, callerOf } = context;
  for (const path of ["/contacts", "/contact"]) {
    app.post(path, hidden, async (request) => {
      const body = readInstance(request, contactBody);
      if (!body.email) throw refused("email", "must be there");
      if (body.list_id === undefined) throw refused("list_id", "must be there");
      const list = await readList(platform, callerOf(request), { id: String(body.list_id) });
      return save(context, callerOf(request), { body, list });
    });

    app.put(`${path}/:contact`, hidden, async (request) => {
      const body = readInstance(request, contactBody);
      const { list_id: ref } = body;
      const list = ref === undefined ? null : await readList(platform, callerOf(request), { id: String(ref) });
      return save(context, callerOf(request), { id: contactIn(request), body, list });
    });

    app.delete(`${path}/:contact`, hidden, async (request) => {
      const { list_id: ref } = readQuery(request, removal);
      return remove(context, callerOf(request), { contactId: contactIn(request), ref: ref?.toString() });
    });
  }

  app.delete("/lists/:list/contacts/:contact", hidden, async (request) => {
    const ref = String(numberIn(request.params, "list"));
    return remove(context, callerOf(request), { contactId: contactIn(request), ref });
  });
}

type Save = { id?: string | undefined; body: ContactBody; list: ListView | null };

async function save({ platform }: DoorContext, caller: Caller, { id, body, list }: Save) {
  const { contact, issues } = readContact(body, { fields: list?.fields ?? [], keepsEmpty: id !== undefined });
  if (issues.length > 0) throw new AppError("invalid_request", undefined, { issues });
  const state = list === null ? null : await stateIn(platform.sql, caller, { id, body, list });
  const lists = list !== null && state !== null ? [{ id: list.id, state }] : [];
  const saved = await naming(contactFieldName, () =>
    upsertContact(platform, caller, { ...contact, lists, ...(id === undefined ? {} : { id }) }),
  );
  const isOnList = saved.contact.lists.some((one) => one.id === list?.id && one.state !== "unsubscribed");
  return {
    status: "OK",
    contact_id: saved.contact.id,
    ...(list === null ? {} : { list_id: String(list.number) }),
    contact_added_to_list: isOnList,
    updated: !saved.created,
  };
}

/** A new contact is subscribed unless it says otherwise; a change without a status changes none. */
async function stateIn(
  sql: DoorContext["platform"]["sql"],
  { workspaceId }: Caller,
  { id, body, list }: Save & { list: ListView },
) {
  if (id !== undefined && body.status === undefined) return null;
  if (id !== undefined) return stateFor({ status: body.status, mode: undefined }, undefined);
  const emails = [body.email ?? ""];
  const [known] = [...(await knownMembers(sql, { workspaceId, listId: list.id, emails })).values()];
  return stateFor(body, known);
}

type Removal = { contactId: string; ref: string | undefined };

/** Off the list that is named; without one, the contact itself goes. */
async function remove({ platform }: DoorContext, caller: Caller, { contactId, ref }: Removal) {
  if (ref === undefined) await deleteContact(platform, caller, { id: contactId });
  else {
    const { id: listId } = await readList(platform, caller, { id: ref });
    await removeMembership(platform, caller, { listId, contactId });
  }
  return { status: "OK", contact_id: contactId };
}

function contactIn({ params }: FastifyRequest): string {
  return (params as { contact: string }).contact;
}
