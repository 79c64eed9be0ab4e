import type { Logger } from '../../../core/logger.js';
import { auditEntry, NO_ORIGIN, type Actor } from '../../audit/audit-event.js';
import { recordOf } from '../../audit/audit-record.js';
import type { ApplyDeps } from '../../configuration/apply-deps.js';
import { changeTenant } from '../../configuration/change-tenant.js';
import type { ConfigurationChange } from '../../configuration/configuration-store.js';
import type { ConfigurationRules } from '../../configuration/rules.js';
import type { Connection, DeclaredOutage } from '../connection.js';
import { UPSTREAM_CAUSES } from '../diagnosis/cause.js';
import { peopleDiagnoses } from '../diagnosis/people.js';
import type { ConnectionLifecycleStore } from './lifecycle.js';

/** A connection that was enforced a while ago, and by which nobody has come in since. */
export interface FailingConnection {
  readonly slug: string;
  readonly key: string;
}

/** Finds connections whose sign-ins fail since they were enforced. */
export interface FallBackStore {
  /**
   * Connections that were tested, then enforced within the last hour; nobody has come in since, and at least so many
   * sign-ins were refused for one of these causes.
   */
  failing(refusals: number, causes: readonly string[]): Promise<readonly FailingConnection[]>;
}

export interface FallBackDeps extends ApplyDeps {
  readonly fallBacks: FallBackStore;
  readonly lifecycles: Pick<ConnectionLifecycleStore, 'setOutage'>;
  readonly rules: ConfigurationRules;
  readonly log: Logger;
}

/** So many refusals, and nobody who came in: it isn't one person's mistake. */
const REFUSALS = 5;
const OUTAGE_SECONDS = 3_600;
const ACTOR: Actor = { type: 'system', id: 'fall-back' };

/** What Okta decides of one person says nothing of the connection. */
const CAUSES = UPSTREAM_CAUSES.filter((cause) => !Object.hasOwn(peopleDiagnoses, cause));

/**
 * Takes back what an operator has just enforced where it keeps everybody out (A18): the connection is only enabled again,
 * and in outage mode for an hour, so that refreshes go on and other ways in are offered. What a file has enforced without
 * a test stays as the file says: whoever applies it answers for that.
 * @returns how many fell back
 */
export async function fallBack(deps: FallBackDeps): Promise<number> {
  const failing = await deps.fallBacks.failing(REFUSALS, CAUSES);
  for (const connection of failing) {
    // oxlint-disable-next-line no-await-in-loop -- rare, and each takes its tenant's lock
    await fallBackOne(deps, connection);
  }
  return failing.length;
}

async function fallBackOne(deps: FallBackDeps, { slug, key }: FailingConnection): Promise<void> {
  const isMeant = (one: Connection): boolean => one.key === key && one.status === 'enforced';
  const { changes } = await changeTenant(deps, slug, {
    rules: deps.rules,
    actor: ACTOR,
    authority: 'host',
    origin: NO_ORIGIN,
    wanted: (current) => ({
      path: '',
      slug,
      connections: (current?.configuration.connections ?? []).map((one) => ({
        key: one.key,
        ...(isMeant(one) ? { status: 'enabled' as const } : {}),
      })),
    }),
    // Another node may have been faster.
    finish: async (unit) => {
      const connection = unit.current?.configuration.connections.find(isMeant);
      if (connection !== undefined) await putInOutage(deps, unit, connection);
    },
  });
  if (changes.length > 0) deps.log.warn('connection.fell_back', { tenant: slug, connection: key });
}

async function putInOutage(
  deps: FallBackDeps,
  unit: ConfigurationChange,
  { id, key }: Connection,
): Promise<void> {
  const now = deps.clock.now();
  const outage: DeclaredOutage = {
    reason: 'Nobody came in since the connection was enforced.',
    since: now.toISOString(),
    until: new Date(now.getTime() + OUTAGE_SECONDS * 1_000).toISOString(),
  };
  await deps.lifecycles.setOutage(unit.scope, id, outage);
  const entry = auditEntry({
    action: 'connection.fell_back',
    actor: ACTOR,
    target: `connection:${key}`,
    connection: key,
    details: { refusals: REFUSALS, outage: { ...outage } },
  });
  const { tenantId } = unit.scope;
  const vault = deps.keys.openVault(tenantId, unit.current?.wrappedDataKey ?? '');
  deps.audit.append(unit.scope, [recordOf(tenantId, entry, { ...deps, vault })]);
}
