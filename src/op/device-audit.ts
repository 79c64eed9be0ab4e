import type { DeviceCode, KoaContextWithOIDC } from 'oidc-provider';
import type { JsonObject } from '../core/json.js';
import { auditEntry } from '../domain/audit/audit-event.js';
import { recordOf, type AuditRecord } from '../domain/audit/audit-record.js';
import type { OpDeps } from './deps.js';
import { UnitOfWork } from './unit-of-work.js';

/** What happened on the page of devices. */
interface DeviceEvent {
  readonly action: 'device.approved' | 'device.denied' | 'device.tries_exceeded' | 'device.requests_exceeded';
  readonly reason?: string | undefined;
  readonly code?: DeviceCode | undefined;
  readonly details?: JsonObject;
}

/** The event, with who did it from where, and which device it was about. */
export function deviceRecord(ctx: KoaContextWithOIDC, event: DeviceEvent, deps: OpDeps): AuditRecord {
  const { tenant } = UnitOfWork.current;
  const { session } = ctx.oidc;
  const { code } = event;
  const origin = deps.originOf(ctx);
  const clientId = code?.clientId ?? null;
  const entry = auditEntry({
    action: event.action,
    outcome: event.action === 'device.approved' ? 'success' : 'refused',
    reason: event.reason ?? null,
    actor:
      session?.accountId === undefined
        ? { type: 'system', id: 'device-page' }
        : { type: 'user', id: session.accountId },
    target: clientId === null ? null : `application:${clientId}`,
    application: clientId,
    session: event.action === 'device.approved' ? (session?.uid ?? null) : null,
    origin: { ...origin, ip: null, userAgent: null },
    details: { ...event.details },
    personal: {
      ip: origin.ip,
      userAgent: origin.userAgent,
      ...(code === undefined ? {} : deviceOf(code)),
    },
  });
  return recordOf(tenant.id, entry, { ...deps, vault: tenant.vault });
}

/** What is known of the device. Its own reference may name a person, so it is sealed with the rest. */
function deviceOf({ deviceInfo, params }: DeviceCode): JsonObject {
  const { ip, userAgent } = deviceInfo ?? {};
  const reference = params?.['device_reference'];
  return {
    deviceIp: textOrNull(ip),
    deviceUserAgent: textOrNull(userAgent),
    deviceReference: textOrNull(reference),
  };
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);
