import { DomainError } from '../../core/errors.js';
import type { TenantScope } from '../../core/scope.js';
import { auditEntry, type Actor, type RequestOrigin } from '../audit/audit-event.js';
import { recordOf, type AuditTools } from '../audit/audit-record.js';
import type { AuditStore } from '../audit/audit-store.js';
import type { KeyMaker } from '../keys/key-maker.js';
import {
  SETUP_LINK_SECONDS,
  SETUP_LINK_SECONDS_MIN,
  type SetupLink,
  type SetupLinkStore,
  type SetupScope,
} from './setup-link.js';

export interface SetupLinkDeps {
  readonly links: SetupLinkStore;
  readonly audit: AuditStore;
  readonly auditTools: AuditTools;
}

/** Who asks, and from where. */
interface Asked {
  readonly actor: Actor;
  readonly origin: RequestOrigin;
}

export interface CreateSetupLinkRequest extends SetupScope, Asked {
  /** 300 to 604,800; undefined: a week. */
  readonly lifetimeSeconds?: number | undefined;
}

/**
 * Makes a set-up link. Its token is shown this once.
 * @throws DomainError `invalid_argument` for a link without a part, and a lifetime out of bounds
 */
export async function createSetupLink(
  deps: SetupLinkDeps & { readonly keys: Pick<KeyMaker, 'createToken'> },
  scope: TenantScope,
  { actor, origin, lifetimeSeconds = SETUP_LINK_SECONDS, ...wanted }: CreateSetupLinkRequest,
): Promise<{ readonly link: SetupLink; readonly token: string }> {
  if (wanted.parts.length === 0) throw new DomainError('invalid_argument', 'A set-up link needs a part.');
  if (lifetimeSeconds < SETUP_LINK_SECONDS_MIN || lifetimeSeconds > SETUP_LINK_SECONDS)
    throw new DomainError('invalid_argument', 'A set-up link lasts from 5 minutes to 7 days.');
  const { id, token, hash } = deps.keys.createToken('setup');
  const createdBy = `${actor.type}:${actor.id}`;
  const link = await deps.links.make(scope, { id, hash, scope: wanted, createdBy, lifetimeSeconds });
  const { connection, parts, mayTurnOn } = wanted;
  const details = { parts: [...parts], mayTurnOn, expiresAt: link.expiresAt.toISOString() };
  append(deps, scope, 'setup_link.created', { id, connection, actor, origin }, details);
  return { link, token };
}

/**
 * Takes a link back: from now on its address says so, and its holder's calls are refused.
 * @throws DomainError `not_found`, also when it was taken back before
 */
export async function revokeSetupLink(
  deps: SetupLinkDeps,
  scope: TenantScope,
  { link, ...asked }: Asked & { readonly link: Pick<SetupLink, 'id' | 'connection'> },
): Promise<void> {
  if (!(await deps.links.revoke(scope, link.id)))
    throw new DomainError('not_found', 'There is no such set-up link, or it was taken back before.');
  append(deps, scope, 'setup_link.revoked', { ...link, ...asked });
}

/**
 * Gives a link to the first browser that asks: one compare-and-set.
 * @returns false: another browser was faster, or it counts no more
 */
export async function takeSetupLink(
  deps: SetupLinkDeps,
  scope: TenantScope,
  {
    link,
    browserHash,
    origin,
  }: {
    readonly link: Pick<SetupLink, 'id' | 'connection'>;
    readonly browserHash: Buffer;
    readonly origin: RequestOrigin;
  },
): Promise<boolean> {
  const { ip, userAgent } = origin;
  if (!(await deps.links.take(scope, { id: link.id, browserHash, from: { ip, userAgent } }))) return false;
  append(deps, scope, 'setup_link.opened', { ...link, actor: holderOf(link), origin });
  return true;
}

/** Whoever holds a link, as audit events name them. */
export const holderOf = ({ id }: Pick<SetupLink, 'id'>): Actor => ({ type: 'operator', id: `setup:${id}` });

function append(
  { audit, auditTools }: Pick<SetupLinkDeps, 'audit' | 'auditTools'>,
  scope: TenantScope,
  action: string,
  about: Asked & Pick<SetupLink, 'id' | 'connection'>,
  details: Parameters<typeof auditEntry>[0]['details'] = {},
): void {
  const { id, connection, actor, origin } = about;
  const entry = auditEntry({ action, actor, origin, target: `setup_link:${id}`, connection, details });
  audit.append(scope, [recordOf(scope.tenantId, entry, auditTools)]);
}
