import { nextInWindow } from "../calendar.ts";
import type { QuietHours } from "../workspace-settings.ts";

/** The instant at which quiet hours end that are on at `at` by the clock of the zone; null when they are not on. */
export function quietUntil(at: Date, { from, to }: Pick<QuietHours, "from" | "to">, timeZone: string): Date | null {
  const open = nextInWindow(at, [{ from: to, to: from }], { timeZone });
  return open === null || open <= at ? null : open;
}
