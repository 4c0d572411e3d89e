import { z } from "zod";
import { reservedVariables } from "../../core/flow/run-scope.ts";

const nameSchema = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, "must start with a letter and hold only letters, digits and _ (64 at most)")
  .refine((name) => !reservedVariables.includes(name), "is the name of something that every run has");

/** The variables to set, by name: strings are templates, a null removes the variable. */
export const setVariableConfig = z.strictObject({
  variables: z
    .record(nameSchema, z.json())
    .refine((variables) => Object.keys(variables).length >= 1, "must have at least one variable")
    .refine((variables) => Object.keys(variables).length <= 50, "must have at most 50 variables"),
});

export type SetVariableConfig = z.output<typeof setVariableConfig>;

/** The most that the variables of one run may hold together, in characters of their JSON. */
export const maxVariablesLength = 64 * 1024;
