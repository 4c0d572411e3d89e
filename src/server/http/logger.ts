import { type DestinationStream, type Logger, type LoggerOptions, pino } from "pino";

const secretNames = ["authorization", "cookie", "apiKey", "key", "token", "password", "secret"];

export type LogSettings = { level: string; destination?: DestinationStream };

/** The log of the program: JSON lines. Credentials, and the tokens of incoming calls in addresses, never get into it. */
export function createLogger({ level, destination }: LogSettings): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: secretNames.flatMap((name) => [name, `*.${name}`, `headers.${name}`, `req.headers.${name}`]),
      censor: "[redacted]",
    },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** An address as the log may show it: of a token only the first characters, of a query only the names. */
export function loggableUrl(url: string): string {
  const [path = "", query] = url.slice(0, 2048).split("?", 2);
  const hidden = path.replace(/^(\/+(?:in|events\/id)\/+.{0,4})[^/]*/, "$1…");
  if (query === undefined) return hidden;
  const names = query.split("&").map((pair) => pair.split("=", 1)[0]);
  return `${hidden}?${names.join("&")}`;
}
