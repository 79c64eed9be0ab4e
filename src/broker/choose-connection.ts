import { domainToASCII } from 'node:url';
import type { Connection } from '../domain/connection/connection.js';
import type { Domain } from '../domain/tenant/tenant.js';

/** What may decide where a person signs in (A8). */
export interface Hints {
  /** A connection's key: `connection`, or `idp`. */
  readonly connection?: string | undefined;
  /** `domain_hint`. */
  readonly domain?: string | undefined;
  /** `login_hint`, or what the person typed. */
  readonly email?: string | undefined;
  /** `organization`: the slug of the tenant or of a customer, for an application that is for both. */
  readonly organization?: string | undefined;
}

export interface Realm {
  /** Connections that people may use now. */
  readonly connections: readonly Connection[];
  readonly domains: readonly Domain[];
  /** A connection's key, `chooser`, or null. */
  readonly signInDefault: string | null;
  /** Whether everybody may have a local account: one more way to sign in, so one connection is no longer the only one. */
  readonly offersLocal?: boolean;
}

export type Choice =
  | { readonly kind: 'connection'; readonly connection: Connection; readonly loginHint: string | undefined }
  | { readonly kind: 'choose' }
  | { readonly kind: 'ask' }
  | { readonly kind: 'local' }
  | { readonly kind: 'none' };

/**
 * Where a person signs in: the connection that was named; that of a verified domain; the only one; the default; else
 * the person is asked, or, where there is none, uses a local account. The address goes on to the upstream only when its domain is verified for this tenant.
 */
export function chooseConnection(realm: Realm, hints: Hints): Choice {
  const { connections } = realm;
  const offersLocal = realm.offersLocal === true;
  if (connections.length === 0)
    return { kind: offersLocal && hints.connection === undefined ? 'local' : 'none' };
  const named = hints.domain === undefined ? domainOf(hints.email ?? '') : asciiDomain(hints.domain);
  const domain = verifiedDomain(realm, named);
  const loginHint =
    domain !== undefined && domainOf(hints.email ?? '') === domain.name ? hints.email : undefined;
  const wanted = hints.connection === undefined ? undefined : byKey(realm, hints.connection);
  if (hints.connection !== undefined && wanted === undefined) return { kind: 'none' };
  const connection =
    wanted ??
    (typeof domain?.connection === 'string' ? byKey(realm, domain.connection) : undefined) ??
    (connections.length === 1 && (!offersLocal || domain !== undefined) ? connections[0] : undefined) ??
    (realm.signInDefault === null ? undefined : byKey(realm, realm.signInDefault));
  if (connection !== undefined) return { kind: 'connection', connection, loginHint };
  const askable =
    realm.signInDefault !== 'chooser' && realm.domains.some(({ connection: key }) => key !== null);
  return { kind: askable ? 'ask' : 'choose' };
}

/** The connection for an address that a person typed: the same next step for every address of a domain. */
export function connectionForEmail(realm: Realm, email: string): Choice | undefined {
  const domain = verifiedDomain(realm, domainOf(email));
  if (domain === undefined) return undefined;
  const choice = chooseConnection(realm, { email });
  return choice.kind === 'connection' ? choice : undefined;
}

const byKey = (realm: Realm, key: string): Connection | undefined =>
  realm.connections.find((connection) => connection.key === key);

const verifiedDomain = (realm: Realm, name: string | undefined): Domain | undefined =>
  name === undefined ? undefined : realm.domains.find((domain) => domain.verified && domain.name === name);

/** A part of an address without quotes, lists, comments, spaces or control characters. */
const PART = String.raw`[^\s@"(),:;<>[\\\]\p{Cc}]`;
const ADDRESS = new RegExp(`^${PART}{1,64}@(${PART}{1,253})$`, 'u');

/**
 * The domain of a single mail address, as A-labels in lower case; undefined for anything that isn't one: two @, quotes,
 * lists, a dot at the end.
 */
export function domainOf(email: string): string | undefined {
  const match = ADDRESS.exec(email);
  const name = match?.[1];
  if (name === undefined || name.startsWith('.') || name.endsWith('.') || name.includes('..'))
    return undefined;
  const ascii = asciiDomain(name);
  return ascii.includes('.') ? ascii : undefined;
}

/** A domain's name as it is kept: A-labels in lower case; empty for what is none. */
export const asciiDomain = (name: string): string => domainToASCII(name).toLowerCase();
