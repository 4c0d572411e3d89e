import { expect, test } from "vitest";
import { isForm, isMultipart, readMultipart } from "./read-body.ts";

const type = "multipart/form-data; boundary=b";

function part(name: string, value: string, more = ""): string {
  return `--b\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
}

const whole = `${part("a", "1")}${part("file", "of bytes", '; filename="x.txt"')}${part("a", "2")}${part("note", "già")}--b--\r\n`;

function read(text: string, contentType = type) {
  return readMultipart(Buffer.from(text), contentType);
}

test("reads the fields of a form in parts, and passes over its files", async () => {
  expect(await read(whole)).toEqual({ a: ["1", "2"], note: "già" });
  expect(await read(part("a", "x".repeat(500_000)).concat("--b--\r\n"))).toEqual({ a: "x".repeat(500_000) });
  expect(await read(`${part("file", "x".repeat(3_000_000), '; filename="x"')}--b--`)).toEqual({});
});

test.each([
  "multipart/form-data",
  "multipart/form-data; boundary=",
  `multipart/form-data; boundary=${"x".repeat(200)}`,
  "multipart/form-data boundary=b",
])("refuses a form of type %s", async (contentType) => {
  await expect(read(whole, contentType)).rejects.toMatchObject({ code: "invalid_request" });
});

test.each(["", "nothing of the kind", "--b", "--b\r\n", "--b\r\n\r\n", "--c--"])(
  "refuses what is no form: %j",
  async (text) => {
    await expect(read(text)).rejects.toMatchObject({ code: "invalid_request" });
  },
);

test("a form that is cut off anywhere is refused or read, and leaves nothing behind", async () => {
  for (let length = 1; length < whole.length; length += 1) {
    const outcome = await read(whole.slice(0, length)).catch((error) => error.code);
    if (typeof outcome === "string") expect(outcome).toBe("invalid_request");
  }
});

test.each([
  ["too many fields", part("a", "1").repeat(501)],
  ["too many parts", part("f", "1", '; filename="x"').repeat(501)],
  ["a field that is too long", part("a", "x".repeat(1_000_001))],
])("refuses %s", async (_name, text) => {
  await expect(read(`${text}--b--\r\n`)).rejects.toMatchObject({ code: "body_too_large" });
});

test("a name that objects have of themselves is a field like others", async () => {
  const fields = await read(`${part("__proto__", "1")}${part("constructor", "2")}--b--`).catch((error) => error.code);
  expect(fields === "invalid_request" || Object.keys(fields).length === 2).toBe(true);
  expect(({} as { polluted?: string }).polluted).toBeUndefined();
});

test("knows forms by their content type", () => {
  expect([type, " Multipart/Form-Data; boundary=x", "multipart/mixed"].map(isMultipart)).toEqual([true, true, false]);
  expect(["application/x-www-form-urlencoded", type, "application/json"].map(isForm)).toEqual([true, true, false]);
});
