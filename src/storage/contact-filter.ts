import type { Columns } from "../core/condition/condition-to-sql.ts";
import { readPathSql } from "../core/condition/condition-to-sql.ts";

// The built-in fields as `contactScope` has them: null and not missing where a contact has none.
const builtIn: Readonly<Record<string, string>> = {
  id: "to_jsonb(c.id)",
  externalId: "coalesce(to_jsonb(c.external_id), 'null')",
  email: "coalesce(to_jsonb(c.email), 'null')",
  phone: "coalesce(to_jsonb(c.phone), 'null')",
  tags: "to_jsonb(c.tags)",
  lists:
    "(select coalesce(jsonb_agg(m.list_id order by m.list_id), '[]') from membership m where m.lane = c.lane and m.contact_id = c.id and m.state = 'subscribed')",
  segments:
    "(select coalesce(jsonb_agg(s.segment_id order by s.segment_id), '[]') from segment_member s where s.lane = c.lane and s.contact_id = c.id)",
  timeZone: "coalesce(to_jsonb(c.time_zone), 'null')",
  locale: "coalesce(to_jsonb(c.locale), 'null')",
  createdAt: `to_jsonb(to_char(c.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))`,
};

/** Where the fields of `contactScope` are in the table contact (as c). What is said of any other root is missing. */
export function contactFilterColumns(params: unknown[]): Columns {
  return (root, path) => {
    const [name, ...inner] = path;
    if (root !== "contact" || typeof name !== "string") return "null::jsonb";
    const field = Object.hasOwn(builtIn, name) ? builtIn[name] : undefined;
    return field === undefined ? readPathSql("c.properties", path, params) : readPathSql(field, inner, params);
  };
}
