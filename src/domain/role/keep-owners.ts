import { DomainError } from '../../core/errors.js';
import { admitsLocal } from '../account/local-policy.js';
import type { TenantScope } from '../../core/scope.js';
import { rolesOfPerson } from '../application/person-in-application.js';
import type { ApplyDeps } from '../configuration/apply-deps.js';
import type { Change } from '../configuration/change.js';
import type { TenantPlan } from '../configuration/plan.js';
import type { TenantConfiguration } from '../configuration/tenant-configuration.js';
import { admitsSignIn } from '../connection/connection.js';
import type { StandingProfile } from './standing-profile.js';

const OWNER = 'console:owner';

/** What was refused, and what to do instead. */
const REFUSAL =
  'nobody would be an owner any more who can sign in: make somebody one first who comes in another way, ' +
  'or let the deployment’s operators apply this by a file';

/**
 * Refuses a change of configuration with which nobody could come in as an owner of the tenant any more, whichever way it
 * comes: mappings that go, a connection that is deleted, closed, led to another issuer or told to hear of groups from
 * somewhere else, a policy for local accounts. Owners are so by a group or directly; who can't sign in is none. Asked in
 * its transaction, before it; people are read only where it may take owners away.
 * @param rejoins key of a connection whose people go along to its new issuer
 * @throws DomainError `conflict`
 */
export async function keepOwners(
  { standings, owners }: Pick<ApplyDeps, 'standings' | 'owners'>,
  scope: TenantScope,
  before: TenantConfiguration,
  { changes, target }: TenantPlan,
  rejoins?: string,
): Promise<void> {
  if (!changes.some((change) => mayTakeOwners(change, rejoins))) return;
  const current = onlyOwners(before);
  const wanted = onlyOwners({
    ...before,
    tenant: { ...before.tenant, settings: target.settings },
    roleMappings: target.roleMappings,
    connections: before.connections.flatMap((connection) => {
      const kept = target.connections.find(({ key }) => key === connection.key);
      // With a connection its people go; another issuer knows other people.
      if (kept === undefined || (kept.issuer !== connection.issuer && kept.key !== rejoins)) return [];
      return [{ ...connection, status: kept.status, settings: kept.settings }];
    }),
  });
  // Whoever takes the role from somebody at the same time waits, and is waited for.
  await owners.lockOwners(scope);
  const references = [...current.roleMappings, ...wanted.roleMappings].map(({ group }) => group);
  const { profiles } = await standings.read(scope, { references, names: [] }, null);
  const isOwnedBy = (configuration: TenantConfiguration): boolean =>
    profiles.some((profile) => isOwner(configuration, profile));
  if (isOwnedBy(current) && !isOwnedBy(wanted)) throw new DomainError('conflict', REFUSAL);
}

/** Whether people of a profile could sign in to the tenant's console by a configuration. */
export function comesIn(
  { tenant, connections }: Pick<TenantConfiguration, 'tenant' | 'connections'>,
  { connectionId, localAs }: Pick<StandingProfile, 'connectionId' | 'localAs'>,
): boolean {
  if (connectionId === null) return localAs !== null && admitsLocal(tenant, localAs, 'console');
  return connections.some((connection) => connection.id === connectionId && admitsSignIn(connection));
}

const onlyOwners = (configuration: TenantConfiguration): TenantConfiguration => ({
  ...configuration,
  roleMappings: configuration.roleMappings.filter(({ role }) => role === OWNER),
});

const isOwner = (configuration: TenantConfiguration, profile: StandingProfile): boolean =>
  comesIn(configuration, profile) &&
  rolesOfPerson(configuration, profile).roles.some(
    ({ key, application }) => key === OWNER && application === null,
  );

function mayTakeOwners({ action, kind, key, changes, before }: Change, rejoins: string | undefined): boolean {
  if (kind === 'roleMapping') return action === 'delete' && before?.['role'] === OWNER;
  if (kind === 'tenant') return action === 'update' && changes.includes('signIn');
  if (kind !== 'connection') return false;
  const decisive = ['groupSource', 'status', ...(key === rejoins ? [] : ['issuer'])];
  return action === 'delete' || changes.some((member) => decisive.includes(member));
}
