import type { TenantId } from '../../core/ids.js';
import { isInOutage, type Connection } from '../connection/connection.js';
import type { TenantConfiguration } from '../configuration/tenant-configuration.js';

/** How something is, and what to do about it. */
export interface HealthCheck {
  /** `connection:okta`, `scim:okta`, `deliveries`: stays the same. */
  readonly id: string;
  readonly status: 'ok' | 'warn' | 'fail';
  /** For the admin who acts. */
  readonly detail: string;
}

/** What was seen of one connection in the last 24 hours. Counts stop at `COUNTED_MAX`. */
export interface ConnectionSeen {
  readonly key: string;
  readonly signedIn: number;
  readonly refused: number;
  readonly lastSignInAt: Date | null;
  readonly pushes: number;
  readonly failedPushes: number;
  readonly lastPushAt: Date | null;
  readonly hasScimToken: boolean;
  /** When the client secret was set; null: there is none. */
  readonly secretSetAt: Date | null;
}

export interface TenantSeen {
  readonly connections: readonly ConnectionSeen[];
  /** Deliveries that were given up. */
  readonly deadDeliveries: number;
  /** SCIM and API tokens that end within 30 days. */
  readonly endingTokens: number;
}

/** No count goes further: health costs the same whatever a tenant's size. */
export const COUNTED_MAX = 10_000;

export interface TenantHealthStore {
  read(tenantId: TenantId): Promise<TenantSeen>;
}

const DAY_MS = 86_400_000;
/** Okta's secrets don't end by themselves; a year is what most policies allow. */
export const SECRET_DAYS_MAX = 365;

function outage(connection: Connection, now: Date): readonly HealthCheck[] {
  if (!isInOutage(connection, now) || connection.outage === undefined) return [];
  const { reason, until } = connection.outage;
  return [
    {
      id: `outage:${connection.key}`,
      status: 'warn',
      detail: `An outage is declared until ${until}: ${reason}. Refreshes go on though the upstream can’t be asked.`,
    },
  ];
}

/** What a tenant's admin should know of, worst first within each connection. Computed from one reading. */
export function judgeHealth(
  configuration: TenantConfiguration,
  seen: TenantSeen,
  now: Date,
): readonly HealthCheck[] {
  const connections = configuration.connections.flatMap((connection) => {
    const facts = seen.connections.find(({ key }) => key === connection.key);
    if (facts === undefined) return [];
    return [
      signIns(connection.status, facts),
      ...outage(connection, now),
      ...secretAge(facts, now),
      ...pushes(facts, now),
    ];
  });
  return [
    ...(configuration.connections.length === 0
      ? [{ id: 'connections', status: 'warn', detail: 'No connection yet: nobody can sign in.' } as const]
      : connections),
    ...deliveries(seen),
    ...tokens(seen),
  ];
}

function signIns(status: string, { key, signedIn, refused }: ConnectionSeen): HealthCheck {
  const id = `connection:${key}`;
  if (status !== 'enabled' && status !== 'enforced')
    return { id, status: 'warn', detail: `The connection is a ${status} one: nobody signs in by it.` };
  const text = `${count(signedIn)} sign-ins and ${count(refused)} refusals in 24 hours.`;
  if (refused > 0 && signedIn === 0)
    return { id, status: 'fail', detail: `Nobody came in: ${text} Test the connection.` };
  return { id, status: refused > signedIn ? 'warn' : 'ok', detail: text };
}

function secretAge({ key, secretSetAt }: ConnectionSeen, now: Date): readonly HealthCheck[] {
  if (secretSetAt === null) return [];
  const days = Math.floor((now.getTime() - secretSetAt.getTime()) / DAY_MS);
  const isOld = days > SECRET_DAYS_MAX;
  const what = isOld ? 'Replace it: add a second one first.' : '';
  return [
    {
      id: `secret:${key}`,
      status: isOld ? 'warn' : 'ok',
      detail: `The client secret is ${days} days old. ${what}`.trim(),
    },
  ];
}

function pushes(facts: ConnectionSeen, now: Date): readonly HealthCheck[] {
  const { key, hasScimToken, pushes: all, failedPushes, lastPushAt } = facts;
  const id = `scim:${key}`;
  if (!hasScimToken) return [];
  if (lastPushAt === null)
    return [{ id, status: 'warn', detail: 'There is a SCIM token, and no push has come yet.' }];
  const text = `${count(all)} requests in 24 hours, ${count(failedPushes)} failed.`;
  if (all > 0 && failedPushes * 2 > all) return [{ id, status: 'fail', detail: `${text} Look at them.` }];
  const hours = Math.floor((now.getTime() - lastPushAt.getTime()) / 3_600_000);
  return [{ id, status: failedPushes > 0 ? 'warn' : 'ok', detail: `${text} The last came ${hours} h ago.` }];
}

function deliveries({ deadDeliveries }: TenantSeen): readonly HealthCheck[] {
  if (deadDeliveries === 0) return [{ id: 'deliveries', status: 'ok', detail: 'None was given up.' }];
  const detail = `${count(deadDeliveries)} were given up: applications were not told that access ended.`;
  return [{ id: 'deliveries', status: 'fail', detail }];
}

function tokens({ endingTokens }: TenantSeen): readonly HealthCheck[] {
  if (endingTokens === 0) return [];
  return [{ id: 'tokens', status: 'warn', detail: `${count(endingTokens)} tokens end within 30 days.` }];
}

const count = (number: number): string => (number >= COUNTED_MAX ? `over ${COUNTED_MAX}` : String(number));
