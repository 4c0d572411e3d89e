import { z } from "zod";

/**
 * How the connection is secured: `tls` from the first byte, `starttls` always, `opportunistic` when the server offers it, `none`.
 */
export const securityModes = ["none", "opportunistic", "starttls", "tls"] as const;

const milliseconds = (value: number) => z.int().min(100).max(3_600_000).default(value);

const timeouts = z.strictObject({
  connectMs: milliseconds(10_000),
  commandMs: milliseconds(60_000),
  /** For the answer to the end of a mail: RFC 5321, section 4.5.3.2.6 asks for ten minutes, because an answer missed is a mail sent twice. */
  dataMs: milliseconds(600_000),
  idleMs: milliseconds(10_000),
});

export const smtpSettings = z.strictObject({
  kind: z.literal("smtp"),
  host: z.string().min(1).max(253),
  port: z.int().min(1).max(65_535),
  secure: z.enum(securityModes).default("opportunistic"),
  /** False takes any certificate. Without a user, `opportunistic` never asks for a valid one. */
  verifyCertificate: z.boolean().default(true),
  user: z.string().min(1).max(500).optional(),
  password: z.string().max(2_000).optional(),
  /** The name given in EHLO; the machine's own when absent. */
  clientName: z
    .string()
    .regex(/^[A-Za-z0-9.-]+$/, "must be a host name")
    .max(253)
    .optional(),
  maxConnections: z.int().min(1).max(500).default(10),
  maxMessagesPerConnection: z.int().min(1).max(1_000_000).default(500),
  rateLimitPerSecond: z.number().positive().max(100_000).optional(),
  timeouts: timeouts.default(timeouts.parse({})),
});
export type SmtpSettings = z.infer<typeof smtpSettings>;

/** The transports a workspace can send e-mail by. */
export const emailTransportSettings = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("sandbox") }),
  smtpSettings,
]);
export type EmailTransportSettings = z.infer<typeof emailTransportSettings>;

type Parsed = { ok: true; value: SmtpSettings } | { ok: false; message: string };

/**
 * Reads `smtp://user:password@host:587` (STARTTLS when offered) or `smtps://host` (TLS from the start). Options: `tls=required|off`,
 * `verify=off`, `connections=`, `messages=` (per connection), `rate=` (per second), `name=` (for EHLO). A wrong value is told in one sentence.
 */
export function parseSmtpUrl(text: string): Parsed {
  if (!URL.canParse(text)) return refuse("must be an address such as smtp://user:password@mail.example.com:587");
  const url = new URL(text);
  if (url.protocol !== "smtp:" && url.protocol !== "smtps:")
    return refuse(`must start with smtp:// or smtps://, not ${url.protocol}//`);
  if (url.hostname === "") return refuse("names no host");
  if (url.pathname !== "" && url.pathname !== "/") return refuse("must not have a path behind the host");
  const problem = optionProblem(url.searchParams);
  if (problem) return refuse(problem);
  const credentials = readCredentials(url);
  if (!credentials) return refuse("has a user or password with a broken % escape; write a literal % as %25");
  return check({ kind: "smtp", ...readHost(url), ...credentials, ...readLimits(url.searchParams) });
}

const options = ["tls", "verify", "connections", "messages", "rate", "name"];

function optionProblem(parameters: URLSearchParams): string | null {
  const unknown = [...parameters.keys()].find((key) => !options.includes(key));
  if (unknown !== undefined) return `has the unknown option "${unknown}"; known are ${options.join(", ")}`;
  const tls = parameters.get("tls");
  if (tls !== null && tls !== "required" && tls !== "off") return "takes tls=required or tls=off";
  const verify = parameters.get("verify");
  return verify !== null && verify !== "off" ? "takes verify=off only" : null;
}

function readHost(url: URL): {
  host: string;
  port: number;
  secure: SmtpSettings["secure"];
  verifyCertificate: boolean;
} {
  const isTls = url.protocol === "smtps:";
  const tls = url.searchParams.get("tls");
  const plain = tls === "required" ? "starttls" : tls === "off" ? "none" : "opportunistic";
  return {
    host: decodeURIComponent(url.hostname).replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (isTls ? 465 : 587) : Number(url.port),
    secure: isTls ? "tls" : plain,
    verifyCertificate: url.searchParams.get("verify") !== "off",
  };
}

function readCredentials(url: URL): { user?: string; password?: string } | null {
  if (url.username === "") return {};
  try {
    return { user: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  } catch {
    // decodeURIComponent throws for one reason only, and the caller turns null into the sentence for it.
    return null;
  }
}

function readLimits(parameters: URLSearchParams): Record<string, number | string> {
  const limits: Record<string, number | string> = {};
  for (const [option, field] of [
    ["connections", "maxConnections"],
    ["messages", "maxMessagesPerConnection"],
    ["rate", "rateLimitPerSecond"],
  ] as const) {
    const value = parameters.get(option);
    if (value !== null) limits[field] = Number(value);
  }
  const name = parameters.get("name");
  return name === null ? limits : { ...limits, clientName: name };
}

function check(value: unknown): Parsed {
  const result = smtpSettings.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  const issue = result.error.issues[0];
  return refuse(`has a wrong ${issue?.path.join(".") ?? "value"}: ${issue?.message ?? "invalid"}`);
}

function refuse(problem: string): Parsed {
  return { ok: false, message: `The SMTP URL ${problem}.` };
}
