import ipaddr from "ipaddr.js";

export type AddressRange = [ipaddr.IPv4 | ipaddr.IPv6, number];

// Cloud metadata services that answer outside the link-local range: AWS over IPv6, Azure's host agent, Alibaba, Oracle.
const metadataAddresses = new Set([
  "169.254.169.254",
  "169.254.170.2",
  "fd00:ec2::254",
  "168.63.129.16",
  "100.100.100.200",
  "192.0.0.192",
]);
const globalUnicast: AddressRange = [ipaddr.IPv6.parse("2000::"), 3];
const nat64: AddressRange = [ipaddr.IPv6.parse("64:ff9b::"), 96];

/** Reads CIDRs such as `10.0.0.0/8` or `::1/128`; throws with the text of the first that is none. A bare address means itself alone. */
export function parseRanges(texts: readonly string[]): AddressRange[] {
  return texts.map((text) => {
    try {
      if (!text.includes("/")) return wholeAddress(ipaddr.process(text));
      return ipaddr.parseCIDR(text);
    } catch (cause) {
      throw new Error(`"${text}" is not an address range such as 10.0.0.0/8.`, { cause });
    }
  });
}

function wholeAddress(address: ipaddr.IPv4 | ipaddr.IPv6): AddressRange {
  return [address, address.kind() === "ipv4" ? 32 : 128];
}

/**
 * Says what makes an address one that users' calls must not reach (`private`, `loopback`, `metadata`, ...), or null when it is an
 * ordinary public one or lies in `allowed`. IPv4 inside IPv6 (mapped, NAT64) counts as the IPv4 address; anything unreadable is refused.
 */
export function refusedClass(text: string, allowed: readonly AddressRange[]): string | null {
  if (!ipaddr.isValid(text)) return "unreadable";
  const address = unwrap(ipaddr.process(text));
  if (allowed.some((range) => isWithin(address, range))) return null;
  if (metadataAddresses.has(address.toString())) return "metadata";
  const range = address.range();
  if (range !== "unicast") return range;
  // Only 2000::/3 is handed out as global unicast (RFC 4291, section 2.4); this also refuses `::127.0.0.1` and all that comes new.
  return address.kind() === "ipv4" || isWithin(address, globalUnicast) ? null : "reserved";
}

/** DNS64 gives every IPv4 site a NAT64 address (RFC 6052), so these count as what they lead to. 6to4 and Teredo stay refused as a whole. */
function unwrap(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  if (!isWithin(address, nat64)) return address;
  return new ipaddr.IPv4(address.toByteArray().slice(12));
}

function isWithin(address: ipaddr.IPv4 | ipaddr.IPv6, [base, bits]: AddressRange): boolean {
  if (address.kind() !== base.kind()) return false;
  return address.kind() === "ipv4"
    ? (address as ipaddr.IPv4).match(base as ipaddr.IPv4, bits)
    : (address as ipaddr.IPv6).match(base as ipaddr.IPv6, bits);
}
