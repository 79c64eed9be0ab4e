import type { Json, JsonObject } from '../../core/json.js';
import { plainText, quoted } from '../../core/text.js';
import { CLIENT_ID, type ApplicationType, type GrantType } from '../../domain/application/application.js';
import type { RegistrationWish } from '../../domain/application/registration-wish.js';
import { AUTH_METHODS, GRANTS, TYPES } from './dialect.js';
import { invalidMetadata } from './registration-error.js';

const NAME_MAX = 200;
const ADDRESS_MAX = 2_048;
const ADDRESSES_MAX = 200;
const KEYS_MAX = 50;
const SCOPES_MAX = 500;
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const;
/** One that stands in an address: dots alone would mean another one. */
const OWN_CLIENT_ID = new RegExp(`^(?!\\.{1,2}$)${CLIENT_ID.source.slice(1)}`);
/** What a public key has (RFC 7517 section 4, RFC 7518 section 6); private members are kept for the rule that refuses them. */
const KEY_MEMBERS = new Set(
  'kty use key_ops alg kid x5u x5c x5t x5t#S256 n e crv x y d p q dp dq qi oth k'.split(' '),
);

/** What a client asked for: the application that it wishes to be, and the secret that it says it has. */
export interface ReadMetadata {
  readonly wish: RegistrationWish;
  readonly clientSecret: string | undefined;
}

/**
 * Reads client metadata (RFC 7591 section 2) and Okta's dialect of it. Members that are unknown, or null, count as
 * absent; nothing is fetched.
 * @throws RegistrationError naming the member, and what it must be
 */
export function readMetadata(body: Json): ReadMetadata {
  if (!isObject(body)) throw invalidMetadata('the body must be a JSON object of client metadata');
  refuseOddNames(body);
  const member = new Members(body);
  const grantTypes = member.list('grant_types', readGrant, Object.keys(GRANTS).length);
  const type = readType(member.text('application_type', 40), grantTypes);
  member.onlyValue('subject_type', 'public');
  const scope = member.text('scope', 10_000);
  const wish = defined({
    clientId: member.matching('client_id', OWN_CLIENT_ID, "1 to 64 letters, digits, '.', '_', '~' and '-'"),
    name: readName(member.text('client_name', NAME_MAX)),
    type,
    redirectUris: member.addresses('redirect_uris'),
    postLogoutRedirectUris: member.addresses('post_logout_redirect_uris'),
    backchannelLogoutUri: member.text('backchannel_logout_uri', ADDRESS_MAX),
    frontchannelLogoutUri: member.text('frontchannel_logout_uri', ADDRESS_MAX),
    initiateLoginUri: member.text('initiate_login_uri', ADDRESS_MAX),
    grantTypes,
    responseTypes: readResponseTypes(member, type),
    tokenEndpointAuthMethod: member.oneOf('token_endpoint_auth_method', AUTH_METHODS),
    jwks: readKeys(member.value('jwks')),
    jwksUri: member.text('jwks_uri', ADDRESS_MAX),
    idTokenAlg: member.oneOf('id_token_signed_response_alg', ALGORITHMS),
    dpop: member.flag('dpop_bound_access_tokens', { true: 'required', false: 'optional' } as const),
    scopes: scope === undefined ? undefined : readScopes(scope),
  });
  return { wish, clientSecret: member.text('client_secret', 1_000) };
}

/** Names that mean something to the language itself: nobody who means well uses them. */
function refuseOddNames(value: Json): void {
  if (Array.isArray(value)) value.forEach(refuseOddNames);
  if (!isObject(value)) return;
  for (const [name, inner] of Object.entries(value)) {
    if (name === '__proto__' || name === 'constructor' || name === 'prototype')
      throw invalidMetadata(`${quoted(name)} is no name of client metadata`);
    refuseOddNames(inner);
  }
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** Without members that are undefined. */
function defined<T extends object>(members: T): Defined<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is left has a value
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<T>;
}

/** Members of a body, each read as what it must be. */
class Members {
  constructor(private readonly body: JsonObject) {}

  value(name: string): Json | undefined {
    const value = Object.hasOwn(this.body, name) ? this.body[name] : undefined;
    return value === null ? undefined : value;
  }

  text(name: string, max: number): string | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'string' || value === '' || value.length > max)
      throw invalidMetadata(`${name} must be a text of 1 to ${max} characters`);
    return value;
  }

  matching(name: string, form: RegExp, described: string): string | undefined {
    const value = this.text(name, ADDRESS_MAX);
    if (value !== undefined && !form.test(value)) throw invalidMetadata(`${name} must be ${described}`);
    return value;
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    const found = values.find((one) => one === value);
    if (found === undefined) throw invalidMetadata(`${name} must be one of ${values.join(', ')}`);
    return found;
  }

  flag<T>(name: string, meaning: { readonly true: T; readonly false: T }): T | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'boolean') throw invalidMetadata(`${name} must be true or false`);
    return value ? meaning.true : meaning.false;
  }

  /** A member that can have one value only: another must not be taken for granted. */
  onlyValue(name: string, only: string): void {
    const value = this.value(name);
    if (value !== undefined && value !== only) throw invalidMetadata(`${name} must be ${only}`);
  }

  list<T>(name: string, read: (value: Json) => T, max: number): readonly T[] | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw invalidMetadata(`${name} must be a list`);
    if (value.length > max) throw invalidMetadata(`${name} may have ${max} entries`);
    return [...new Set(value.map(read))];
  }

  addresses(name: string): readonly string[] | undefined {
    const read = (value: Json): string => {
      if (typeof value === 'string' && value !== '' && value.length <= ADDRESS_MAX) return value;
      throw invalidMetadata(`${name} must hold addresses of at most ${ADDRESS_MAX} characters`);
    };
    return this.list(name, read, ADDRESSES_MAX);
  }
}

function readName(name: string | undefined): string | undefined {
  if (name !== undefined && (plainText(name, NAME_MAX) !== name || name.trim() === ''))
    throw invalidMetadata('client_name must be a text without control characters');
  return name;
}

function readGrant(value: Json): GrantType {
  const grant = typeof value === 'string' && Object.hasOwn(GRANTS, value) ? GRANTS[value] : undefined;
  if (grant === undefined)
    throw invalidMetadata(`grant_types must be among ${Object.keys(GRANTS).join(', ')}`);
  return grant;
}

/** RFC 7591 has no types: what only speaks for itself is a service, also when it doesn't say so. */
function readType(
  word: string | undefined,
  grantTypes: readonly GrantType[] | undefined,
): ApplicationType | undefined {
  if (word === undefined) {
    const isService = grantTypes?.length === 1 && grantTypes[0] === 'client_credentials';
    return isService ? 'service' : undefined;
  }
  const type = Object.hasOwn(TYPES, word) ? TYPES[word] : undefined;
  if (type === undefined)
    throw invalidMetadata(`application_type must be one of ${Object.keys(TYPES).join(', ')}`);
  return type;
}

/** Okta has services register `token`, which client_credentials doesn't involve (RFC 6749 section 4.4). */
function readResponseTypes(
  member: Members,
  type: ApplicationType | undefined,
): RegistrationWish['responseTypes'] {
  const words = member.list(
    'response_types',
    (value) => {
      const known = (['code', 'id_token', 'code id_token', 'token'] as const).find((one) => one === value);
      if (known === undefined || (known === 'token' && type !== 'service'))
        throw invalidMetadata("response_types must be ['code'], or empty for what signs nobody in");
      return known;
    },
    4,
  );
  return words?.flatMap((word) => (word === 'token' ? [] : [word]));
}

function readKeys(value: Json | undefined): RegistrationWish['jwks'] | undefined {
  if (value === undefined) return undefined;
  const keys = isObject(value) && Object.hasOwn(value, 'keys') ? value['keys'] : undefined;
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > KEYS_MAX)
    throw invalidMetadata(`jwks must be { "keys": [ … ] } with 1 to ${KEYS_MAX} public keys`);
  return {
    keys: keys.map((key: Json) => {
      if (!isObject(key)) throw invalidMetadata('jwks.keys must hold JSON Web Keys');
      return Object.fromEntries(Object.entries(key).filter(([name]) => KEY_MEMBERS.has(name)));
    }),
  };
}

const SCOPE = /^[\u0021\u0023-\u005b\u005d-\u007e]{1,200}$/;

function readScopes(text: string): readonly string[] {
  const scopes = [...new Set(text.split(' ').filter((scope) => scope !== ''))];
  if (scopes.length > SCOPES_MAX || scopes.some((scope) => !SCOPE.test(scope)))
    throw invalidMetadata('scope must be scopes with a space between them (RFC 6749 section 3.3)');
  return scopes;
}
