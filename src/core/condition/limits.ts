/** How large a condition may be. Depth counts levels: a lone leaf has depth 1. */
export const conditionLimits = {
  depth: 8,
  nodes: 100,
  fieldLength: 500,
  /** Characters of the value written as JSON. */
  valueLength: 16_384,
  valueItems: 500,
  /** Characters of a value that an explanation shows. */
  shownLength: 500,
  /** Of the events of one name, and of the message events of one type, only so many count: the newest. */
  activity: 1000,
} as const;
