import { randomLetters } from '../ids.js';
import type { User } from '../people.js';
import { isObject, type JsonObject } from './failure.js';

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** Attributes of the Okta profile that the enterprise extension takes under the same name. */
const ENTERPRISE_ATTRIBUTES = ['employeeNumber', 'costCenter', 'organization', 'division', 'department'];

/** A role or an entitlement, as a user carries it. */
export interface Carried {
  readonly value: string;
  readonly display: string;
  /** Only entitlements have one: the name of their resource type. */
  readonly type?: string;
}

/** What an admin has given to somebody through Okta's governance: attributes of their resource. */
export interface Access {
  readonly roles?: readonly Carried[];
  readonly entitlements?: readonly Carried[];
}

function enterpriseOf({ profile }: User): JsonObject {
  const mapped = ENTERPRISE_ATTRIBUTES.flatMap((name) => {
    const value = profile[name];
    return typeof value === 'string' && value !== '' ? [[name, value] as const] : [];
  });
  const manager = profile['managerId'];
  return {
    ...Object.fromEntries(mapped),
    ...(typeof manager === 'string' && manager !== '' ? { manager: { value: manager } } : {}),
  };
}

/** The password that Okta makes up where a server might want one. Nobody can sign in with it. */
const placeholder = (): string => randomLetters(8).toLowerCase();

/** The mapped attributes of the Okta profile: what a change of makes Okta push the profile. */
export function mappedAttributes(user: User, enterprise: boolean): JsonObject {
  const extension = enterprise ? enterpriseOf(user) : {};
  const locale = user.profile['locale'];
  return {
    schemas: Object.keys(extension).length > 0 ? [CORE, ENTERPRISE] : [CORE],
    userName: user.login,
    name: { givenName: user.firstName, familyName: user.lastName },
    emails: [{ primary: true, value: user.email, type: 'work' }],
    displayName: `${user.firstName} ${user.lastName}`,
    ...(typeof locale === 'string' ? { locale } : {}),
    externalId: user.id,
    ...(Object.keys(extension).length > 0 ? { [ENTERPRISE]: extension } : {}),
  };
}

/** The body of POST /Users. */
export function creationBody(mapped: JsonObject, access: Access): JsonObject {
  const { [ENTERPRISE]: extension, ...core } = mapped;
  return {
    ...core,
    groups: [],
    password: placeholder(),
    active: true,
    ...access,
    ...(extension === undefined ? {} : { [ENTERPRISE]: extension }),
  };
}

function merged(under: unknown, over: unknown): unknown {
  return isObject(under) && isObject(over) ? { ...under, ...over } : over;
}

/**
 * The body of PUT /Users/{id}: all that the server answered to GET, with its own attributes, `id`, `meta` and
 * `groups`, and what Okta knows laid over it.
 */
export function replacementBody(got: JsonObject, over: JsonObject, withPassword: boolean): JsonObject {
  const changed = Object.entries(over)
    .filter(([name]) => name !== 'schemas')
    .map(([name, value]) => [name, merged(got[name], value)] as const);
  const theirs = Array.isArray(got['schemas']) ? got['schemas'] : [];
  const ours = Array.isArray(over['schemas']) ? over['schemas'] : [];
  return {
    ...got,
    schemas: [...new Set([...theirs, ...ours])],
    ...Object.fromEntries(changed),
    ...(withPassword && over['password'] === undefined ? { password: placeholder() } : {}),
  };
}

/** A PATCH whose one operation has no path: its value is laid over the resource (RFC 7644 section 3.5.2.3). */
export function pathlessPatch(value: JsonObject): JsonObject {
  return patch([{ op: 'replace', value }]);
}

export function patch(operations: readonly JsonObject[]): JsonObject {
  return { schemas: [PATCH_OP], Operations: operations };
}
