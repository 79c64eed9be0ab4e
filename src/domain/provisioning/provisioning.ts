import type { TenantScope } from '../../core/scope.js';
import { auditEntry, type Actor, type RequestOrigin } from '../audit/audit-event.js';
import { recordOf } from '../audit/audit-record.js';
import type { JsonObject } from '../../core/json.js';
import type { TenantConfiguration } from '../configuration/tenant-configuration.js';
import type { ProvisioningStore } from './provisioning-store.js';
import type { PushScope } from './pushed-resources.js';
import type { ReviewAccessDeps } from './review-access.js';

export interface ProvisioningDeps extends ReviewAccessDeps {
  readonly provisioning: ProvisioningStore;
}

/** Who pushes, on which connection, and the configuration that decides what follows. */
export interface Push extends PushScope {
  /** Key of the connection. */
  readonly connection: string;
  readonly actor: Actor;
  readonly origin: RequestOrigin;
  readonly configuration: TenantConfiguration;
}

/** Writes the event of a change beside it: facts by id, names sealed apart. */
export function auditPush(
  deps: ProvisioningDeps,
  scope: TenantScope,
  push: Push,
  event: {
    readonly action: string;
    readonly target: string;
    readonly details?: JsonObject;
    readonly personal?: JsonObject;
  },
): void {
  const entry = auditEntry({
    action: event.action,
    actor: push.actor,
    target: event.target,
    connection: push.connection,
    origin: { ...push.origin, userAgent: null },
    details: event.details ?? {},
    personal: event.personal ?? null,
  });
  deps.audit.append(scope, [recordOf(scope.tenantId, entry, deps.auditTools)]);
}
