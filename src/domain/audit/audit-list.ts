import type { TenantId } from '../../core/ids.js';
import type { JsonObject } from '../../core/json.js';
import type { ListPage, PageRequest } from '../../core/page.js';
import type { Vault } from '../keys/vault.js';
import type { AuditEntry } from './audit-event.js';

/** Which events. All that is named must hold. */
export interface AuditQuery extends PageRequest {
  /** `connection.updated`, or all of a noun: `connection.*`. */
  readonly action?: string | undefined;
  /** `user:<id>`, `operator:cli:root`. */
  readonly actor?: string | undefined;
  /** `user:<id>`, `connection:okta`. */
  readonly target?: string | undefined;
  /** clientId. */
  readonly application?: string | undefined;
  /** A connection's key. */
  readonly connection?: string | undefined;
  readonly outcome?: AuditEntry['outcome'] | undefined;
  readonly reason?: string | undefined;
  /** The reference that a person was shown. */
  readonly reference?: string | undefined;
  readonly requestId?: string | undefined;
  /** Not before. */
  readonly from?: Date | undefined;
  /** Before. */
  readonly until?: Date | undefined;
  /** Newest first, if absent. */
  readonly order?: 'newest' | 'oldest' | undefined;
}

/** An event as it is kept. */
export interface ListedEvent {
  readonly id: string;
  readonly at: Date;
  readonly action: string;
  readonly outcome: string;
  readonly reference: string | null;
  /** Canonical JSON: what the event's hash covers. */
  readonly body: string;
  /** null: there was no personal data, or it was erased. */
  readonly sealedPersonal: string | null;
  /** Its place in the tenant's chain; null: not chained yet. */
  readonly seq: number | null;
}

/** Finds audit events (H3). */
export interface AuditListStore {
  list(tenantId: TenantId, query: AuditQuery): Promise<ListPage<ListedEvent>>;
  find(tenantId: TenantId, id: string): Promise<ListedEvent | undefined>;
}

/** An event for who reads it. */
export interface ReadEvent extends Omit<ListedEvent, 'body' | 'sealedPersonal'> {
  /** The members of its body: actor, target, reason, origin, details …; none where somebody spoilt it. */
  readonly facts: JsonObject;
  /** Names and addresses: null for who may not see them, where there were none, and where they were erased. */
  readonly personal: JsonObject | null;
}

/**
 * Makes an event readable.
 * @param vault the tenant's, for who may see personal data; undefined for who may not
 */
export function readEvent(tenantId: TenantId, event: ListedEvent, vault: Vault | undefined): ReadEvent {
  const { body, sealedPersonal, ...shown } = event;
  const place = { tenantId, table: 'audit_personal', column: 'sealed', row: event.id };
  return {
    ...shown,
    facts: membersOf(body) ?? {},
    personal:
      vault === undefined || sealedPersonal === null
        ? null
        : (membersOf(vault.open(place, sealedPersonal)) ?? null),
  };
}

function membersOf(text: string): JsonObject | undefined {
  try {
    const value: JsonObject | null = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
