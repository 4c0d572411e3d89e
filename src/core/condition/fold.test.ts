import { expect, test } from "vitest";
import { fold, foldTable } from "./fold.ts";

test.each([
  ["Hello", "hello"],
  ["PERCHÉ", "perché"],
  ["ΟΔΟΣ οδος", "οδοσ οδοσ"],
  ["İSTANBUL", "istanbul"],
  ["STRAẞE Straße", "straße straße"],
  ["МОСКВА", "москва"],
  ["x😀Y", "x😀y"],
  ["ĐẶNG", "đặng"],
])("%s is compared as %s", (text, folded) => {
  expect(fold(text)).toBe(folded);
});

test("folding twice changes nothing more", () => {
  const letters = [...foldTable.keys()].join("");
  expect(fold(fold(letters))).toBe(fold(letters));
});

test("each letter becomes exactly one letter, so positions in a text stay", () => {
  expect([...foldTable].filter(([letter, lower]) => letter.length !== 1 || lower.length !== 1)).toEqual([]);
});
