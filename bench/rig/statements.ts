import { closeDatabase, connect } from "../../src/storage/database.ts";

type Statement = {
  calls: number;
  totalMs: number;
  planMs: number;
  rows: number;
  blocks: number;
  wal: number;
  query: string;
};

const head = "  calls     ms  plan ms     rows  blocks/call  WAL MB  statement";

/** The statements that took most time in the whole server, as text; empty when pg_stat_statements is not there. */
export async function statementReport(url: string): Promise<string> {
  const sql = connect(url, { max: 1, applicationName: "bench statements" });
  try {
    await sql`create extension if not exists pg_stat_statements`;
    const rows = await sql<Statement[]>`
      select sum(calls)::bigint as calls, round(sum(total_exec_time))::float8 as "totalMs", round(sum(total_plan_time))::float8 as "planMs",
             sum(rows)::bigint as rows, (sum(shared_blks_hit + shared_blks_read) / greatest(sum(calls), 1))::bigint as blocks, sum(wal_bytes)::bigint as wal,
             left(regexp_replace(query, '[[:space:]]+', ' ', 'g'), 140) as query
        from pg_stat_statements
       group by query order by sum(total_exec_time + total_plan_time) desc limit 25`;
    return `${[head, ...rows.map(lineOf)].join("\n")}\n`;
  } catch (error) {
    return `No statements: ${String(error)}\n`;
  } finally {
    await closeDatabase(sql);
  }
}

function lineOf({ calls, totalMs, planMs, rows, blocks, wal, query }: Statement): string {
  const figures = [calls, totalMs, planMs, rows, blocks, Math.round(wal / 1e6)];
  const widths = [7, 6, 8, 8, 12, 7];
  return `${figures.map((figure, index) => String(figure).padStart(widths[index] ?? 0)).join(" ")}  ${query}`;
}
