import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { DomainError } from '../core/errors.js';

/**
 * Which addresses that aren't public may be called: none, those that organizations use inside (loopback,
 * RFC 1918, RFC 4193, RFC 6598), or exactly the CIDR ranges listed.
 */
export type PrivateAddresses = 'allow' | 'refuse' | readonly string[];

/** `public`: global unicast. `private`: not public, but the operator permits it. */
export type AddressVerdict = 'public' | 'private' | 'refused';

export type AddressRule = (address: string) => AddressVerdict;

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Cidr = [Address, number];

/**
 * What `allow` opens. Link-local stays shut: no provider lives there, but the metadata of cloud machines
 * does.
 */
const INSIDE: ReadonlySet<string> = new Set(['loopback', 'private', 'carrierGradeNat', 'uniqueLocal']);
/**
 * All that is handed out of IPv6 so far; the library calls unicast whatever it doesn't know, `::127.0.0.1`
 * too.
 */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
const SIX_TO_FOUR = ipaddr.IPv6.parseCIDR('2002::/16');

/**
 * Compiles the rule that judges one address, given as text. Text that is no address is refused.
 * IANA special-purpose registries (RFC 6890), RFC 4291, RFC 6052 (NAT64), RFC 3056 (6to4).
 * @throws DomainError `invalid_argument` when an entry is no CIDR range
 */
export function compileAddressRule(privateAddresses: PrivateAddresses): AddressRule {
  const listed = typeof privateAddresses === 'string' ? [] : privateAddresses.map(parseCidr);

  const judge = (address: Address): AddressVerdict => {
    if (isPublic(address)) return 'public';
    if (privateAddresses === 'allow') return INSIDE.has(address.range()) ? 'private' : 'refused';
    if (!listed.some((range) => inRange(address, range))) return 'refused';
    // A translated address goes where the IPv4 address inside it says: listing the prefix doesn't open the
    // inside.
    const inner = translated(address);
    return inner === undefined ? 'private' : judge(inner);
  };

  return (text) => {
    const address = parseAddress(text);
    return address === undefined ? 'refused' : judge(address);
  };
}

/** Whether the text is an address on loopback: 127.0.0.0/8, `::1`, or the former mapped into IPv6. */
export function isLoopbackAddress(text: string): boolean {
  return parseAddress(text)?.range() === 'loopback';
}

/**
 * The address, an IPv4-mapped one as the IPv4 address that a socket would really call (RFC 4291 section
 * 2.5.5.2).
 */
function parseAddress(text: string): Address | undefined {
  // The library also reads octal, hexadecimal and short forms, which a socket wouldn't take for addresses,
  // and takes an IPv4-compatible address (`::127.0.0.1`, deprecated) for a mapped one, which a socket
  // wouldn't either.
  if (isIP(text) === 0 || !ipaddr.isValid(text) || /^::\d+\./.test(text)) return undefined;
  return ipaddr.process(text);
}

function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast') return false;
  return address.kind() === 'ipv4' || address.match(GLOBAL_UNICAST);
}

function inRange(address: Address, range: Cidr): boolean {
  return address.kind() === range[0].kind() && address.match(range);
}

function translated(address: Address): ipaddr.IPv4 | undefined {
  const bytes = address.toByteArray();
  if (inRange(address, NAT64)) return new ipaddr.IPv4(bytes.slice(12));
  if (inRange(address, SIX_TO_FOUR)) return new ipaddr.IPv4(bytes.slice(2, 6));
  return undefined;
}

function parseCidr(text: string): Cidr {
  if (!ipaddr.isValidCIDR(text)) {
    throw new DomainError('invalid_argument', `"${text}" is not a range of addresses such as 10.0.0.0/8`);
  }
  return ipaddr.parseCIDR(text);
}
