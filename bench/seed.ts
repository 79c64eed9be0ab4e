import { API, MAIL_DOMAIN, SERVICE, UPSTREAM_CLIENT, WEB } from './parties.js';

export const TENANT = 'bench';

/** The tenant that is measured, as a file for `causeway apply`. */
export function seed(upstream: string): object {
  return {
    tenants: [
      {
        slug: TENANT,
        name: 'Bench',
        domains: [{ name: MAIL_DOMAIN, verified: true }],
        connections: [
          {
            key: 'okta',
            type: 'okta',
            name: 'Mock upstream',
            issuer: upstream,
            clientId: UPSTREAM_CLIENT.clientId,
            clientAuth: 'client_secret_post',
            clientSecret: { value: UPSTREAM_CLIENT.clientSecret },
          },
        ],
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
          {
            clientId: WEB.clientId,
            name: 'Web application',
            type: 'web',
            redirectUris: [WEB.redirectUri],
            grantTypes: ['authorization_code', 'refresh_token'],
            clientSecret: { value: WEB.clientSecret },
            claims: { roles: 'roles', groups: true },
          },
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
