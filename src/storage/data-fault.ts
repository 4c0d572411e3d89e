import postgres from "postgres";

// Classes of SQLSTATE (PostgreSQL, appendix A): cardinality, data, integrity, program limit.
const faultClasses = /^(21|22|23|54)/;

/**
 * True when the data itself is the trouble: the database refused it, or the program failed while writing it. The same again gives the
 * same, unlike with a lost connection or a deadlock.
 */
export function isDataFault(error: unknown): boolean {
  if (error instanceof postgres.PostgresError) return faultClasses.test(error.code);
  return error instanceof TypeError || error instanceof RangeError;
}

/** True when the database is away, stopping or too busy, or cut a transaction short: the same again may well succeed. */
export function isOutage(error: unknown): boolean {
  if (error instanceof postgres.PostgresError) return /^(08|40|53|55|57|58)/.test(error.code);
  const code = (error as { code?: unknown } | null)?.code;
  return (
    typeof code === "string" &&
    /^(CONNECT|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)/.test(code)
  );
}
