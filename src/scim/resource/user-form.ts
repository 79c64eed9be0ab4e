import type { Json, JsonObject } from '../../core/json.js';
import type { TenantConfiguration } from '../../domain/configuration/tenant-configuration.js';
import type { PushedUser, UserState } from '../../domain/provisioning/pushed-resources.js';
import type { EffectiveRole } from '../../domain/role/role.js';
import { badRequest, quoted } from '../errors.js';
import type { ResourceSchema } from '../schema/resource-schema.js';
import type { CanonicalResource } from './canonical-resource.js';
import { isObject } from './check-json.js';
import { checkLookedUp } from './looked-up.js';
import { metaOf } from './meta.js';
import { schemasOf } from './present.js';
import { toProfile } from './profile.js';

/** What a user has that isn't kept among its attributes. */
interface UserDefaults {
  readonly externalId: string | null;
  readonly active: boolean;
  /** Roles to keep where the request doesn't speak of them; undefined: as they are. */
  readonly roles: readonly EffectiveRole[] | undefined;
}

export const NEW_USER: UserDefaults = { externalId: null, active: true, roles: undefined };

/** A role's name among a user's `entitlements`: a role in one application. */
export const entitlementId = (clientId: string, roleKey: string): string => `${clientId}:${roleKey}`;

/**
 * A canonical resource as the store takes it. What a PUT leaves out of these stays: `externalId`, by which the person's
 * sign-in finds them, and `active`, so that leaving it out never lets anybody in again.
 * @param speaksOfRoles whether the request names `roles` or `entitlements` at all
 * @throws ScimError 400 invalidValue for a role that the tenant doesn't have, or a name too long to be found by
 */
export function toUserState(
  resource: CanonicalResource,
  configuration: TenantConfiguration,
  { defaults, speaksOfRoles }: { readonly defaults: UserDefaults; readonly speaksOfRoles: boolean },
): UserState {
  const { userName, externalId, active, roles, entitlements, ...attributes } = resource;
  const names = {
    userName: typeof userName === 'string' ? userName : '',
    externalId: typeof externalId === 'string' ? externalId : defaults.externalId,
  };
  for (const [name, text] of Object.entries(names)) checkLookedUp(name, text);
  const emails = valuesOf(attributes['emails']);
  for (const email of emails) checkLookedUp('emails.value', email);
  return {
    ...names,
    active: typeof active === 'boolean' ? active : defaults.active,
    attributes,
    profile: toProfile(resource),
    emails,
    roles: speaksOfRoles
      ? [...rolesNamed(roles, configuration), ...entitlementsNamed(entitlements, configuration)]
      : defaults.roles,
  };
}

function valuesOf(list: Json | undefined): readonly string[] {
  if (!Array.isArray(list)) return [];
  return list
    .map((member: Json) => (isObject(member) ? member['value'] : undefined))
    .filter((value) => typeof value === 'string');
}

/** By the id or the key of a role. The console's are not given by SCIM: they are no roles here. */
function rolesNamed(list: Json | undefined, { roles }: TenantConfiguration): readonly EffectiveRole[] {
  return valuesOf(list).map((value) => {
    const role = roles.find(({ id, key }) => !key.startsWith('console:') && (id === value || key === value));
    if (role === undefined)
      throw badRequest(
        'invalidValue',
        `roles: ${quoted(value)} is no role here. /Roles lists those there are.`,
      );
    return { key: role.key, application: null };
  });
}

function entitlementsNamed(
  list: Json | undefined,
  { roles, applications }: TenantConfiguration,
): readonly EffectiveRole[] {
  return valuesOf(list).map((value) => {
    const [clientId, roleKey] = [value.slice(0, value.indexOf(':')), value.slice(value.indexOf(':') + 1)];
    const isKnown =
      applications.some((application) => application.clientId === clientId) &&
      roles.some(({ key }) => key === roleKey && !key.startsWith('console:'));
    if (!isKnown)
      throw badRequest(
        'invalidValue',
        `entitlements: ${quoted(value)} is no entitlement here. /Entitlements lists those there are.`,
      );
    return { key: roleKey, application: clientId };
  });
}

/** A user as a resource in canonical form: what PATCH works on. */
export function toCanonicalUser(user: PushedUser, configuration: TenantConfiguration): CanonicalResource {
  const { roles, entitlements } = rolesShown(user.roles, configuration);
  return {
    userName: user.userName,
    ...(user.externalId === null ? {} : { externalId: user.externalId }),
    ...user.attributes,
    active: user.active,
    ...(roles.length === 0 ? {} : { roles }),
    ...(entitlements.length === 0 ? {} : { entitlements }),
  };
}

/** A user as SCIM shows it, complete (RFC 7643 section 4.1). */
export function toUserResource(
  user: PushedUser,
  configuration: TenantConfiguration,
  { schema, baseUrl }: { readonly schema: ResourceSchema; readonly baseUrl: string },
): JsonObject {
  const canonical = toCanonicalUser(user, configuration);
  return {
    schemas: schemasOf(canonical, schema),
    id: user.id,
    ...canonical,
    ...(user.groups.length === 0
      ? {}
      : {
          groups: user.groups.map(({ id, name }) => ({
            value: id,
            $ref: `${baseUrl}/Groups/${id}`,
            display: name,
            type: 'direct',
          })),
        }),
    meta: metaOf('User', user, `${baseUrl}/Users/${user.id}`),
  };
}

function rolesShown(
  given: readonly EffectiveRole[],
  { roles, applications }: TenantConfiguration,
): { readonly roles: readonly JsonObject[]; readonly entitlements: readonly JsonObject[] } {
  const shown = given.flatMap(({ key, application }) => {
    const role = roles.find((candidate) => candidate.key === key);
    return role === undefined || key.startsWith('console:') ? [] : [{ role, application }];
  });
  const nameOf = (clientId: string): string =>
    applications.find((application) => application.clientId === clientId)?.name ?? clientId;
  return {
    roles: shown
      .filter(({ application }) => application === null)
      .map(({ role }) => ({ value: role.id, display: role.name })),
    entitlements: shown.flatMap(({ role, application }) =>
      application === null
        ? []
        : [
            {
              value: entitlementId(application, role.key),
              display: `${role.name} in ${nameOf(application)}`,
              type: 'Entitlement',
            },
          ],
    ),
  };
}
