import { DomainError } from '../../../core/errors.js';
import { plainText } from '../../../core/text.js';
import { auditEntry, type Actor, type RequestOrigin } from '../../audit/audit-event.js';
import { recordOf } from '../../audit/audit-record.js';
import type { ApplyDeps } from '../../configuration/apply-deps.js';
import { isInOutage, type DeclaredOutage } from '../connection.js';
import type { ConnectionLifecycleStore } from './lifecycle.js';

/** Nobody's word counts on for longer than a day without somebody saying so again. */
export const OUTAGE_SECONDS_MAX = 86_400;

export interface DeclareOutage {
  readonly key: string;
  /** Null: it is over. */
  readonly outage: { readonly reason: string; readonly seconds: number } | null;
  readonly actor: Actor;
  readonly origin: RequestOrigin;
}

/**
 * Says that a connection's upstream is out of order, or that it isn't any more (A18). Meanwhile refreshes go on though it
 * can't be asked; who it refuses by its own word is refused all the same. It ends by itself.
 * @throws DomainError `not_found`; `conflict` when there is none to end
 */
export async function declareOutage(
  deps: ApplyDeps & { readonly lifecycles: Pick<ConnectionLifecycleStore, 'setOutage'> },
  slug: string,
  { key, outage, actor, origin }: DeclareOutage,
): Promise<void> {
  await deps.store.change(slug, async (unit) => {
    const { current } = unit;
    const connection = current?.configuration.connections.find((one) => one.key === key);
    if (current === undefined || connection === undefined)
      throw new DomainError('not_found', `There is no connection '${key}'.`);
    const now = deps.clock.now();
    if (outage === null && !isInOutage(connection, now))
      throw new DomainError('conflict', 'No outage is declared.');
    const declared: DeclaredOutage | null = outage && {
      reason: plainText(outage.reason, 300),
      since: now.toISOString(),
      until: new Date(now.getTime() + Math.min(outage.seconds, OUTAGE_SECONDS_MAX) * 1_000).toISOString(),
    };
    await deps.lifecycles.setOutage(unit.scope, connection.id, declared);
    const { tenant } = current.configuration;
    const vault = deps.keys.openVault(tenant.id, current.wrappedDataKey);
    const entry = auditEntry({
      action: declared === null ? 'connection.outage_ended' : 'connection.outage_declared',
      actor,
      origin,
      target: `connection:${key}`,
      connection: key,
      details: { outage: declared === null ? null : { ...declared } },
    });
    deps.audit.append(unit.scope, [recordOf(tenant.id, entry, { ...deps, vault })]);
    await unit.bumpVersion();
  });
}
