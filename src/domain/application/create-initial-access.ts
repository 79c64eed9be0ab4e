import { DomainError } from '../../core/errors.js';
import type { TenantScope } from '../../core/scope.js';
import { auditEntry, type Actor } from '../audit/audit-event.js';
import { recordOf, type AuditTools } from '../audit/audit-record.js';
import type { AuditStore } from '../audit/audit-store.js';
import type { TenantConfiguration } from '../configuration/tenant-configuration.js';
import type { KeyMaker } from '../keys/key-maker.js';
import type { RegistrationBounds, RegistrationStore } from './registration.js';

export interface InitialAccessDeps {
  readonly registrations: RegistrationStore;
  readonly audit: AuditStore;
  readonly auditTools: AuditTools;
  readonly keys: Pick<KeyMaker, 'createToken'>;
}

export interface InitialAccessRequest {
  readonly name: string;
  readonly bounds: RegistrationBounds;
  /** null: until it is revoked. */
  readonly expiresAt: Date | null;
  readonly actor: Actor;
}

/**
 * Makes an initial access token, shown this once (RFC 7591 section 3, A-64).
 * @throws DomainError `invalid_argument` when it names an API or a scope that the tenant doesn't have
 */
export async function createInitialAccess(
  deps: InitialAccessDeps,
  scope: TenantScope,
  request: InitialAccessRequest,
  { apis }: Pick<TenantConfiguration, 'apis'>,
): Promise<{ readonly id: string; readonly token: string }> {
  const { name, bounds, expiresAt, actor } = request;
  const unknownApi = bounds.apis.find((identifier) => !apis.some((api) => api.identifier === identifier));
  if (unknownApi !== undefined)
    throw new DomainError('invalid_argument', `'${unknownApi}' is no API of the tenant`);
  const reachable = apis.filter((api) => api.isDefault || bounds.apis.includes(api.identifier));
  const scopes = new Set(reachable.flatMap((api) => api.scopes.map((one) => one.name)));
  const unknownScope = bounds.scopes?.find((one) => !scopes.has(one));
  if (unknownScope !== undefined)
    throw new DomainError('invalid_argument', `'${unknownScope}' is no scope of those APIs`);
  const { id, token, hash } = deps.keys.createToken('iat');
  await deps.registrations.createToken(scope, { id, name, hash, bounds, expiresAt });
  const entry = auditEntry({
    action: 'initial_access_token.created',
    actor,
    target: `initial_access_token:${id}`,
    details: { name, ...boundsOf(bounds), expiresAt: expiresAt?.toISOString() ?? null },
  });
  deps.audit.append(scope, [recordOf(scope.tenantId, entry, deps.auditTools)]);
  return { id, token };
}

/**
 * Takes an initial access token away: nothing is registered by it any more. What was stays, and keeps its own token.
 * @returns whether there was one
 */
export async function revokeInitialAccess(
  deps: Omit<InitialAccessDeps, 'keys'>,
  scope: TenantScope,
  request: { readonly id: string; readonly actor: Actor },
): Promise<boolean> {
  const name = await deps.registrations.deleteToken(scope, request.id);
  if (name === undefined) return false;
  const entry = auditEntry({
    action: 'initial_access_token.deleted',
    actor: request.actor,
    target: `initial_access_token:${request.id}`,
    details: { name },
  });
  deps.audit.append(scope, [recordOf(scope.tenantId, entry, deps.auditTools)]);
  return true;
}

const boundsOf = ({ types, grants, apis, scopes }: RegistrationBounds) => ({ types, grants, apis, scopes });
