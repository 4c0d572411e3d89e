const conflicts = new Set(["40P01", "40001"]);

/** True for an error by which PostgreSQL ended a transaction only because of another one (deadlock, serialization): the same may work now. */
export function isConflict(error: unknown): boolean {
  return error instanceof Error && "code" in error && conflicts.has(String(error.code));
}
