import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider';
import type { TenantContext } from '../http/tenant-context.js';
import { UnitOfWork } from './unit-of-work.js';

type IdToken = InstanceType<Provider['IdToken']>;

/** OpenID Connect Core section 2: nothing is known of how well the person was authenticated. */
const UNKNOWN_ASSURANCE = '0';

/**
 * Whether what the application was given ends with the session that it came of, offline access or not: under IPSIE SL1
 * nobody's access outlives `session_expiry`.
 */
export const endsWithSession = (tenant: TenantContext, clientId: string | undefined): boolean =>
  tenant.application(clientId ?? '')?.settings.profile === 'ipsie';

/**
 * ID tokens of IPSIE SL1 applications always say until when the session goes (`session_expiry`, seconds since the
 * epoch), and how the person was authenticated (`acr`, `amr`), also where the upstream said nothing of that.
 */
export function completeIdTokens(provider: Provider, tenant: TenantContext): void {
  const { prototype } = provider.IdToken;
  // oxlint-disable-next-line typescript/unbound-method -- called below, on the token that it was called on
  const { issue } = prototype;
  Object.defineProperty(prototype, 'issue', {
    async value(this: IdToken, options: Parameters<typeof issue>[0]) {
      const { ctx, client, available } = this;
      if (options.use === 'idtoken' && endsWithSession(tenant, client.clientId)) {
        this.set('session_expiry', await sessionEnd(ctx));
        this.set('acr', available['acr'] ?? UNKNOWN_ASSURANCE);
        this.set('amr', available['amr'] ?? []);
      }
      return issue.call(this, options);
    },
  });
}

async function sessionEnd(ctx: KoaContextWithOIDC): Promise<number> {
  const { AuthorizationCode, RefreshToken, DeviceCode } = ctx.oidc.entities;
  const uid = (AuthorizationCode ?? RefreshToken ?? DeviceCode)?.sessionUid;
  const session = uid === undefined ? undefined : await UnitOfWork.current.sessionByUid(uid);
  if (session === undefined) throw new errors.InvalidGrant('the session has ended');
  return session.endsAt;
}
