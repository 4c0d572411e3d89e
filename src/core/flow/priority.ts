/**
 * What goes first when there is more to do than can be done at once: high before normal before low, as numbers so that they sort.
 * Starts over an audience are low unless their flow asks for more.
 */
export const priorities = { high: 0, normal: 1, low: 2 } as const;
export type PriorityName = keyof typeof priorities;
export type Priority = (typeof priorities)[PriorityName];
