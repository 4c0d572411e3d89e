import { closeDatabase, connect } from "../../src/storage/database.ts";

type Statement = { calls: number; totalMs: number; rows: number; wal: number; query: string };

/** The statements that took most time in the whole server, as text; empty when pg_stat_statements is not there. */
export async function statementReport(url: string): Promise<string> {
  const sql = connect(url, { max: 1, applicationName: "bench statements" });
  try {
    await sql`create extension if not exists pg_stat_statements`;
    const rows = await sql<Statement[]>`
      select sum(calls)::bigint as calls, round(sum(total_exec_time))::float8 as "totalMs", sum(rows)::bigint as rows, sum(wal_bytes)::bigint as wal,
             left(regexp_replace(query, '[[:space:]]+', ' ', 'g'), 140) as query
        from pg_stat_statements
       group by query order by sum(total_exec_time) desc limit 25`;
    return `${["  calls      ms     rows  WAL MB  statement", ...rows.map(lineOf)].join("\n")}\n`;
  } catch (error) {
    return `No statements: ${String(error)}\n`;
  } finally {
    await closeDatabase(sql);
  }
}

function lineOf({ calls, totalMs, rows, wal, query }: Statement): string {
  const figures = [calls, totalMs, rows, Math.round(wal / 1e6)];
  return `${figures.map((figure) => String(figure).padStart(7)).join(" ")}  ${query}`;
}
