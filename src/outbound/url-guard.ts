import { isIP } from 'node:net';
import { compileAddressRule, isLoopbackAddress } from './address.js';
import type { AddressRule, AddressVerdict, PrivateAddresses } from './address.js';
import { OutboundError } from './error.js';

/** The longest name that DNS can carry (RFC 1035 section 3.1), as text. */
const HOST_LENGTH_MAX = 253;

/** What an operator decides about calls that leave. */
export interface OutboundRules {
  readonly privateAddresses: PrivateAddresses;
  /** `http:` to loopback hosts: only while Causeway itself is on loopback. */
  readonly allowHttpLoopback: boolean;
  /**
   * Ports besides 443 that public hosts may be called on; with `privateAddresses: 'allow'` every port may
   * be.
   */
  readonly ports?: readonly number[];
}

/** The rules, compiled once. */
export interface OutboundPolicy {
  readonly judge: AddressRule;
  readonly allowHttpLoopback: boolean;
  /** Ports of public hosts; undefined: all. */
  readonly ports: ReadonlySet<number> | undefined;
  /** Whether some address that isn't public is permitted at all. */
  readonly anyPrivate: boolean;
}

/** @throws DomainError `invalid_argument` when a CIDR range is malformed */
export function compilePolicy(rules: OutboundRules): OutboundPolicy {
  const { privateAddresses } = rules;
  return {
    judge: compileAddressRule(privateAddresses),
    allowHttpLoopback: rules.allowHttpLoopback,
    ports: privateAddresses === 'allow' ? undefined : new Set([443, ...(rules.ports ?? [])]),
    anyPrivate:
      privateAddresses === 'allow' || (privateAddresses !== 'refuse' && privateAddresses.length > 0),
  };
}

/**
 * Judges a URL by its text alone, before anything touches the network: https (http only
 * to loopback, where that is allowed), no credentials, a port that may be called, no address or loopback
 * name that may not. A name that passes is judged again by its addresses when the socket connects.
 * @param sameOrigin when given, the URL must have this URL's origin
 * @returns the URL as it will be called
 * @throws OutboundError `url_refused`, `scheme_refused`, `foreign_origin`, `address_refused`
 */
export function guardUrl(input: string | URL, policy: OutboundPolicy, sameOrigin?: string): URL {
  const url = parse(input);
  const host = hostOf(url);
  checkScheme(url, host, policy);
  if (url.username !== '' || url.password !== '') {
    throw new OutboundError('url_refused', 'The address holds a user name or a password');
  }
  // One host, one spelling: a certificate, a cookie and an origin would see another host in "host.".
  if (host === '' || host.endsWith('.') || host.length > HOST_LENGTH_MAX) {
    throw new OutboundError(
      'url_refused',
      'The address has no host, or one that is too long or ends in a dot',
    );
  }
  if (sameOrigin !== undefined && url.origin !== parse(sameOrigin).origin) {
    throw new OutboundError('foreign_origin', `${host} is not at the provider's own address`);
  }
  const literals = isIP(host) === 0 ? localAddresses(host, policy) : [host];
  if (literals !== undefined) judgeAll(host, literals, portOf(url), policy);
  else if (!policy.anyPrivate) judgePort(host, portOf(url), ['public'], policy);
  return url;
}

/**
 * Judges where a name leads: all of its addresses must be permitted, and the port too.
 * @throws OutboundError `address_refused` (one forbidden address suffices: ), `url_refused` for
 * the port
 */
export function judgeAll(
  host: string,
  addresses: readonly string[],
  port: number,
  policy: OutboundPolicy,
): void {
  const verdicts = addresses.map(policy.judge);
  if (verdicts.length === 0 || verdicts.includes('refused')) {
    throw new OutboundError('address_refused', `${host} is not a public host, or not one that may be called`);
  }
  judgePort(host, port, verdicts, policy);
}

/**
 * The loopback addresses of `localhost` and the names below it that may be called, without asking any name
 * server (RFC 6761 section 6.3); none: refused. Undefined for every other name.
 */
export function localAddresses(host: string, policy: OutboundPolicy): readonly string[] | undefined {
  if (!isLocalName(host)) return undefined;
  return ['127.0.0.1', '::1'].filter((address) => policy.judge(address) !== 'refused');
}

/** The host that a socket calls: lower case, an IPv6 address without its brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

/** The port that a socket calls. */
export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'http:' ? 80 : 443;
}

function parse(input: string | URL): URL {
  try {
    return new URL(input);
  } catch {
    // Not kept as the cause: it quotes the text, which may hold a secret.
    throw new OutboundError('url_refused', 'The address is not a URL');
  }
}

function checkScheme(url: URL, host: string, policy: OutboundPolicy): void {
  if (url.protocol === 'https:') return;
  const loopback = isLocalName(host) || isLoopbackAddress(host);
  if (url.protocol === 'http:' && policy.allowHttpLoopback && loopback) return;
  throw new OutboundError('scheme_refused', 'Only https: addresses may be called');
}

function isLocalName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}

/** Inside, services have all kinds of ports; outside, a free choice would make us a port scanner. */
function judgePort(
  host: string,
  port: number,
  verdicts: readonly AddressVerdict[],
  policy: OutboundPolicy,
): void {
  if (
    policy.ports === undefined ||
    policy.ports.has(port) ||
    verdicts.every((verdict) => verdict === 'private')
  )
    return;
  throw new OutboundError('url_refused', `Port ${port} of ${host} may not be called`);
}
