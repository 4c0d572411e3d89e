import { z } from "zod";
import { emptyList, emptyListJob } from "../../operations/empty-list.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import type { JobKind } from "../jobs.ts";

const paramsSchema = z.object({ listId: z.string(), after: z.string() });
const cursorSchema = z.string().nullable();

/** Takes the members out of a list that was deleted, in the order of the list and not of the lanes: one lane stands for all. */
export function emptyLists(flows: FlowCache): JobKind {
  return {
    name: emptyListJob,
    async chunk(sql, { workspaceId, params }, { cursor, now }) {
      const { listId, after } = paramsSchema.parse(params);
      const from = cursorSchema.parse(cursor) ?? after;
      const emptied = await emptyList(sql, { workspaceId, listId, after: from }, { flows, now });
      const again = emptied.after === null ? null : now;
      return { cursor: emptied.after, counts: { removed: emptied.removed }, again, lanes: emptied.lanes };
    },
  };
}
