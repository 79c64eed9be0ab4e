import type { ScimTenant } from './scim/tenants.js';
import { API, LEAVERS_DOMAIN, MAIL_DOMAIN, SERVICE, UPSTREAM_CLIENT, WEB } from './parties.js';

export const TENANT = 'bench';

/** The tenants that are measured, as a file for `causeway apply`: that of the logins, and those that SCIM pushes to. */
export function seed(upstream: string, scimTenants: readonly ScimTenant[]): object {
  return {
    tenants: [
      ...scimTenants.map((tenant) => scimSeed(tenant, upstream)),
      {
        slug: TENANT,
        name: 'Bench',
        domains: [{ name: MAIL_DOMAIN, verified: true }],
        connections: [connection(upstream)],
        roles: [{ key: 'engineer', name: 'Engineer' }],
        roleMappings: [{ group: { name: 'Engineering' }, role: 'engineer' }],
        apis: [
          { identifier: API.jwt, scopes: [{ name: API.scope }], tokenFormat: 'jwt' },
          { identifier: API.opaque, scopes: [{ name: API.scope }], tokenFormat: 'opaque' },
        ],
        accessPolicies: [API.jwt, API.opaque].map((api) => ({
          api,
          clients: 'all',
          grants: ['client_credentials'],
          scopes: [API.scope],
        })),
        applications: [
          { ...webApplication(), claims: { roles: 'roles', groups: true } },
          {
            clientId: SERVICE.clientId,
            name: 'Service',
            type: 'service',
            grantTypes: ['client_credentials'],
            clientSecret: { value: SERVICE.clientSecret },
            apis: [API.jwt, API.opaque],
          },
        ],
      },
    ],
  };
}

function scimSeed({ slug, tokens, signsIn }: ScimTenant, upstream: string): object {
  return {
    slug,
    name: slug,
    connections: [connection(upstream)],
    scimTokens: tokens.map((token, index) => ({ name: `push-${index}`, token: { value: token } })),
    ...(signsIn
      ? {
          domains: [{ name: LEAVERS_DOMAIN, verified: true }],
          applications: [{ ...webApplication(), backchannelLogoutUri: `${upstream}/logout` }],
        }
      : {}),
  };
}

const connection = (upstream: string): object => ({
  key: 'okta',
  type: 'okta',
  name: 'Mock upstream',
  issuer: upstream,
  clientId: UPSTREAM_CLIENT.clientId,
  clientAuth: 'client_secret_post',
  clientSecret: { value: UPSTREAM_CLIENT.clientSecret },
});

const webApplication = (): object => ({
  clientId: WEB.clientId,
  name: 'Web application',
  type: 'web',
  redirectUris: [WEB.redirectUri],
  grantTypes: ['authorization_code', 'refresh_token'],
  clientSecret: { value: WEB.clientSecret },
});
