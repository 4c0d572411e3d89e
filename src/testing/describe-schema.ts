import type { Sql } from "../storage/database.ts";

type Table = { name: string; suffix: string };
type Part = { table: string; text: string };

/**
 * The schema as readable SQL, from the catalogs: the same text for the same schema on every version of PostgreSQL. Partitions by
 * time are left out, as they depend on the day.
 */
export async function describeSchema(sql: Sql): Promise<string> {
  const [tables, columns, constraints, indexes, partitions, triggers, functions] = await Promise.all([
    readTables(sql),
    readColumns(sql),
    readConstraints(sql),
    readIndexes(sql),
    readPartitions(sql),
    readTriggers(sql),
    readFunctions(sql),
  ]);
  const blocks = tables.map((table) => {
    const inside = [...textsOf(table, columns), ...textsOf(table, constraints)].map((text) => `  ${text}`);
    const after = [partitions, indexes, triggers].flatMap((parts) => textsOf(table, parts)).map((text) => `${text};`);
    return [`create table ${table.name} (\n${inside.join(",\n")}\n)${table.suffix};`, ...after].join("\n");
  });
  return `${[...functions, ...blocks].join("\n\n")}\n`;
}

function textsOf(table: Table, parts: Part[]): string[] {
  return parts.filter((part) => part.table === table.name).map(({ text }) => text);
}

async function readTables(sql: Sql): Promise<Table[]> {
  return sql<Table[]>`
    select relname as name,
           concat(
             ' partition by ' || pg_get_partkeydef(oid),
             ' with (' || array_to_string(reloptions, ', ') || ')',
             case when relpersistence = 'u' then ' unlogged' end
           ) as suffix
      from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
     order by relname`;
}

async function readColumns(sql: Sql): Promise<Part[]> {
  return sql<Part[]>`
    select relname as table,
           concat_ws(' ',
             attname,
             format_type(atttypid, atttypmod),
             case when attidentity <> '' then 'generated as identity' end,
             case when attgenerated = 's' then 'generated always as (' || pg_get_expr(adbin, adrelid) || ') stored'
                  else 'default ' || pg_get_expr(adbin, adrelid) end,
             case when attnotnull then 'not null' end
           ) as text
      from pg_attribute
      join pg_class on pg_class.oid = attrelid
      left join pg_attrdef on adrelid = attrelid and adnum = attnum
     where relnamespace = 'public'::regnamespace and attnum > 0 and not attisdropped
     order by relname, attnum`;
}

// From version 18 on, "not null" is a constraint too (n); it stands with its column already.
async function readConstraints(sql: Sql): Promise<Part[]> {
  return sql<Part[]>`
    select relname as table, 'constraint ' || conname || ' ' || pg_get_constraintdef(pg_constraint.oid) as text
      from pg_constraint
      join pg_class on pg_class.oid = conrelid
     where connamespace = 'public'::regnamespace and contype in ('p', 'u', 'c', 'f', 'x')
     order by relname, array_position(array['p', 'u', 'x', 'c', 'f'], contype::text), conname`;
}

async function readIndexes(sql: Sql): Promise<Part[]> {
  return sql<Part[]>`
    select on_table.relname as table, pg_get_indexdef(indexrelid) as text
      from pg_index
      join pg_class as on_table on on_table.oid = indrelid
     where on_table.relnamespace = 'public'::regnamespace
       and not exists (select 1 from pg_constraint where conindid = indexrelid and contype in ('p', 'u', 'x'))
     order by on_table.relname, text`;
}

async function readPartitions(sql: Sql): Promise<Part[]> {
  return sql<Part[]>`
    select parent.relname as table,
           'create table ' || part.relname || ' partition of ' || parent.relname || ' '
             || pg_get_expr(part.relpartbound, part.oid) as text
      from pg_inherits
      join pg_class as part on part.oid = inhrelid
      join pg_class as parent on parent.oid = inhparent
     where part.relkind in ('r', 'p')
       and part.relnamespace = 'public'::regnamespace
       and pg_get_expr(part.relpartbound, part.oid) not like 'FOR VALUES FROM%'
     order by parent.relname, part.relname`;
}

async function readTriggers(sql: Sql): Promise<Part[]> {
  return sql<Part[]>`
    select relname as table, pg_get_triggerdef(pg_trigger.oid) as text
      from pg_trigger
      join pg_class on pg_class.oid = tgrelid
     where relnamespace = 'public'::regnamespace and not tgisinternal
     order by relname, tgname`;
}

async function readFunctions(sql: Sql): Promise<string[]> {
  const rows = await sql<{ text: string }[]>`
    select pg_get_functiondef(oid) as text
      from pg_proc
     where pronamespace = 'public'::regnamespace
       and not exists (select 1 from pg_depend where objid = pg_proc.oid and deptype = 'e')
     order by proname, pg_get_function_identity_arguments(oid)`;
  return rows.map(({ text }) => `${text.trimEnd()};`);
}
