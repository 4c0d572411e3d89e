/** One broken rule of a condition, with the way to it from the root. */
export type Problem = { path: (string | number)[]; message: string };

/** A list of one problem. */
export function one(message: string, ...path: (string | number)[]): Problem[] {
  return [{ path, message }];
}

/** The problem as seen from further out. */
export function within({ path, message }: Problem, ...outer: (string | number)[]): Problem {
  return { path: [...outer, ...path], message };
}

/** What somebody wrote, cut short, for a message. */
export function quote(text: string): string {
  return JSON.stringify(text.slice(0, 50));
}
