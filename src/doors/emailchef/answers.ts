/** Routes of this door are not in the reference of our own API. */
export const hidden = { schema: { hide: true } } as const;

/** A count as Emailchef writes it. */
export function total(count: number): { totalcount: string } {
  return { totalcount: String(count) };
}

/** An instant as Emailchef writes it: UTC, to the second. */
export function instantText(at: Date): string {
  return at.toISOString().slice(0, 19).replace("T", " ");
}

/** A truth as Emailchef writes it. */
export function flag(isTrue: boolean): "0" | "1" {
  return isTrue ? "1" : "0";
}
