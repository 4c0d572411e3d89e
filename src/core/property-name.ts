import { z } from "zod";
import { reservedProperties } from "./contact.ts";

/** The name of a contact property: readable in templates and conditions, and none of the built-in fields. */
export const propertyNameSchema = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_-]{0,63}$/,
    "must start with a letter and hold only letters, digits, _ and - (64 at most)",
  )
  .refine((name) => !(reservedProperties as readonly string[]).includes(name), "is the name of a built-in field");
