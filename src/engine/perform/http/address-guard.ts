import { lookup as systemLookup } from "node:dns/promises";
import { isIP, type LookupFunction } from "node:net";
import { buildConnector } from "undici";
import { parseRanges, refusedClass } from "./address-class.ts";

export type Resolve = (hostname: string) => Promise<{ address: string; family: number }[]>;
export type UrlVerdict = { ok: true } | { ok: false; reason: "invalid_request" | "blocked"; message: string };
export type AddressGuard = {
  checkUrl(url: URL): UrlVerdict;
  connect: buildConnector.connector;
};
export type AddressGuardOptions = { allow: readonly string[]; resolve?: Resolve; connectTimeoutMs?: number };

const maxVerdicts = 10_000;

/** Thrown while connecting, when the name leads to an address that calls must not reach. */
export class AddressBlocked extends Error {
  readonly code = "ADDRESS_BLOCKED";
}

// The ports that the Fetch standard blocks ("bad port"): services which a forged HTTP request could harm.
const blockedPorts = new Set(
  (
    "0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119 123 135 137 139 143 161 " +
    "179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990 993 995 1719 1720 1723 2049 3659 4045 4190 " +
    "5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080"
  ).split(" "),
);

/**
 * Keeps calls to addresses that users choose away from everything that is not public, unless it lies in one of the CIDRs of `allow`.
 * `checkUrl` looks at what can be known without the network. `connect`, for an undici Agent, resolves the name, refuses when any of its
 * addresses is refused, and connects to exactly the addresses it checked, so a second answer of the DNS changes nothing.
 */
export function createAddressGuard({
  allow,
  resolve = resolveAll,
  connectTimeoutMs = 10_000,
}: AddressGuardOptions): AddressGuard {
  const allowed = parseRanges(allow);
  const refusal = remembered((address) => refusedClass(address, allowed));
  const connectChecked = buildConnector({ timeout: connectTimeoutMs, lookup: guardedLookup(resolve, refusal) });
  return {
    checkUrl: (url) => checkUrl(url, refusal),
    connect(options, callback) {
      // A literal address never reaches the lookup below.
      const found = isIP(bareHost(options.hostname)) ? refusal(bareHost(options.hostname)) : null;
      if (found) callback(blocked(options.hostname, found), null);
      else connectChecked(options, callback);
    },
  };
}

/** The verdict on an address never changes, and every call to a literal one asks for it. */
function remembered(judge: (address: string) => string | null): (address: string) => string | null {
  const verdicts = new Map<string, string | null>();
  return (address) => {
    const known = verdicts.get(address);
    if (known !== undefined) return known;
    if (verdicts.size === maxVerdicts) verdicts.clear();
    const verdict = judge(address);
    verdicts.set(address, verdict);
    return verdict;
  };
}

function checkUrl(url: URL, refusal: (address: string) => string | null): UrlVerdict {
  if (url.protocol !== "http:" && url.protocol !== "https:")
    return invalid(`The URL must begin with http:// or https://, not ${url.protocol}`);
  if (url.username || url.password)
    return invalid("The URL must not hold a user name or password; send them in an Authorization header.");
  if (blockedPorts.has(url.port))
    return { ok: false, reason: "blocked", message: `Port ${url.port} is not one for HTTP.` };
  // The URL parser has turned decimal, octal, hexadecimal and short forms into a plain address by now.
  const host = bareHost(url.hostname);
  const found = isIP(host) ? refusal(host) : null;
  return found ? { ok: false, reason: "blocked", message: blocked(host, found).message } : { ok: true };
}

function guardedLookup(resolve: Resolve, refusal: (address: string) => string | null): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const refused = addresses.map(({ address }) => refusal(address)).find((found) => found !== null);
        const first = addresses[0];
        if (refused) return callback(blocked(hostname, refused), "");
        if (!first) return callback(Object.assign(new Error(`${hostname} has no address.`), { code: "ENOTFOUND" }), "");
        if (options.all) return callback(null, addresses);
        return callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, ""),
    );
  };
}

function resolveAll(hostname: string) {
  return systemLookup(hostname, { all: true, verbatim: true });
}

function bareHost(hostname: string): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}

function invalid(message: string): UrlVerdict {
  return { ok: false, reason: "invalid_request", message };
}

function blocked(host: string, found: string): AddressBlocked {
  return new AddressBlocked(
    `${host} leads to a ${found} address; calls may reach it only when ALLOW_PRIVATE_NETWORKS holds it.`,
  );
}
