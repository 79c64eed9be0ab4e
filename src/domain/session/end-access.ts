import type { ConnectionId, TenantId, UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import {
  auditEntry,
  NO_ORIGIN,
  type Actor,
  type AuditEntry,
  type RequestOrigin,
} from '../audit/audit-event.js';
import { recordOf, type AuditTools } from '../audit/audit-record.js';
import type { AuditStore } from '../audit/audit-store.js';

/** Whose access ends. */
export type AccessTarget =
  | { readonly user: UserId }
  | { readonly session: string }
  /** Every session of a person, as if each were signed out: what they keep for offline access stays. */
  | { readonly sessionsOf: UserId }
  | { readonly connection: ConnectionId }
  | { readonly application: string }
  /** One person's in one application: `<user id>:<clientId>`. */
  | { readonly personIn: string }
  | { readonly tenant: 'all' }
  /** Of local accounts: all that they have; or what those have that the policy `break-glass` keeps out (F4). */
  | { readonly local: 'all' | 'but_break_glass' }
  /** All that the tenant's people have at the issuer above theirs. */
  | { readonly above: 'all' }
  /** One session of a person at the issuer above theirs: `<user id>:<session uid>`. */
  | { readonly sessionAbove: string }
  /** One person's in one application of the tenant above: `<user id>:<clientId>`. */
  | { readonly personInAbove: string };

/** Why it ends: a reason code that audit and logout receipts carry. */
export type EndReason =
  | 'signed_out'
  /** The upstream told that its session ended (A13). */
  | 'upstream_logout'
  | 'scim_deprovisioned'
  | 'no_role'
  | 'not_assigned'
  | 'connection_disabled'
  | 'connection_deleted'
  | 'connection_changed'
  | 'application_deleted'
  /** The tenant has another one above it now, or none. */
  | 'parent_changed'
  | 'consent_withdrawn'
  | 'tenant_suspended'
  /** The tenant's policy keeps these local accounts out from now on (F4). */
  | 'local_sign_in_off'
  | 'token_reuse'
  /** The upstream was asked in between and doesn't vouch for the person any more (A19). */
  | 'upstream_revoked'
  /** A person who runs the deployment or the tenant ended it (G5). */
  | 'revoked_by_operator';

export interface EndedAccess {
  readonly sessions: number;
  readonly grants: number;
  /** What ended at the issuer above the tenant's, if anything did (E4). */
  readonly above?: { readonly tenantId: TenantId; readonly sessions: number; readonly grants: number };
}

/**
 * The rows that access consists of. `end` locks the target's users `FOR UPDATE` first: whatever creates access locks
 * them `FOR SHARE` and looks again, so nothing can slip in beside it (invariant 5). What people have at the issuer above
 * theirs ends in the same transaction, after what they have at their own.
 */
export interface AccessStore {
  /** Ends sessions, deletes grants, and writes an outbox event for each session and application that must be told. */
  end(scope: TenantScope, target: AccessTarget, reason: EndReason): Promise<EndedAccess>;
}

export interface EndAccessDeps {
  readonly access: AccessStore;
  readonly audit: AuditStore;
  readonly auditTools: AuditTools;
}

/** The one funnel through which access ends, whatever the cause: in the transaction of the cause, with its audit event. */
export async function endAccess(
  deps: EndAccessDeps,
  scope: TenantScope,
  request: {
    readonly target: AccessTarget;
    readonly reason: EndReason;
    readonly actor: Actor;
    readonly origin?: RequestOrigin | undefined;
  },
): Promise<EndedAccess> {
  const ended = await deps.access.end(scope, request.target, request.reason);
  const target = Object.entries(request.target).map(([kind, id]) => `${kind}:${id}`);
  const entry = auditEntry({
    action: 'access.ended',
    actor: request.actor,
    reason: request.reason,
    target: target.join(),
    origin: request.origin ?? NO_ORIGIN,
    details: {
      sessions: ended.sessions,
      grants: ended.grants,
      ...(ended.above === undefined ? {} : { above: { ...ended.above } }),
    },
  });
  deps.audit.append(scope, [recordOf(scope.tenantId, entry, deps.auditTools)]);
  if (ended.above !== undefined) recordAbove(deps, scope, ended.above, entry);
  return ended;
}

/** The tenant above learns from its own audit log what ended at its issuer, and whose doing it was. */
function recordAbove(
  { audit, auditTools }: EndAccessDeps,
  scope: TenantScope,
  { tenantId, sessions, grants }: NonNullable<EndedAccess['above']>,
  { target, reason }: AuditEntry,
): void {
  const entry = auditEntry({
    action: 'access.ended',
    actor: { type: 'system', id: 'customer' },
    reason,
    target,
    details: { customer: scope.tenantId, sessions, grants },
  });
  audit.appendAbove(scope, tenantId, [recordOf(tenantId, entry, auditTools)]);
}
