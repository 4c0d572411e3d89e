import { z } from "zod";
import { parseSmtpUrl, type SmtpSettings } from "../channels/email/settings.ts";
import { parseAddress } from "../core/message/address.ts";
import { parseRanges } from "../engine/perform/http/address-class.ts";
import { defaultHttpSettings } from "./http/settings.ts";
import { isSecretKey } from "./secret-box.ts";

export const roleNames = ["api", "engine", "sender"] as const;
export type Role = (typeof roleNames)[number];

// A name that no network resolves (RFC 6761, section 6.3): nobody's domain is used by accident.
const defaultSender = "Staffetta <no-reply@staffetta.localhost>";
const logLevels = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;

/** One variable: optional text, checked and turned into what the program uses. Messages end a sentence that begins with its name. */
const variables = z.object({
  PORT: wholeNumber({ from: 0, to: 65_535, or: 3000 }),
  HOST: z
    .string()
    .regex(/^[\w.:%-]+$/, "must be an address or a host name to listen on, such as 127.0.0.1")
    .default("127.0.0.1"),
  DATA_DIR: z.string().default("./data"),
  DATABASE_URL: z.string().optional().transform(databaseUrl),
  DATABASE_POOL: wholeNumber({ from: 4, to: 200, or: 16 }),
  PUBLIC_URL: z.string().optional().transform(publicUrl),
  STAFFETTA_API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{16,200}$/, "must be 16 to 200 visible ASCII characters")
    .optional(),
  STAFFETTA_SECRET_KEY: z
    .string()
    .refine(isSecretKey, "must hold 32 bytes, as 64 hex digits or as base64 (make one with: openssl rand -hex 32)")
    .optional(),
  SMTP_URL: z.string().optional().transform(smtpUrl),
  EMAIL_FROM: z.string().superRefine(mailbox).optional(),
  ALLOW_PRIVATE_NETWORKS: z.string().default("").transform(networks),
  ROLES: z.string().default(roleNames.join(",")).transform(roles),
  LOG_LEVEL: z.enum(logLevels, `must be one of ${logLevels.join(", ")}`).default("info"),
  BODY_LIMIT_BYTES: wholeNumber({ from: 1024, to: 104_857_600, or: defaultHttpSettings.bodyLimitBytes }),
  RATE_LIMIT_PER_SECOND: wholeNumber({ from: 1, to: 1_000_000, or: defaultHttpSettings.rateLimitPerSecond }),
  FAILED_KEYS_PER_MINUTE: wholeNumber({ from: 1, to: 1_000_000, or: defaultHttpSettings.failedKeysPerMinute }),
  TRUST_PROXY: z.enum(["true", "false"], "must be true or false").default("false"),
});

/** The names of all variables that are read. */
export const variableNames: readonly string[] = Object.keys(variables.shape);

export type Configuration = {
  port: number;
  host: string;
  dataDir: string;
  /** Null: the embedded PostgreSQL under `dataDir`. */
  databaseUrl: string | null;
  databasePool: number;
  publicUrl: string | null;
  apiKey: string | null;
  secretKey: string | undefined;
  /** Null: e-mails go to the sandbox inbox. */
  smtp: SmtpSettings | null;
  emailFrom: string;
  /** False when nobody has said who mails come from. */
  isEmailFromSet: boolean;
  allowPrivateNetworks: string[];
  roles: ReadonlySet<Role>;
  logLevel: string;
  bodyLimitBytes: number;
  rateLimitPerSecond: number;
  failedKeysPerMinute: number;
  trustProxy: boolean;
};

export type ReadConfiguration = { ok: true; value: Configuration } | { ok: false; problems: string[] };

/** Reads the settings of the program. Empty variables count as absent. Every wrong one gives a sentence that names it and its rule. */
export function readConfiguration(environment: Readonly<Record<string, string | undefined>>): ReadConfiguration {
  const given = Object.entries(environment).filter(([name, value]) => variableNames.includes(name) && value?.trim());
  const parsed = variables.safeParse(Object.fromEntries(given.map(([name, value]) => [name, value?.trim()])));
  if (!parsed.success) return { ok: false, problems: parsed.error.issues.map(problemOf) };
  const value = configurationOf(parsed.data);
  // Half a server on a database that only this process can reach would leave work lying for ever.
  if (value.databaseUrl === null && value.roles.size < roleNames.length) {
    const rule = `ROLES must be all of ${roleNames.join(", ")} unless DATABASE_URL is set`;
    return { ok: false, problems: [`${rule}: nobody else can reach the embedded database.`] };
  }
  return { ok: true, value };
}

function problemOf({ path, message }: z.core.$ZodIssue): string {
  return `${String(path[0])} ${message}.`;
}

function configurationOf(read: z.output<typeof variables>): Configuration {
  return {
    port: read.PORT,
    host: read.HOST,
    dataDir: read.DATA_DIR,
    databaseUrl: read.DATABASE_URL,
    databasePool: read.DATABASE_POOL,
    publicUrl: read.PUBLIC_URL,
    apiKey: read.STAFFETTA_API_KEY ?? null,
    secretKey: read.STAFFETTA_SECRET_KEY,
    smtp: read.SMTP_URL,
    emailFrom: read.EMAIL_FROM ?? defaultSender,
    isEmailFromSet: read.EMAIL_FROM !== undefined,
    allowPrivateNetworks: read.ALLOW_PRIVATE_NETWORKS,
    roles: read.ROLES,
    logLevel: read.LOG_LEVEL,
    bodyLimitBytes: read.BODY_LIMIT_BYTES,
    rateLimitPerSecond: read.RATE_LIMIT_PER_SECOND,
    failedKeysPerMinute: read.FAILED_KEYS_PER_MINUTE,
    trustProxy: read.TRUST_PROXY === "true",
  };
}

function wholeNumber({ from, to, or }: { from: number; to: number; or: number }) {
  const rule = `must be a whole number from ${from} to ${to}`;
  return z
    .string()
    .regex(/^\d{1,10}$/, rule)
    .transform(Number)
    .refine((value) => value >= from && value <= to, rule)
    .default(or);
}

type Context = z.core.$RefinementCtx;

function refuse(context: Context, message: string): void {
  context.issues.push({ code: "custom", input: context.value, message });
}

function databaseUrl(text: string | undefined, context: Context): string | null {
  if (text === undefined) return null;
  const isPostgres = URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol);
  // The value may hold a password, so it is not repeated.
  if (!isPostgres) refuse(context, "must be an address such as postgres://user:password@host:5432/database");
  return text;
}

function publicUrl(text: string | undefined, context: Context): string | null {
  if (text === undefined) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  const isPlain =
    url && /^https?:$/.test(url.protocol) && url.pathname === "/" && !url.search && !url.hash && !url.username;
  if (!isPlain) refuse(context, "must be an address without a path, such as https://mail.example.com");
  return url?.origin ?? null;
}

function smtpUrl(text: string | undefined, context: Context): SmtpSettings | null {
  if (text === undefined) return null;
  const parsed = parseSmtpUrl(text);
  if (parsed.ok) return parsed.value;
  refuse(context, parsed.message.replace(/^The SMTP URL /, "").replace(/\.$/, ""));
  return null;
}

function mailbox(text: string, context: Context): void {
  const parsed = parseAddress(text);
  if (parsed.ok) return;
  refuse(context, `must be a sender such as Shop <shop@example.com>: ${parsed.message.replace(/\.$/, "")}`);
}

function networks(text: string, context: Context): string[] {
  const list = listOf(text);
  try {
    parseRanges(list);
  } catch (error) {
    refuse(context, `must be a comma-separated list of ranges: ${(error as Error).message.replace(/\.$/, "")}`);
  }
  return list;
}

function roles(text: string, context: Context): ReadonlySet<Role> {
  const list = listOf(text);
  const known = list.filter((name): name is Role => (roleNames as readonly string[]).includes(name));
  if (known.length === 0 || known.length < list.length)
    refuse(context, `must be a comma-separated list of ${roleNames.join(", ")}`);
  return new Set(known);
}

function listOf(text: string): string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}
