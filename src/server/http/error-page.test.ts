import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { errorTable } from "../../core/errors.ts";
import { makeErrorPage, makeErrorReference } from "./error-page.ts";

const path = new URL("../../../docs/reference/errors.md", import.meta.url);

test("docs/reference/errors.md is what the table says; UPDATE_DOCS=1 writes it anew", () => {
  if (process.env["UPDATE_DOCS"] === "1") {
    mkdirSync(new URL(".", path), { recursive: true });
    writeFileSync(path, makeErrorReference());
  }
  expect(readFileSync(path, "utf8")).toBe(makeErrorReference());
});

test("the page has a place for every code to link to", () => {
  const page = makeErrorPage();
  expect(Object.keys(errorTable).filter((code) => !page.includes(`id="${code}"`))).toEqual([]);
});
