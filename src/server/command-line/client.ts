import { PlainError } from "./command.ts";

export type Client = {
  url: string;
  /** Calls the API and reads its JSON. Throws one sentence for anything but a 2xx. */
  call(method: string, path: string, body?: object): Promise<unknown>;
};

/** A caller of the API at `url` with an API key. */
export function createClient(url: string, key: string): Client {
  const base = url.replace(/\/+$/, "");
  return { url: base, call: (method, path, body) => call({ base, key }, { method, path, body }) };
}

type Request = { method: string; path: string; body: object | undefined };

async function call({ base, key }: { base: string; key: string }, { method, path, body }: Request): Promise<unknown> {
  const headers = { authorization: `Bearer ${key}`, ...(body ? { "content-type": "application/json" } : {}) };
  const sent = {
    method,
    headers,
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal: AbortSignal.timeout(30_000),
  };
  const address = path.startsWith("/") ? base + path : path;
  const response = await fetch(address, sent).catch((error: Error) => {
    throw new PlainError(`${base} cannot be reached: ${(error.cause as Error | undefined)?.message ?? error.message}.`);
  });
  const text = await response.text();
  if (!response.ok)
    throw new PlainError(`${method} ${path} was answered with ${response.status}: ${text.slice(0, 500)}`);
  return text === "" ? null : JSON.parse(text);
}
