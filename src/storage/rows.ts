/** What jsonb cannot hold: U+0000, and halves of surrogate pairs. JSON.stringify writes both as escapes. */
const unstorableEscape = /\\u(?:0000|d[89a-f])/i;

/**
 * A batch of rows as one JSON text, for `json_to_recordset(${rowsOf(rows)}::text::json)`.
 * One parameter a batch: measured beside `unnest` with an array per column it is as fast in all, and takes 40 % less of
 * the program's own thread (4.0 against 6.8 ms for 500 events), which is what runs out first.
 */
export function rowsOf(rows: readonly object[]): string {
  return jsonOf(rows);
}

/**
 * A value for a jsonb parameter: `${jsonOf(value)}::text::jsonb`. Characters that jsonb refuses are taken out: doors refuse them with
 * a message, but an answer from elsewhere or a template can still bring them, and one such row must not stop a whole batch.
 */
export function jsonOf(value: unknown): string {
  const text = JSON.stringify(value);
  return unstorableEscape.test(text) ? JSON.stringify(value, storable) : text;
}

function storable(_key: string, value: unknown): unknown {
  return typeof value === "string" ? value.toWellFormed().replaceAll("\0", "") : value;
}
