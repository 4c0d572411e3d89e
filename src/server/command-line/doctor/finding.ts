/** What a check found: `what` is one sentence, `advice` says what to do about it. */
export type Finding = { state: "ok" | "warn" | "fail"; what: string; advice?: string };

/** The words of any error. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");
}
