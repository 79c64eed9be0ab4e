import { DomainError } from '../../core/errors.js';
import type { UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import { auditEntry, NO_ORIGIN, type Actor, type RequestOrigin } from '../audit/audit-event.js';
import { recordOf, type AuditTools } from '../audit/audit-record.js';
import type { AuditStore } from '../audit/audit-store.js';
import type { KeyMaker } from '../keys/key-maker.js';
import type { PersonOfTenant } from '../operator/person-of-tenant.js';
import { CONSOLE_ROLES } from '../role/role.js';
import type { ApiTokenStore } from './api-token-store.js';

export interface CreateApiTokenDeps {
  readonly tokens: ApiTokenStore;
  readonly audit: AuditStore;
  readonly auditTools: AuditTools;
  readonly keys: Pick<KeyMaker, 'createToken'>;
}

export interface CreateApiTokenRequest {
  /** One of the console's roles: `console:owner`. */
  readonly role: string;
  readonly name: string;
  readonly expiresAt: Date | null;
  /** What it may of that role, as scopes; absent: all. */
  readonly scopes?: readonly string[] | null;
  /** It goes with this person of the tenant; absent: nobody's there. */
  readonly ownerId?: UserId | null;
  /** It goes with this person of the MSP above or of the deployment; absent: nobody's elsewhere. */
  readonly ownerElsewhere?: PersonOfTenant | null;
  readonly actor: Actor;
  readonly origin?: RequestOrigin;
}

/**
 * Makes a token for the management API, shown this once.
 * @throws DomainError `invalid_argument` when the role is not one of the console's
 */
export async function createApiToken(
  deps: CreateApiTokenDeps,
  scope: TenantScope,
  request: CreateApiTokenRequest,
): Promise<{ readonly id: string; readonly token: string }> {
  const keys = CONSOLE_ROLES.map((role) => role.key).filter((key) => key === request.role);
  const role = keys.length === 0 ? undefined : await deps.tokens.findRole(scope, request.role);
  if (role === undefined)
    throw new DomainError(
      'invalid_argument',
      `'${request.role}' is no role of the console: ${CONSOLE_ROLES.map(({ key }) => key).join(', ')}`,
    );
  const { id, token, hash } = deps.keys.createToken('api');
  const { name, expiresAt, scopes = null, actor, origin = NO_ORIGIN } = request;
  const { ownerId = null, ownerElsewhere = null } = request;
  const createdBy = `${actor.type}:${actor.id}`;
  const owners = { ownerId, ownerElsewhere };
  await deps.tokens.create(scope, { id, hash, role, name, expiresAt, scopes, ...owners, createdBy });
  const entry = auditEntry({
    action: 'api_token.created',
    actor,
    origin,
    target: `api_token:${id}`,
    details: {
      name: request.name,
      role: request.role,
      scopes,
      expiresAt: request.expiresAt?.toISOString() ?? null,
    },
  });
  deps.audit.append(scope, [recordOf(scope.tenantId, entry, deps.auditTools)]);
  return { id, token };
}

/** Takes a token back: from now on it is unknown. @throws DomainError `not_found` */
export async function deleteApiToken(
  deps: Omit<CreateApiTokenDeps, 'keys'>,
  scope: TenantScope,
  request: { readonly id: string; readonly actor: Actor; readonly origin: RequestOrigin },
): Promise<void> {
  const name = await deps.tokens.delete(scope, request.id);
  if (name === undefined) throw new DomainError('not_found', 'There is no such token.');
  const entry = auditEntry({
    action: 'api_token.deleted',
    actor: request.actor,
    origin: request.origin,
    target: `api_token:${request.id}`,
    details: { name },
  });
  deps.audit.append(scope, [recordOf(scope.tenantId, entry, deps.auditTools)]);
}
