import type { Context } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Account } from '../domain/user/account.js';
import type { TenantContext } from '../http/tenant-context.js';
import type { OpDeps } from './deps.js';
import type { ProviderCache } from './provider-cache.js';
import { UnitOfWork } from './unit-of-work.js';

/** The person whose session this browser holds at a tenant's issuer, for pages of ours; undefined: nobody's. */
export async function signedInPerson(
  ctx: Context,
  tenant: TenantContext,
  providers: ProviderCache,
  artifacts: OpDeps['artifacts'],
): Promise<Account | undefined> {
  const { provider } = providers.of(tenant);
  const unit = new UnitOfWork(tenant, artifacts);
  return unit.run(async () => {
    // The library's own reading of its cookie: signed, of this tenant, of a session that lives.
    const session = await provider.Session.get(
      provider.createContext(ctx.req, ctx.res) as KoaContextWithOIDC,
    );
    return session.accountId === undefined ? undefined : unit.account(session.accountId);
  });
}
