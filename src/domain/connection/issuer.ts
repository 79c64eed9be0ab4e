import type { ConnectionType } from './connection.js';

/** What an admin typed or pasted: an address, or Okta's domain and the id of an authorization server. */
export type IssuerInput = string | { readonly domain: string; readonly authorizationServer?: string };

/** What was changed of what the admin typed, so that the console can say it. */
export type IssuerCorrection =
  'admin_host' | 'wellknown_suffix' | 'endpoint_suffix' | 'page_path' | 'trailing_slash' | 'scheme_added';

/** Why it can't be an issuer. */
export type IssuerFault =
  'empty' | 'not_an_address' | 'http' | 'credentials' | 'query' | 'bad_authorization_server';

export type NormalizedIssuer =
  | { readonly issuer: string; readonly corrections: readonly IssuerCorrection[] }
  | { readonly fault: IssuerFault };

export interface IssuerRules {
  readonly type: ConnectionType;
  /** Whether `http:` to a loopback host is an issuer: only while Causeway itself is on loopback. */
  readonly allowHttpLoopback: boolean;
}

const LENGTH_MAX = 2_048;
const OPENID_SUFFIX = '/.well-known/openid-configuration';
const OAUTH_PREFIX = '/.well-known/oauth-authorization-server';
/** Suffixes under which Okta gives each org a host, and a second one with `-admin` for its console. */
const OKTA_ADMIN =
  /^([a-z0-9-]+)-admin\.(okta\.com|oktapreview\.com|okta-emea\.com|okta-gov\.com|okta\.mil)$/;
const OKTA_SERVER = /^\/oauth2\/(?!v1(?:\/|$))([A-Za-z0-9_-]{1,64})(\/.*)?$/;

/**
 * The issuer that an admin meant. For Okta, of all that its pages let people copy (admin console, application pages,
 * metadata and endpoint addresses) only the host and the authorization server's id count. For others the path is kept
 * byte for byte, with or without a slash at its end: both are in use, and the issuer is compared byte for byte.
 */
export function normalizeIssuer(input: IssuerInput, rules: IssuerRules): NormalizedIssuer {
  const typed = typeof input === 'string' ? input.trim() : composed(input);
  if (typed === undefined) return { fault: 'bad_authorization_server' };
  if (typed === '') return { fault: 'empty' };
  const corrections: IssuerCorrection[] = [];
  const parsed = parse(typed, corrections);
  if (parsed === undefined) return { fault: 'not_an_address' };
  const { url } = parsed;
  if (url.username !== '' || url.password !== '') return { fault: 'credentials' };
  if (url.protocol === 'http:' && !(rules.allowHttpLoopback && isLoopback(url.hostname)))
    return { fault: 'http' };
  if (rules.type === 'okta') return oktaIssuer(parsed, corrections);
  return otherIssuer(parsed, corrections);
}

function composed({ domain, authorizationServer }: Exclude<IssuerInput, string>): string | undefined {
  const host = domain.trim();
  if (host === '' || authorizationServer === undefined) return host;
  if (!OKTA_SERVER.test(`/oauth2/${authorizationServer}`) || authorizationServer.includes('/'))
    return undefined;
  return `${host.replace(/\/+$/, '')}/oauth2/${authorizationServer}`;
}

interface Parsed {
  readonly url: URL;
  /** As typed: empty where the admin typed none, which URL can't tell from `/`. */
  readonly path: string;
}

function parse(typed: string, corrections: IssuerCorrection[]): Parsed | undefined {
  // URL would drop tabs and line breaks inside, and read a backslash as a slash: nobody meant those.
  if (typed.length > LENGTH_MAX || /[\s\\]/.test(typed)) return undefined;
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(typed);
  const address = hasScheme ? typed : `https://${typed}`;
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  if (url.hostname === '' || url.hostname.endsWith('.')) return undefined;
  if (!hasScheme) corrections.push('scheme_added');
  const hasPath = /^[^:]*:\/\/[^/?#]*\//.test(address);
  return { url, path: hasPath ? url.pathname : '' };
}

function oktaIssuer({ url, path }: Parsed, corrections: IssuerCorrection[]): NormalizedIssuer {
  const admin = OKTA_ADMIN.exec(url.hostname);
  if (admin !== null) {
    url.hostname = `${admin[1]}.${admin[2]}`;
    corrections.push('admin_host');
  }
  const server = oktaServer(path, corrections);
  return { issuer: server === undefined ? url.origin : `${url.origin}/oauth2/${server}`, corrections };
}

/** The authorization server's id in a path of Okta's; undefined for the org's own server. */
function oktaServer(path: string, corrections: IssuerCorrection[]): string | undefined {
  const oauth = path.startsWith(OAUTH_PREFIX) ? path.slice(OAUTH_PREFIX.length) : undefined;
  const match = OKTA_SERVER.exec(oauth ?? path);
  const rest = match === null ? (oauth ?? path) : (match[2] ?? '');
  if (oauth !== undefined || rest === OPENID_SUFFIX || rest === OAUTH_PREFIX)
    corrections.push('wellknown_suffix');
  else if (/^\/+$/.test(rest)) corrections.push('trailing_slash');
  else if (/^(?:\/oauth2)?\/v1(?:\/|$)/.test(rest)) corrections.push('endpoint_suffix');
  else if (rest !== '') corrections.push('page_path');
  return match?.[1];
}

function otherIssuer({ url, path }: Parsed, corrections: IssuerCorrection[]): NormalizedIssuer {
  const issuerPath = withoutWellKnown(path);
  if (issuerPath !== path) corrections.push('wellknown_suffix');
  // A pasted metadata address may well end in `?client_id=…`; an issuer has neither (OpenID Connect Core 2, `iss`).
  else if (url.search !== '' || url.hash !== '') return { fault: 'query' };
  return { issuer: `${url.origin}${issuerPath}`, corrections };
}

function withoutWellKnown(path: string): string {
  if (path.endsWith(OPENID_SUFFIX)) return withoutWellKnown(path.slice(0, -OPENID_SUFFIX.length));
  if (path === OAUTH_PREFIX || path.startsWith(`${OAUTH_PREFIX}/`))
    return withoutWellKnown(path.slice(OAUTH_PREFIX.length));
  return path;
}

/** Loopback by name (RFC 6761 section 6.3) or address, without asking any name server. */
function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
  );
}
