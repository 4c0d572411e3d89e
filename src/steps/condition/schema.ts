import { z } from "zod";
import { conditionSchema } from "../../core/condition/condition.ts";

/** The exit taken when no path holds. */
export const elseExit = "else";

const pathName = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "A path is named with lower-case letters, digits and single hyphens.")
  .refine((name) => name !== elseExit, 'The name "else" is taken by the exit for when no path holds.');

const path = z.strictObject({ name: pathName, when: conditionSchema });

/** The paths in the order they are tried; each gives its name to an exit. */
export const conditionConfig = z.strictObject({
  paths: z.array(path).min(1).max(20).superRefine(refuseSameNames),
});
export type ConditionConfig = z.infer<typeof conditionConfig>;

function refuseSameNames(paths: readonly { name: string }[], context: z.RefinementCtx): void {
  const names = paths.map(({ name }) => name);
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) < index)
      context.addIssue({ code: "custom", path: [index, "name"], message: `The path name "${name}" is used twice.` });
  }
}
