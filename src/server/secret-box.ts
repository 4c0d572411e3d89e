import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { chmod, link, mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const formatVersion = 1;

export type SecretBox = {
  seal(text: string, context: string): Buffer;
  open(sealed: Uint8Array, context: string): string;
};

/**
 * Seals texts with AES-256-GCM under `key` (32 bytes). `context`, such as `<workspace>:<name>`, is bound to what is sealed: opening under
 * another context, with another key, or after any change throws. Layout: version byte, 12-byte nonce, 16-byte tag, ciphertext.
 */
export function createSecretBox(key: Uint8Array): SecretBox {
  if (key.byteLength !== keyBytes)
    throw new Error(`The secret key must be ${keyBytes} bytes long, it has ${key.byteLength}.`);
  return {
    seal: (text, context) => sealText(key, text, context),
    open: (sealed, context) => openText(key, sealed, context),
  };
}

function sealText(key: Uint8Array, text: string, context: string): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(context, "utf8"));
  const ciphertext = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([Buffer.of(formatVersion), nonce, cipher.getAuthTag(), ciphertext]);
}

function openText(key: Uint8Array, sealed: Uint8Array, context: string): string {
  const bytes = Buffer.from(sealed);
  if (bytes.length < 1 + nonceBytes + tagBytes || bytes[0] !== formatVersion)
    throw new Error("This is not a sealed secret.");
  const nonce = bytes.subarray(1, 1 + nonceBytes);
  const tag = bytes.subarray(1 + nonceBytes, 1 + nonceBytes + tagBytes);
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
    decipher.setAAD(Buffer.from(context, "utf8"));
    decipher.setAuthTag(tag);
    return decipher.update(bytes.subarray(1 + nonceBytes + tagBytes), undefined, "utf8") + decipher.final("utf8");
  } catch (cause) {
    throw new Error(`The secret ${context} cannot be opened with this key.`, { cause });
  }
}

/**
 * The key for secrets: `configured` (the value of STAFFETTA_SECRET_KEY, 32 bytes as 64 hex digits or base64), or the file `secret.key` in
 * `dataDir`, made with mode 0600 when it is missing. Throws one clear sentence when either is not a key.
 */
export async function loadSecretKey({
  configured,
  dataDir,
}: {
  configured: string | undefined;
  dataDir: string;
}): Promise<Buffer> {
  if (configured) return parseKey(configured, "STAFFETTA_SECRET_KEY");
  const path = join(dataDir, "secret.key");
  const found = await readFile(path, "utf8").catch(nullWhenMissing);
  if (found === null) await createKeyFile(dataDir, path);
  else await keepPrivate(path);
  return parseKey(found ?? (await readFile(path, "utf8")), path);
}

/** True for 32 bytes as 64 hex digits or as base64. */
export function isSecretKey(text: string): boolean {
  return readKey(text) !== null;
}

function parseKey(text: string, source: string): Buffer {
  const key = readKey(text);
  if (key !== null) return key;
  throw new Error(
    `${source} must hold ${keyBytes} bytes, as 64 hex digits or as base64 (make one with: openssl rand -hex 32).`,
  );
}

function readKey(text: string): Buffer | null {
  const trimmed = text.trim();
  const key = /^[0-9a-f]{64}$/i.test(trimmed) ? Buffer.from(trimmed, "hex") : Buffer.from(trimmed, "base64");
  return key.length === keyBytes && /^[\w+/=-]+$/.test(trimmed) ? key : null;
}

/** Written aside and linked into place: of two processes that start together one wins, and a crash leaves no half of a key. */
async function createKeyFile(dataDir: string, path: string): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  const file = await open(draft, "wx", 0o600);
  await file.writeFile(`${randomBytes(keyBytes).toString("hex")}\n`);
  await file.sync();
  await file.close();
  await link(draft, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  await rm(draft);
}

async function keepPrivate(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) await chmod(path, 0o600);
}

function nullWhenMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
