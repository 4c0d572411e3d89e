import { createHash } from "node:crypto";
import { FormData, Response } from "undici";
import type { Part, RemotePart } from "./build-body.ts";

export type LocalPart = Exclude<Part, RemotePart>;
export type Multipart = { contentType: string; bytes: Buffer };

/** Encodes parts as multipart/form-data (RFC 7578). The same parts and `key` give the same bytes, so that a retry sends what was sent. */
export async function encodeMultipart(parts: LocalPart[], key: string): Promise<Multipart> {
  const form = new FormData();
  for (const part of parts) {
    if ("value" in part) form.append(part.name, part.value);
    else
      form.append(
        part.name,
        new Blob([part.bytes as Uint8Array<ArrayBuffer>], { type: part.contentType }),
        part.filename,
      );
  }
  const response = new Response(form);
  const contentType = response.headers.get("content-type") ?? "";
  const random = contentType.slice(contentType.indexOf("boundary=") + "boundary=".length);
  const stable = `staffetta-${createHash("sha256").update(key).digest("hex")}`;
  const encoded = Buffer.from(await response.arrayBuffer()).toString("latin1");
  return {
    contentType: `multipart/form-data; boundary=${stable}`,
    bytes: Buffer.from(encoded.replaceAll(random, stable), "latin1"),
  };
}
