import { promisify } from "node:util";
import { brotliDecompress, inflate, inflateRaw, unzip } from "node:zlib";

export type Decompressed =
  | { ok: true; bytes: Buffer }
  | { ok: false; reason: "too_large" | "unreachable"; message: string };

const decoders = {
  gzip: promisify(unzip),
  "x-gzip": promisify(unzip),
  br: promisify(brotliDecompress),
  deflate: inflateEither,
} as const;
const maxLayers = 3;

/** Undoes the content codings of an answer (RFC 9110, section 8.4), and stops as soon as more than `maxBytes` come out. */
export async function decompress(
  bytes: Buffer,
  contentEncoding: string | undefined,
  maxBytes: number,
): Promise<Decompressed> {
  const codings = (contentEncoding ?? "")
    .toLowerCase()
    .split(",")
    .map((coding) => coding.trim())
    .filter((coding) => coding !== "" && coding !== "identity");
  if (codings.length === 0 || bytes.length === 0) return { ok: true, bytes };
  if (codings.length > maxLayers) return broken(`The answer is encoded ${codings.length} times.`);
  let current = bytes;
  for (const coding of codings.reverse()) {
    if (!Object.hasOwn(decoders, coding))
      return broken(`The answer has the unknown content coding ${coding.slice(0, 50)}.`);
    try {
      // A limit of 0 is not one that zlib takes; one byte more than allowed tells as much.
      current = await decoders[coding as keyof typeof decoders](current, { maxOutputLength: maxBytes + 1 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return tooLarge(maxBytes);
      return broken(`The answer cannot be decompressed: ${(error as Error).message}.`);
    }
    if (current.length > maxBytes) return tooLarge(maxBytes);
  }
  return { ok: true, bytes: current };
}

/** "deflate" means zlib, but some servers send the raw stream; the first byte tells them apart (RFC 1950, section 2.2). */
function inflateEither(bytes: Buffer, options: { maxOutputLength: number }): Promise<Buffer> {
  return ((bytes[0] ?? 0) & 0x0f) === 8 ? promisify(inflate)(bytes, options) : promisify(inflateRaw)(bytes, options);
}

function tooLarge(maxBytes: number): Decompressed {
  return { ok: false, reason: "too_large", message: `The answer is larger than ${maxBytes} bytes.` };
}

function broken(message: string): Decompressed {
  return { ok: false, reason: "unreachable", message };
}
