import type { Condition } from "../core/condition/condition.ts";
import { conditionToSql } from "../core/condition/condition-to-sql.ts";
import type { MembershipState } from "../core/contact.ts";
import { laneOf } from "../core/id.ts";
import { contactFilterColumns } from "./contact-filter.ts";
import { type ContactRecord, contactColumns } from "./contact-reads.ts";
import type { Queryable } from "./database.ts";

/** A contact with what it is to the list that was asked for; null without one. */
export type PagedContact = ContactRecord & {
  state: MembershipState | null;
  joinedAt: Date | null;
  stateAt: Date | null;
};
export type ContactOrder = "created" | "email";

export type ContactPage = {
  workspaceId: string;
  listId: string | null;
  state: MembershipState | null;
  id: string | null;
  /** May look at the contact's own fields only. */
  where: Condition | null;
  order: ContactOrder;
  isDescending: boolean;
  offset: number;
  limit: number;
  now: Date;
};

/** A page of contacts from an offset on. By creation they come by index; by e-mail all that fit are sorted first. */
export async function pageContacts(sql: Queryable, page: ContactPage): Promise<PagedContact[]> {
  const params: unknown[] = [];
  const bind = (value: string, type: string) => `$${params.push(value)}::text::${type}`;
  const { from, parts } = sourceOf(page, bind);
  if (page.id !== null)
    parts.push(`c.lane = ${bind(String(laneOf(page.id)), "smallint")} and c.id = ${bind(page.id, "uuid")}`);
  if (page.where) parts.push(conditionToSql(page.where, contactFilterColumns(params), { params, now: page.now }));
  const direction = page.isDescending ? "desc" : "asc";
  const id = page.listId === null ? "c.id" : "m.contact_id";
  const order = page.order === "email" ? `c.email ${direction} nulls last, ${id}` : `${id} ${direction}`;
  const ofList =
    page.listId === null
      ? `null::text as state, null::timestamptz as "joinedAt", null::timestamptz as "stateAt"`
      : `m.state, m.joined_at as "joinedAt", m.updated_at as "stateAt"`;
  const text = `select ${contactColumns}, ${ofList} from ${from} where ${parts.join(" and ")}
     order by ${order} offset ${bind(String(page.offset), "bigint")} limit ${bind(String(page.limit), "int")}`;
  return sql.unsafe<PagedContact[]>(text, params as string[]);
}

type Bind = (value: string, type: string) => string;

function sourceOf({ workspaceId, listId, state }: ContactPage, bind: Bind): { from: string; parts: string[] } {
  const parts = [`c.workspace_id = ${bind(workspaceId, "uuid")}`];
  if (listId === null) return { from: "contact c", parts };
  parts.push(`m.list_id = ${bind(listId, "uuid")}`);
  if (state !== null) parts.push(`m.state = ${bind(state, "text")}`);
  return { from: "membership m join contact c on c.lane = m.lane and c.id = m.contact_id", parts };
}
