import { DomainError } from '../../core/errors.js';
import type { TenantScope } from '../../core/scope.js';
import { rolesOfPerson } from '../application/person-in-application.js';
import type { Change } from '../configuration/change.js';
import type { TenantPlan } from '../configuration/plan.js';
import type { TenantConfiguration } from '../configuration/tenant-configuration.js';
import type { StandingProfile, StandingProfileStore } from './standing-profile.js';

const OWNER = 'console:owner';

/**
 * Refuses a change of configuration with which nobody would be an owner of the tenant any more, by a mapping or an
 * assignment: what the preview of mappings calls `last_owner`, whichever way the change comes. Asked in its transaction,
 * before it; people are read only where it may take owners away.
 * @throws DomainError `conflict`
 */
export async function keepOwners(
  { standings }: { readonly standings: StandingProfileStore },
  scope: TenantScope,
  before: TenantConfiguration,
  { changes, target }: TenantPlan,
): Promise<void> {
  const current = onlyOwners(before);
  if (current.roleMappings.length === 0 || !changes.some(mayTakeOwners)) return;
  const wanted = onlyOwners({
    ...before,
    roleMappings: target.roleMappings,
    connections: before.connections.flatMap((connection) => {
      const kept = target.connections.find(({ key }) => key === connection.key);
      return kept === undefined ? [] : [{ ...connection, settings: kept.settings }];
    }),
  });
  const references = [...current.roleMappings, ...wanted.roleMappings].map(({ group }) => group);
  const { profiles } = await standings.read(scope, { references, names: [] }, null);
  const isOwnedBy = (configuration: TenantConfiguration): boolean =>
    profiles.some((profile) => isOwner(configuration, profile));
  if (isOwnedBy(current) && !isOwnedBy(wanted))
    throw new DomainError('conflict', 'nobody would be an owner any more: make another one first');
}

const onlyOwners = (configuration: TenantConfiguration): TenantConfiguration => ({
  ...configuration,
  roleMappings: configuration.roleMappings.filter(({ role }) => role === OWNER),
});

function isOwner(configuration: TenantConfiguration, profile: StandingProfile): boolean {
  const { connectionId } = profile;
  // With a connection its people go.
  if (connectionId !== null && configuration.connections.every(({ id }) => id !== connectionId)) return false;
  return rolesOfPerson(configuration, profile).roles.some(({ key }) => key === OWNER);
}

function mayTakeOwners({ action, kind, changes, before }: Change): boolean {
  if (kind === 'roleMapping') return action === 'delete' && before?.['role'] === OWNER;
  return kind === 'connection' && (action === 'delete' || changes.includes('groupSource'));
}
