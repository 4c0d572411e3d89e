/** The longest template source that is taken, in characters. */
export const maxSourceLength = 512 * 1024;

/** The longest text a template may give, in characters. */
export const maxOutputLength = 2 * 1024 * 1024;

/** How long one rendering may take, in milliseconds. */
export const maxRenderMs = 250;

/**
 * The work one rendering may do: every character and list item that a filter, operator or output touches costs one,
 * every piece of template rendered costs `pieceCost`. Unlike the clock, it gives the same verdict on every machine.
 */
export const maxWork = 8 * 1024 * 1024;

/** The work of rendering one piece (an output, a tag, the text between them); it bounds loops to about 400,000 pieces. */
export const pieceCost = 20;

/** The work of one use of the `date` filter, whose time zone look-up takes tens of microseconds. */
export const dateCost = 1000;

/** How many `{{` and `{%` a template may hold: the parser's time grows with the square of it (50 ms at this many). */
export const maxTags = 5000;

/** How deep blocks may stand inside each other. */
export const maxDepth = 100;

/** The longest format the `date` filter takes: its parser backtracks over runs of zeros. */
export const maxDateFormatLength = 200;

/** How many compiled templates are kept for each engine, and how many characters of source they may have together. */
export const cacheLimits = { entries: 2000, weight: 32 * 1024 * 1024 };
