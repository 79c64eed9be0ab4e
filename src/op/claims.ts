import type { KoaContextWithOIDC, AccessToken, ClientCredentials } from 'oidc-provider';
import type { TenantContext } from '../http/tenant-context.js';
import { applicationClaims, findPerson, present, signInClaims } from './account.js';
import { exchangedClaims } from './exchanged-claims.js';
import { grantedOpenIdScopes } from './granted-scope.js';
import { UnitOfWork } from './unit-of-work.js';

/** Scope → claims (OpenID Connect Core 5.4), with what Causeway adds to `openid` for the tenant's applications. */
export function scopeClaims(tenant: TenantContext): Record<string, string[]> {
  const roleNames = tenant.configuration.applications.flatMap(({ settings }) =>
    settings.claims.roles === false ? [] : [settings.claims.roles],
  );
  const own = ['tenant', 'idp', 'groups', 'acr', 'amr', 'auth_time', 'sid'];
  const ends = tenant.configuration.applications.some(({ settings }) => settings.profile === 'ipsie');
  return {
    openid: [...new Set(['sub', ...own, ...roleNames, ...(ends ? ['session_expiry'] : [])])],
    profile: [
      'name',
      'given_name',
      'family_name',
      'middle_name',
      'nickname',
      'preferred_username',
      'picture',
      'locale',
      'zoneinfo',
      'updated_at',
    ],
    email: ['email', 'email_verified'],
    phone: ['phone_number'],
  };
}

/**
 * Claims of an access token beyond the library's (RFC 9068 section 2.2): who the person is in this application and how
 * they signed in; for an API with Okta's profile, Okta's names too. Kept with opaque tokens for introspection.
 */
export async function accessTokenClaims(
  ctx: KoaContextWithOIDC,
  token: AccessToken | ClientCredentials,
): Promise<Record<string, unknown>> {
  const { tenant } = UnitOfWork.current;
  const application = tenant.application(token.clientId ?? '');
  const accountId = 'accountId' in token ? token.accountId : undefined;
  if (application === undefined) return {};
  const okta = oktaClaims(ctx, tenant, token, accountId);
  if (accountId === undefined) return { tenant: tenant.slug, ...okta, ...exchangedClaims(ctx) };
  const person = await findPerson(accountId, application);
  if (person === undefined) return okta;
  const signIn = { ...present(signInClaims(ctx)), ...exchangedClaims(ctx) };
  return { ...applicationClaims(application, person), ...signIn, ...okta };
}

function oktaClaims(
  ctx: KoaContextWithOIDC,
  tenant: TenantContext,
  token: AccessToken | ClientCredentials,
  accountId: string | undefined,
): Record<string, unknown> {
  const api = tenant.configuration.apis.find((candidate) => candidate.identifier === token.aud);
  if (api?.profile !== 'okta') return {};
  return {
    ver: 1,
    cid: token.clientId,
    ...(accountId === undefined ? {} : { uid: accountId }),
    // As Okta has it: all that was granted, which makes the token good for userinfo, too (okta-userinfo.ts).
    scp: [...new Set([...grantedOpenIdScopes(ctx), ...(token.scope?.split(' ') ?? [])])],
  };
}
