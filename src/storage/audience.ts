import type { Audience } from "../core/audience.ts";
import { conditionToSql } from "../core/condition/condition-to-sql.ts";
import type { DatePreselection } from "../core/flow/step-kind.ts";
import { activityOfContact } from "./activity.ts";
import { contactFilterColumns } from "./contact-filter.ts";
import type { ContactRow } from "./contacts.ts";
import type { Queryable } from "./database.ts";

/** Some of an audience: the contacts after `after` that fit, in the order of their ids. */
export type AudienceQuery = {
  workspaceId: string;
  audience: Audience | null;
  /** Only contacts that have one of these dates. */
  dates: DatePreselection | null;
  after: string;
  /** The most contacts that come back, and the most that are looked at. */
  limit: number;
  look: number;
  now: Date;
};

/** `cursor` is the last contact that was looked at, null when that was the last there is. */
export type AudiencePart = { contacts: ContactRow[]; cursor: string | null };

type Source = { from: string; where: string; id: string };
type Bind = (value: string, type: string) => string;

/** Reads the next part of an audience. What fits is looked for among the next `look` contacts only, so that no part takes long. */
export async function readAudience(sql: Queryable, query: AudienceQuery): Promise<AudiencePart> {
  const isPlain = query.dates === null && !(query.audience && "where" in query.audience);
  const last = await lastLookedAt(sql, query, isPlain ? query.limit : query.look);
  const contacts = await readContacts(sql, query, last);
  const full = contacts.length === query.limit ? contacts.at(-1)?.id : undefined;
  return { contacts, cursor: full ?? last };
}

/** How many there are in a list or a segment; null for a condition, where counting would be to look at everyone. */
export async function countAudience(
  sql: Queryable,
  { workspaceId, audience }: Pick<AudienceQuery, "workspaceId" | "audience">,
): Promise<number | null> {
  if (audience === null || "where" in audience) return null;
  const { params, bind } = binding();
  const { from, where } = sourceOf(audience, workspaceId, bind);
  const [row] = await sql.unsafe<{ count: number }[]>(
    `select count(*)::int as count from ${from} where ${where}`,
    params as string[],
  );
  return row?.count ?? 0;
}

async function lastLookedAt(
  sql: Queryable,
  { workspaceId, audience, after }: AudienceQuery,
  look: number,
): Promise<string | null> {
  const { params, bind } = binding();
  const { from, where, id } = sourceOf(audience, workspaceId, bind);
  const [row] = await sql.unsafe<{ id: string }[]>(
    `select ${id} as id from ${from} where ${where} and ${id} > ${bind(after, "uuid")} order by ${id} offset ${look - 1} limit 1`,
    params as string[],
  );
  return row?.id ?? null;
}

async function readContacts(sql: Queryable, query: AudienceQuery, last: string | null): Promise<ContactRow[]> {
  const { workspaceId, audience, dates, after, limit, now } = query;
  const { params, bind } = binding();
  const { from, where, id } = sourceOf(audience, workspaceId, bind);
  const parts = [where, `${id} > ${bind(after, "uuid")}`];
  if (last !== null) parts.push(`${id} <= ${bind(last, "uuid")}`);
  if (dates) parts.push(datesSql(dates, bind));
  if (audience && "where" in audience)
    parts.push(
      conditionToSql(audience.where, contactFilterColumns(params), { params, now, activity: activityOfContact }),
    );
  const join = from === "contact c" ? "" : `join contact c on c.lane = m.lane and c.id = m.contact_id`;
  return sql.unsafe<ContactRow[]>(
    `select c.lane, c.id, c.workspace_id as "workspaceId", c.external_id as "externalId", c.email, c.phone, c.properties, c.tags,
            c.time_zone as "timeZone", c.locale, c.created_at as "createdAt"
       from ${from} ${join} where ${parts.join(" and ")} order by ${id} limit ${limit}`,
    params as string[],
  );
}

function sourceOf(audience: Audience | null, workspaceId: string, bind: Bind): Source {
  if (audience === null || "where" in audience)
    return { from: "contact c", where: `c.workspace_id = ${bind(workspaceId, "uuid")}`, id: "c.id" };
  const workspace = `m.workspace_id = ${bind(workspaceId, "uuid")}`;
  if ("list" in audience)
    return {
      from: "membership m",
      where: `m.list_id = ${bind(audience.list, "uuid")} and m.state = 'subscribed' and ${workspace}`,
      id: "m.contact_id",
    };
  return {
    from: "segment_member m",
    where: `m.segment_id = ${bind(audience.segment, "uuid")} and ${workspace}`,
    id: "m.contact_id",
  };
}

/** The day is the first ten letters of a date and of an instant; of those, the last five are the day of every year. */
function datesSql({ property, plain, instants }: DatePreselection, bind: Bind): string {
  const text = `c.properties ->> ${bind(property, "text")}`;
  const size = plain[0]?.length ?? 10;
  const among = (days: readonly string[]) =>
    `right(left(${text}, 10), ${size}) = any(${bind(`{${days.join()}}`, "text[]")})`;
  return `case when length(${text}) = 10 then ${among(plain)} else ${among(instants)} end`;
}

function binding(): { params: unknown[]; bind: Bind } {
  const params: unknown[] = [];
  return { params, bind: (value, type) => `$${params.push(value)}::text::${type}` };
}
