import type { Row } from "./job.ts";

const columns = ["job", "figure", "limit", "ratio", "bar", "ok"] as const;

/** The rows as a table for people, with the notes below it. */
export function formatTable(rows: readonly Row[]): string {
  const lines = [[...columns], ...rows.map(cellsOf)];
  const widths = columns.map((_, index) => Math.max(...lines.map((cells) => cells[index]?.length ?? 0)));
  const table = lines.map((cells) =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const notes = rows.flatMap(({ job, note }) => (note === undefined ? [] : [`${job}: ${note}`]));
  return `${[...table, ...(notes.length > 0 ? ["", ...notes] : [])].join("\n")}\n`;
}

function cellsOf({ job, figure, unit, limit, ratio, bar, ok }: Row): string[] {
  return [
    job,
    `${figure.toLocaleString("en")} ${unit}`,
    limit === null ? "-" : limit.toLocaleString("en"),
    ratio === null ? "-" : ratio.toFixed(2),
    bar,
    ok ? "ok" : "MISSED",
  ];
}
