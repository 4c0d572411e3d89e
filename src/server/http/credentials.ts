import type { IncomingHttpHeaders } from "node:http";
import type { CredentialForm, Credentials } from "../../doors/door.ts";

type Reader = { hint: string; read: (headers: IncomingHttpHeaders) => Credentials | null };

const visible = /^[\x21-\x7e]{1,512}$/;
const sessionKey = /^[0-9a-f]{40}$/i;

/** How each form is read from the headers, and what is said to those who show nothing. */
const readers: Record<CredentialForm, Reader> = {
  bearer: { hint: "Authorization: Bearer <key>", read: (headers) => afterWord(headers, "bearer") },
  token: { hint: "Authorization: Token <key>", read: (headers) => afterWord(headers, "token") },
  raw: { hint: "Authorization: <key>", read: ({ authorization }) => secretOf(authorization) },
  basic: { hint: "HTTP Basic with the key as user name", read: readBasic },
  consumer: { hint: "the headers consumerKey (the id of the key) and consumerSecret (the key)", read: readConsumer },
  authkey: { hint: "the header authkey", read: readSessionKey },
};

/** The first credentials that the headers show in one of `forms`; null when they show none, or none that could be right. */
export function readCredentials(headers: IncomingHttpHeaders, forms: readonly CredentialForm[]): Credentials | null {
  for (const form of forms) {
    const credentials = readers[form].read(headers);
    if (credentials) return credentials;
  }
  return null;
}

/** Whether the headers show anything at all in one of `forms`, readable or not. */
export function showsCredentials(headers: IncomingHttpHeaders, forms: readonly CredentialForm[]): boolean {
  return forms.some((form) => headers[headerOf(form)] !== undefined);
}

/** What to send, in words, for callers who showed nothing. */
export function credentialHint(forms: readonly CredentialForm[]): string {
  return `Send the API key as ${forms.map((form) => readers[form].hint).join(", or as ")}.`;
}

function headerOf(form: CredentialForm): string {
  if (form === "consumer") return "consumersecret";
  return form === "authkey" ? "authkey" : "authorization";
}

function afterWord({ authorization }: IncomingHttpHeaders, word: string): Credentials | null {
  const [first = "", rest = ""] = splitOnce((authorization ?? "").trim(), " ");
  return first.toLowerCase() === word ? secretOf(rest.trim()) : null;
}

/** RFC 7617; the password is not looked at. */
function readBasic(headers: IncomingHttpHeaders): Credentials | null {
  const encoded = afterWord(headers, "basic");
  if (!encoded) return null;
  const [user = ""] = splitOnce(Buffer.from(encoded.secret, "base64").toString("utf8"), ":");
  return secretOf(user);
}

function readConsumer(headers: IncomingHttpHeaders): Credentials | null {
  const [id, secret] = [headers["consumerkey"], secretOf(headers["consumersecret"])];
  return secret && typeof id === "string" ? { ...secret, id } : null;
}

function readSessionKey({ authkey }: IncomingHttpHeaders): Credentials | null {
  return typeof authkey === "string" && sessionKey.test(authkey) ? { secret: authkey.toLowerCase() } : null;
}

function secretOf(text: string | string[] | undefined): Credentials | null {
  return typeof text === "string" && visible.test(text) ? { secret: text } : null;
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
