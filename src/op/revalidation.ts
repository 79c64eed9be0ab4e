import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { UserId } from '../core/ids.js';
import type { Artifact } from '../domain/artifact/artifact-store.js';
import type { Connection } from '../domain/connection/connection.js';
import type { TenantContext } from '../http/tenant-context.js';
import { UnitOfWork } from './unit-of-work.js';

/** About whom the upstream may have to be asked before a refresh. */
export interface RevalidationCandidate {
  readonly connection: Connection;
  readonly userId: UserId;
  /** Seconds since the epoch: when the refresh token's first ancestor was given out. */
  readonly since: number;
}

/** What the upstream's word, the last or a new one, means for a refresh. */
export type Revalidated =
  /** It may go on; `changed`: what is known of the person is not what it was. */
  | { readonly kind: 'allowed'; readonly changed: boolean }
  /** The person has no access any more. */
  | { readonly kind: 'ended' }
  /** The last word is too old, and there is no other to be had now. */
  | { readonly kind: 'unavailable'; readonly retryAfterSeconds: number };

/** Asks a person's upstream where that is due (A19). Given to `op`, which knows nothing of upstreams. */
export type Revalidate = (tenant: TenantContext, candidate: RevalidationCandidate) => Promise<Revalidated>;

/**
 * Before a refresh for somebody of a connection that revalidates. The refresh token stays unspent when it can't go on, so
 * that it is good again as soon as the upstream is.
 * @returns whether the request has its answer: 503
 * @throws InvalidGrant when the person's access has ended
 */
export async function answeredByRevalidation(
  ctx: KoaContextWithOIDC,
  { payload }: Artifact,
  revalidate: Revalidate,
): Promise<boolean> {
  const unit = UnitOfWork.current;
  const { accountId, grantId, iiat } = payload;
  if (typeof accountId !== 'string' || typeof grantId !== 'string') return false;
  const account = await unit.account(accountId);
  const home = await unit.home(accountId);
  const connection = home?.connectionById(account?.connectionId ?? '');
  if (home === undefined) return false;
  if (account?.active !== true || connection === undefined) return false;
  if (connection.settings.revalidateSeconds === null) return false;
  const since = typeof iiat === 'number' ? iiat : 0;
  const revalidated = await revalidate(home, { connection, userId: account.userId, since });
  switch (revalidated.kind) {
    case 'allowed':
      if (revalidated.changed) unit.forgetAccount(accountId);
      return false;
    case 'ended':
      unit.revokeGrant(grantId);
      throw new errors.InvalidGrant(
        "the organization's sign-in service does not vouch for the person any more",
      );
    case 'unavailable':
    default:
      ctx.status = 503;
      ctx.set('Retry-After', String(revalidated.retryAfterSeconds));
      ctx.body = {
        error: 'temporarily_unavailable',
        error_description: "the organization's sign-in service does not answer",
      };
      return true;
  }
}
