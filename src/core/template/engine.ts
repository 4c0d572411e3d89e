import { type Context, Liquid, type LiquidOptions, type Template } from "liquidjs";
import { escapeHtml, escapeJson, escapeUrl } from "./escape.ts";
import { templateFilters } from "./filters.ts";
import { maxRenderMs, maxSourceLength, maxWork, pieceCost } from "./limits.ts";
import { currentOutput, Output, resumeOutput } from "./output.ts";
import { chargedOperators } from "./work.ts";

/** Where the output goes, and so how values are escaped. */
export type Escaping = "text" | "html" | "url" | "header" | "json";

const fileTags = ["include", "render", "layout", "block"];
const text = createEngine({});

/** One engine for each way of escaping; headers are cleaned as a whole after rendering. */
export const engines: Record<Escaping, Liquid> = {
  text,
  header: text,
  html: createEngine({ outputEscape: escapeHtml as (value: unknown) => string }),
  url: createEngine({ outputEscape: escapeUrl as (value: unknown) => string }),
  json: createEngine({ outputEscape: escapeJson as (value: unknown) => string }, "json"),
};

function createEngine(options: LiquidOptions, filters: "json" | "other" = "other"): Liquid {
  const liquid = new Liquid({
    ...options,
    templates: {},
    ownPropertyOnly: true,
    strictFilters: true,
    locale: "en-US",
    timezoneOffset: "UTC",
    parseLimit: maxSourceLength,
    renderLimit: maxRenderMs,
    memoryLimit: maxWork,
    operators: chargedOperators(),
  });
  for (const name of fileTags) delete liquid.tags[name];
  for (const name of Object.keys(liquid.filters)) liquid.unregisterFilter(name);
  for (const [name, filter] of templateFilters(filters)) liquid.registerFilter(name, filter);
  limitRenderer(liquid);
  return liquid;
}

/** Makes every block pay for its pieces, and gives `capture` a bounded output of its own. */
function limitRenderer(liquid: Liquid): void {
  const renderer = liquid.renderer;
  const render = renderer.renderTemplates.bind(renderer);
  renderer.renderTemplates = (templates, context, output) => {
    context.memoryLimit.use(pieceCost * (templates.length + 1));
    return output ? render(templates, context, output) : capture(render, templates, context);
  };
}

type Render = (templates: Template[], context: Context, output: Output) => IterableIterator<unknown>;

function* capture(render: Render, templates: Template[], context: Context): IterableIterator<unknown> {
  const outer = currentOutput(context);
  const own = new Output(context, true);
  yield render(templates, context, own);
  resumeOutput(context, outer);
  return own.buffer;
}
