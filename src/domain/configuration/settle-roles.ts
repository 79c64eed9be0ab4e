import type { Actor } from '../audit/audit-event.js';
import type { AuditTools } from '../audit/audit-record.js';
import { reviewAccess } from '../provisioning/review-access.js';
import type { ApplyDeps } from './apply-deps.js';
import type { Change } from './change.js';
import type { ConfigurationChange } from './configuration-store.js';
import type { TenantConfiguration } from './tenant-configuration.js';

/** What means groups, by name or otherwise. */
type GroupsNamed = Pick<TenantConfiguration, 'roleMappings' | 'grants'>;

export interface RoleSettlement {
  readonly changes: readonly Change[];
  /** What was in force. */
  readonly before: GroupsNamed;
  /** What is in force now. */
  readonly after: GroupsNamed;
  readonly auditTools: AuditTools;
  readonly actor: Actor;
}

/** People who are judged at a time. */
const BATCH = 500;

/**
 * What follows from changed roles and mappings, in the transaction of the change: which SCIM groups names mean,
 * and who may not stay (D2, D4).
 */
export async function settleRoles(
  deps: ApplyDeps,
  unit: ConfigurationChange,
  settlement: RoleSettlement,
): Promise<void> {
  const { changes, before, after } = settlement;
  await pinNames(unit, namesInUse(before), namesInUse(after));
  if (changes.some(mayTakeRoles)) await reviewEverybody(deps, unit, settlement);
}

/** Judges everybody who has access anew, in the transaction of what may have taken roles from them (D2). */
export async function reviewEverybody(
  deps: ApplyDeps,
  unit: ConfigurationChange,
  { auditTools, actor }: Pick<RoleSettlement, 'auditTools' | 'actor'>,
): Promise<void> {
  const users = await unit.peopleWithAccess();
  if (users.length === 0) return;
  const configuration = await unit.reread();
  for (let at = 0; at < users.length; at += BATCH)
    await reviewAccess({ ...deps, auditTools }, unit.scope, {
      users: users.slice(at, at + BATCH),
      configuration,
      actor,
    });
}

/** Names by which mappings or grants go: what a name gives here and in customers' tenants is given to one group (A-15). */
export const namesInUse = ({ roleMappings, grants }: GroupsNamed): ReadonlySet<string> =>
  new Set([...roleMappings, ...grants].flatMap(({ group }) => ('name' in group ? [group.name] : [])));

/**
 * Whoever maps a name that nothing went by means the group that bears it now; where mappings or grants by the name stay, the group
 * that they have met stays, too, whoever took its name (contract, Groups).
 */
async function pinNames(
  unit: ConfigurationChange,
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
): Promise<void> {
  const gone = [...before].filter((name) => !after.has(name));
  const fresh = [...after].filter((name) => !before.has(name));
  if (gone.length > 0) await unit.releaseGroupNames(gone);
  if (fresh.length > 0) await unit.pinGroupNames(fresh);
}

/** Members of updates that may leave somebody without a role or an application. */
const DECISIVE: ReadonlyMap<string, readonly string[]> = new Map([
  ['tenant', ['whenNoRole', 'defaultRole']],
  ['application', ['assignment']],
  ['connection', ['groupSource']],
]);
/** What somebody's roles hang on, beside those whose access ends with it anyway. */
const ROLE_BEARING: ReadonlySet<string> = new Set(['role', 'roleMapping', 'application']);

function mayTakeRoles({ action, kind, changes }: Change): boolean {
  if (action === 'delete') return ROLE_BEARING.has(kind);
  return action === 'update' && changes.some((member) => DECISIVE.get(kind)?.includes(member) === true);
}
