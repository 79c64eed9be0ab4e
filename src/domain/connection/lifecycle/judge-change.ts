import { DomainError } from '../../../core/errors.js';
import type { TenantScope } from '../../../core/scope.js';
import type { ConfiguredTenant } from '../../configuration/configuration-store.js';
import type { TenantPlan } from '../../configuration/plan.js';
import type { TargetConnection } from '../../configuration/target.js';
import { connectionSecretPlace } from '../../keys/sealed-places.js';
import type { Vault } from '../../keys/vault.js';
import { admitsSignIn, type Connection } from '../connection.js';
import { fingerprintOf } from '../fingerprint.js';
import {
  assertConfirmed,
  ConfirmationRequired,
  IMPACT_DAYS,
  impactOf,
  stepOf,
  type ImpactStore,
} from './impact.js';
import type { ConnectionLifecycle, ConnectionLifecycleStore } from './lifecycle.js';

export interface JudgeConnectionDeps {
  readonly lifecycles: Pick<ConnectionLifecycleStore, 'readHere'>;
  readonly impacts: ImpactStore;
  readonly clock: { now(): Date };
  readonly vault: Vault;
}

/**
 * The rules by which connections change one at a time (A16): nobody signs in by what wasn't tested, what affects people
 * is confirmed, what is served keeps its upstream until another one was tested. A file is above them: its operator
 * answers for having tested. Under the tenant's lock.
 * @throws DomainError with detail `problem` `not_tested`; ConfirmationRequired; DomainError `conflict`
 */
export async function judgeConnectionChange(
  deps: JudgeConnectionDeps,
  scope: TenantScope,
  {
    plan,
    current,
    confirm,
  }: {
    readonly plan: TenantPlan;
    readonly current: ConfiguredTenant;
    readonly confirm: string | undefined;
  },
): Promise<void> {
  const changes = plan.changes.filter(({ kind }) => kind === 'connection');
  if (changes.length === 0) return;
  const lifecycles = await deps.lifecycles.readHere(scope);
  for (const { key, changes: members } of changes) {
    const before = current.configuration.connections.find((one) => one.key === key);
    const after = plan.target.connections.find((one) => one.key === key);
    if (before !== undefined && after !== undefined && waitsAsCandidate(before, after))
      throw new DomainError('conflict', 'Somebody has just switched the connection on. Read it again.');
    if (after !== undefined) assertTested(before, after, lifecycles.get(key), members);
    // oxlint-disable-next-line no-await-in-loop -- a request changes one
    if (before !== undefined) await assertPeopleConfirmed(deps, scope, { before, after, current, confirm });
    const lifecycle = lifecycles.get(key);
    if (lifecycle !== undefined && after !== undefined && admitsSignIn(after))
      assertSecretsUnused(deps, lifecycle, after, confirm);
  }
}

/**
 * Whether a change puts another upstream, or another client there, in the place of one through which people sign in: that
 * waits until it was tested.
 */
export function waitsAsCandidate(
  served: Connection,
  wanted: Pick<TargetConnection, 'type' | 'issuer' | 'settings'>,
): boolean {
  return (
    admitsSignIn(served) &&
    (served.type !== wanted.type ||
      served.issuer !== wanted.issuer ||
      served.settings.clientId !== wanted.settings.clientId ||
      served.settings.clientAuth !== wanted.settings.clientAuth)
  );
}

/** @throws DomainError with detail `problem` `not_tested` */
function assertTested(
  before: Connection | undefined,
  after: TargetConnection,
  lifecycle: ConnectionLifecycle | undefined,
  members: readonly string[],
): void {
  const step = stepOf(before, after);
  if (step !== 'enabled' && step !== 'enforced') return;
  // Whoever loosens it needn't prove that it works.
  if (before?.status === 'enforced') return;
  const usesSecret = after.settings.clientAuth !== 'private_key_jwt';
  const hasNewSecret = members.includes('clientSecret') || members.includes('secondarySecret');
  const tested = lifecycle?.testedFingerprint;
  const isTested =
    lifecycle !== undefined &&
    tested !== null &&
    tested !== undefined &&
    !(usesSecret && hasNewSecret) &&
    fingerprintOf(after, lifecycle.secrets).equals(tested);
  if (isTested) return;
  throw new DomainError(
    'conflict',
    `'${after.key}' has not passed its test as it would be served: save it as a draft, test it, then switch it on.`,
    { problem: 'not_tested' },
  );
}

async function assertPeopleConfirmed(
  { impacts, clock }: JudgeConnectionDeps,
  scope: TenantScope,
  {
    before,
    after,
    current,
    confirm,
  }: {
    readonly before: Connection;
    readonly after: TargetConnection | undefined;
    readonly current: ConfiguredTenant;
    readonly confirm: string | undefined;
  },
): Promise<void> {
  const step = stepOf(before, after);
  if (step === undefined || step === 'enabled') return;
  const counts = await impacts.count(scope, before, impactSince(clock));
  assertConfirmed(impactOf(step, before, counts, current.configuration), before, confirm);
}

/** From when on sign-ins count for an impact. */
export const impactSince = (clock: { now(): Date }): Date =>
  new Date(clock.now().getTime() - IMPACT_DAYS * 86_400_000);

/** A use is noted at most once an hour, so what was used within the last hour may have been noted two hours ago. */
const IN_USE_MS = 2 * 3_600_000;

/**
 * A secret that signs people in now isn't taken away by mistake; one that only changes its place stays.
 * @throws ConfirmationRequired
 */
function assertSecretsUnused(
  { vault, clock }: Pick<JudgeConnectionDeps, 'vault' | 'clock'>,
  { served, secrets, secretsUsedAt, tenantId }: ConnectionLifecycle,
  after: TargetConnection,
  confirm: string | undefined,
): void {
  const open = (member: 'clientSecret' | 'secondarySecret'): string | null => {
    const sealed = secrets[member];
    return sealed === null ? null : vault.open(connectionSecretPlace(tenantId, served.id, member), sealed);
  };
  const stays = (['clientSecret', 'secondarySecret'] as const).map((member) => {
    const wanted = after[member];
    return wanted === undefined ? open(member) : wanted;
  });
  for (const member of ['clientSecret', 'secondarySecret'] as const) {
    const usedAt = secretsUsedAt[member];
    if (usedAt === null || clock.now().getTime() - usedAt.getTime() > IN_USE_MS) continue;
    const old = after[member] === undefined ? null : open(member);
    if (old === null || stays.includes(old)) continue;
    const confirmation = `remove-${member}`;
    if (confirm === confirmation) continue;
    const sentence = `This takes away the secret that ${served.name} was signed in with lately: sign-ins fail unless the other one is good.`;
    throw new ConfirmationRequired(`${sentence} Confirm that.`, {
      secret: member,
      lastUsedAt: usedAt.toISOString(),
      sentence,
      confirmation,
    });
  }
}
