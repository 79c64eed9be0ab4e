import type { TenantScope } from '../../../core/scope.js';
import type { Ids } from '../../../core/ids.js';
import { effectiveRoles, type RoleMapping } from '../../role/role.js';
import type { RefusalReason } from '../../sign-in/admit-person.js';
import type { PeopleStore } from '../../sign-in/people-store.js';
import { planMembership, toldGroups } from '../../sign-in/plan-membership.js';
import type { UpstreamIdentity } from '../../sign-in/upstream-identity.js';
import { isDenied, type TenantSettings } from '../../tenant/tenant.js';
import type { Connection } from '../connection.js';
import { GROUPS_SHOWN, type TestPerson } from './connection-test.js';

export interface PreviewPersonDeps {
  readonly people: Pick<PeopleStore, 'meet'>;
  readonly ids: Ids;
}

export interface PreviewPersonRequest {
  readonly connection: Connection;
  readonly identity: UpstreamIdentity;
  readonly tenant: TenantSettings;
  readonly roleMappings: readonly RoleMapping[];
}

/** What a sign-in would come to. */
export interface PersonPreview {
  readonly person: TestPerson;
  /** Whether somebody here is meant already; else a new person would be made. */
  readonly isKnown: boolean;
  /** Why they would be kept out all the same; undefined: they would come in. */
  readonly refusal: RefusalReason | undefined;
}

/** Judges a verified identity as a sign-in does (`admitPerson`), and writes nothing. */
export async function previewPerson(
  { people, ids }: PreviewPersonDeps,
  scope: TenantScope,
  { connection, identity, tenant, roleMappings }: PreviewPersonRequest,
): Promise<PersonPreview> {
  const told = toldGroups(connection, identity);
  const { issuer, subject, joinValue, profile } = identity;
  const key = {
    connectionId: connection.id,
    connectionVersion: connection.version,
    issuer,
    subject,
    joinValue,
  };
  const acquaintance = await people.meet(scope, key, told ?? []);
  const { person: known, departed } = acquaintance;
  const { after } = planMembership(acquaintance, told, connection, ids);
  const roles = effectiveRoles(after, roleMappings, known?.assignments ?? []);
  const gone = known === undefined ? departed : !known.active;
  const unknown = known === undefined && connection.settings.provisioning === 'off';
  const refusal = gone
    ? 'scim_deprovisioned'
    : unknown
      ? 'provisioning_off'
      : isDenied(tenant, roles)
        ? 'no_role'
        : undefined;
  return {
    person: {
      subject,
      joinValue: joinValue ?? null,
      userName: profile.userName ?? null,
      name: profile.name ?? null,
      email: profile.email ?? null,
      emailVerified: profile.emailVerified,
      groups: identity.groups?.slice(0, GROUPS_SHOWN).map(({ id = null, name }) => ({ id, name })) ?? null,
      roles: roles.map(({ key: role, application }) => ({ key: role, application })),
    },
    isKnown: known !== undefined,
    refusal,
  };
}
