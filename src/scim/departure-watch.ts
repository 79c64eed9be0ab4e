import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { auditEntry } from '../domain/audit/audit-event.js';
import { recordOf } from '../domain/audit/audit-record.js';
import type { ScimEffect } from '../domain/provisioning/scim-request.js';
import type { ScimCall } from './call.js';

const WINDOW_MS = 600_000;
/** Fewer than these are never remarkable. */
const DEPARTURES_MIN = 10;
/** More of a connection's users than this at once look like a wrong assignment at the upstream. */
const PART_MAX = 0.2;
const REMEMBERED_MAX = 10_000;

/** Departures of a connection within ten minutes, as this node has seen them. */
interface Window {
  readonly startedMs: number;
  departures: number;
  alarmed: boolean;
}

const isDeparture = ({ action, resourceType }: ScimEffect): boolean =>
  resourceType === 'User' && (action === 'deactivated' || action === 'deleted');

/**
 * Raises an alarm when a push switches off more than a fifth of a connection's users within ten minutes: an audit event
 * and a line in the log. It holds nobody back: a leaver's access ends whatever else is pushed.
 */
export class DepartureWatch {
  readonly #windows = new LRUCache<string, Window>({ max: REMEMBERED_MAX });

  constructor(
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  /** Looks at what a call has done. */
  async see(call: ScimCall): Promise<void> {
    const departures = call.effects.filter(isDeparture).length;
    if (departures === 0) return;
    const window = this.#window(`${call.tenant.id} ${call.push.connectionId}`);
    window.departures += departures;
    if (window.alarmed || window.departures < DEPARTURES_MIN) return;
    const users = await usersOf(call);
    // Who was deleted is counted no more, so the part is taken of those there were. Others may have asked meanwhile.
    if (window.alarmed || window.departures <= PART_MAX * (users + window.departures)) return;
    window.alarmed = true;
    await this.#raise(call, window.departures, users);
  }

  #window(name: string): Window {
    const nowMs = this.clock.now().getTime();
    const known = this.#windows.get(name);
    if (known !== undefined && nowMs - known.startedMs < WINDOW_MS) return known;
    const made = { startedMs: nowMs, departures: 0, alarmed: false };
    this.#windows.set(name, made);
    return made;
  }

  async #raise(call: ScimCall, departures: number, users: number): Promise<void> {
    const { tenant, push, stores } = call;
    const details = { departures, users, windowSeconds: WINDOW_MS / 1000 };
    this.log.warn('scim.mass_deactivation', { tenant: tenant.slug, connection: push.connection, ...details });
    const entry = auditEntry({
      action: 'provisioning.mass_deactivation',
      outcome: 'failure',
      reason: 'mass_deactivation',
      actor: push.actor,
      target: `connection:${push.connection}`,
      connection: push.connection,
      origin: { ...push.origin, userAgent: null },
      details,
    });
    const tools = { ids: stores.ids, clock: stores.clock, vault: tenant.vault };
    await stores.audit.appendAlone(tenant.id, [recordOf(tenant.id, entry, tools)]);
  }
}

/** Users of the connection, kept counted. */
function usersOf(call: ScimCall): Promise<number> {
  return call.transaction(async ({ provisioning }, scope) => {
    const page = { startIndex: 1, count: 0 };
    const found = await provisioning.users(scope, call.push, { filter: undefined, sort: undefined, page });
    return found.total;
  });
}
