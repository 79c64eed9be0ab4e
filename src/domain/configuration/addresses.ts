import type { ApplicationType } from '../application/application.js';

/** Loopback by name (RFC 6761 section 6.3) or by address, as URL writes hosts. Asks no name server. */
export function isLoopbackHost(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
  );
}

export interface AddressRules {
  readonly allowHttpLoopback: boolean;
}

/**
 * What no address of an application may have: it is compared byte for byte, so it must mean one thing only
 * (A-48).
 */
function faultOfForm(text: string): string | undefined {
  if (/[^\u0021-\u007e]/.test(text)) return 'must be printable ASCII without spaces';
  if (/[\\*]/.test(text)) return "must not hold '\\' or '*': addresses are compared byte for byte";
  if (text.includes('#')) return 'must not have a fragment';
  if (!URL.canParse(text)) return 'must be an absolute address';
  const url = new URL(text);
  return url.username === '' && url.password === '' ? undefined : 'must not hold credentials';
}

/** Why Causeway can't send a browser or a request to the address, or undefined when it can. */
export function faultOfWebAddress(text: string, rules: AddressRules): string | undefined {
  const fault = faultOfForm(text);
  if (fault !== undefined) return fault;
  const url = new URL(text);
  if (url.protocol === 'https:') return undefined;
  if (url.protocol === 'http:' && rules.allowHttpLoopback && isLoopbackHost(url.hostname)) return undefined;
  if (url.protocol === 'http:')
    return rules.allowHttpLoopback ? 'must be https, or http to a loopback host' : 'must be https';
  return 'must be https';
}

/**
 * A scheme that belongs to an app on a device: a domain name backwards (RFC 8252 section 7.1), so that it is
 * nobody else's.
 */
const PRIVATE_SCHEME = /^[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:$/;

/**
 * Why an application of the type can't have the redirect URI, or undefined when it can. Native applications
 * may also have a private-use scheme, or http to a loopback host (RFC 8252 sections 7.1 and 7.3).
 */
export function faultOfRedirectUri(
  text: string,
  type: ApplicationType,
  rules: AddressRules,
): string | undefined {
  if (type !== 'native') return faultOfWebAddress(text, rules);
  const fault = faultOfForm(text);
  if (fault !== undefined) return fault;
  const url = new URL(text);
  if (PRIVATE_SCHEME.test(url.protocol)) return undefined;
  const ownLoopback = faultOfWebAddress(text, { allowHttpLoopback: true });
  return ownLoopback === undefined
    ? undefined
    : 'must be https, http to a loopback host, or a scheme of its own such as com.example.app:/callback';
}

/** Why the text is no origin (RFC 6454) that a browser page of the application can have. */
export function faultOfOrigin(text: string, rules: AddressRules): string | undefined {
  const fault = faultOfWebAddress(text, rules);
  if (fault !== undefined) return fault;
  const { origin } = new URL(text);
  return origin === text ? undefined : `must be an origin, without a path: ${origin}`;
}
