import { z } from "zod";
import { propertyNameSchema } from "../../core/property-name.ts";

const tags = z.array(z.string().min(1).max(200)).max(50).default([]);
const listIds = z.array(z.uuid()).max(20).default([]);

/** What to change on the contact. Property values and tags are templates; a property set to null is removed. */
export const updateContactConfig = z.strictObject({
  properties: z
    .record(propertyNameSchema, z.json())
    .refine((properties) => Object.keys(properties).length <= 100, "must have at most 100 properties")
    .default({}),
  addTags: tags,
  removeTags: tags,
  joinLists: listIds,
  leaveLists: listIds,
});

export type UpdateContactConfig = z.output<typeof updateContactConfig>;

/** The longest tag, in characters. */
export const maxTagLength = 64;

/** The longest value of one property, in characters of its JSON. */
export const maxValueLength = 16 * 1024;
