import { z } from "zod";
import { reservedProperties } from "../../core/contact.ts";
import { httpRequestFields } from "../../core/http-request.ts";
import { parsePath } from "../../core/path.ts";

const saveRule = z.strictObject({
  property: z
    .string()
    .regex(
      /^[A-Za-z_][A-Za-z0-9_]{0,63}$/,
      "A property name has letters, digits and _, and does not begin with a digit.",
    )
    .refine(
      (name) => !(reservedProperties as readonly string[]).includes(name),
      "This is a built-in field of the contact, which an answer cannot set.",
    ),
  path: z
    .string()
    .max(500)
    .refine((path) => parsePath(path) !== null, "This is not a path such as body.items[0].name."),
});

/** An HTTP request, and `save`: which parts of the answer (paths such as `body.tier`) go into which contact properties on success. */
export const httpActionConfig = z
  .strictObject({ ...httpRequestFields, save: z.array(saveRule).max(50).default([]) })
  .refine(({ method, body }) => method !== "HEAD" || body.kind === "none", {
    path: ["body"],
    error: "A HEAD request has no body.",
  });

export type HttpActionConfig = z.output<typeof httpActionConfig>;
