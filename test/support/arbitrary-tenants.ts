import fc from 'fast-check';
import type { DesiredTenant } from '../../src/domain/configuration/desired.js';

/** Documents that say everything, so that nothing of what was there before stays. */

const secret = fc.constantFrom('first-secret-of-16', 'second-secret-of-16');
const someOf = <T>(...items: readonly T[]): fc.Arbitrary<T[]> => fc.subarray([...items]);

const connection = (key: string) =>
  fc.record({
    key: fc.constant(key),
    type: fc.constantFrom('okta' as const, 'oidc' as const),
    name: fc.constantFrom('One', 'Two'),
    issuer: fc.constantFrom('https://one.okta.com', 'https://two.okta.com'),
    clientId: fc.constantFrom('0oa1', '0oa2'),
    clientAuth: fc.constantFrom('client_secret_post' as const, 'private_key_jwt' as const),
    clientSecret: fc.option(secret),
    secondarySecret: fc.option(secret),
    scopes: someOf('openid', 'email', 'groups').map((scopes) => [...scopes, 'offline_access']),
    groupsClaim: fc.constantFrom('groups', 'roles'),
    groupsFrom: someOf('id_token' as const, 'userinfo' as const),
    groupSource: fc.constantFrom('auto' as const, 'token' as const, 'scim' as const),
    join: fc.constant({ claim: 'sub', attribute: 'externalId' as const }),
    acrValues: someOf('urn:a'),
    federationBrokerMode: fc.boolean(),
    provisioning: fc.constantFrom('off' as const, 'create' as const),
    revalidateSeconds: fc.option(fc.integer({ min: 1, max: 600 })),
    revalidateGraceSeconds: fc.integer({ min: 0, max: 600 }),
    forwardLogout: fc.boolean(),
    status: fc.constantFrom('draft' as const, 'enabled' as const, 'enforced' as const, 'disabled' as const),
  });

const application = (
  clientId: string,
  known: { readonly apis: readonly string[]; readonly roles: readonly string[] },
) =>
  fc.record({
    clientId: fc.constant(clientId),
    name: fc.constantFrom('App', 'Application'),
    type: fc.constantFrom('web' as const, 'spa' as const),
    redirectUris: fc.constantFrom(['https://a.example/cb'], ['https://a.example/cb', 'https://b.example/cb']),
    postLogoutRedirectUris: fc.constantFrom([], ['https://a.example/']),
    backchannelLogoutUri: fc.option(fc.constant('https://a.example/logout')),
    frontchannelLogoutUri: fc.constant(null),
    initiateLoginUri: fc.option(fc.constant('https://a.example/login')),
    deviceWebhookUri: fc.constant(null),
    allowedOrigins: fc.constantFrom([], ['https://a.example']),
    grantTypes: fc.constantFrom(
      ['authorization_code' as const],
      ['authorization_code' as const, 'refresh_token' as const],
    ),
    responseTypes: fc.constant(['code' as const]),
    tokenEndpointAuthMethod: fc.constantFrom('client_secret_basic' as const, 'none' as const),
    clientSecret: secret,
    secondarySecret: fc.option(fc.constantFrom('third-secret-of-16', 'fourth-secret-of-16')),
    jwks: fc.constant(null),
    jwksUri: fc.constant(null),
    idTokenAlg: fc.constantFrom('RS256' as const, 'ES256' as const),
    profile: fc.constant('default' as const),
    dpop: fc.constantFrom('optional' as const, 'required' as const),
    requirePushedRequests: fc.boolean(),
    signedResponses: fc.boolean(),
    refresh: fc.record({
      idleSeconds: fc.constantFrom(60, 3600),
      absoluteSeconds: fc.constant(86_400),
      leewaySeconds: fc.integer({ min: 0, max: 60 }),
    }),
    apis: fc.subarray([...known.apis]),
    consent: fc.boolean(),
    audience: fc.constant('tenant' as const),
    assignment: fc.oneof(
      fc.constant('everyone' as const),
      fc.record({ groups: someOf('Eng', 'Ops'), roles: fc.subarray([...known.roles]) }),
    ),
    claims: fc.record({
      roles: fc.constantFrom('roles', 'permissions', false as const),
      groups: fc.oneof(fc.boolean(), fc.constant({ prefix: 'acme-' })),
    }),
  });

const SCOPES = ['read', 'write'];

const badge = { schema: 'urn:acme:scim:User', name: 'Acme', attributes: [{ name: 'badge' }] };
const EXTENSIONS = [
  [],
  [badge],
  [{ ...badge, attributes: [{ name: 'badge', caseExact: true }] }],
  [badge, { ...badge, schema: 'urn:acme:scim:Group', resource: 'Group' as const }],
];

/** A tenant's whole configuration without faults. */
export function arbitraryTenant(slug: string): fc.Arbitrary<DesiredTenant> {
  const names = fc.record({
    connections: someOf('okta', 'entra', 'third'),
    roles: someOf('admin', 'viewer', 'ops'),
    apis: someOf('https://one.example', 'urn:two'),
    applications: someOf('grafana', 'wiki', 'shop'),
  });
  return names
    .chain(({ connections, roles, apis, applications }) =>
      fc.record({
        path: fc.constant('tenants[0]'),
        slug: fc.constant(slug),
        name: fc.constantFrom('Acme', 'Acme Inc.'),
        status: fc.constantFrom('active' as const, 'suspended' as const),
        parent: fc.constant(null),
        domains: fc.uniqueArray(
          fc.record({
            name: fc.constantFrom(`${slug}.example`, `${slug}.test`),
            verified: fc.boolean(),
            connection: fc.constantFrom(null, ...connections),
          }),
          { selector: (domain) => domain.name },
        ),
        signIn: fc.record({
          default: fc.constantFrom(null, 'chooser', ...connections),
          local: fc.constantFrom('enabled' as const, 'break-glass' as const, 'disabled' as const),
        }),
        connections: fc.tuple(...connections.map(connection)),
        roles: fc.tuple(
          ...roles.map((key) => fc.record({ key: fc.constant(key), name: fc.constantFrom('Role', key) })),
        ),
        roleMappings:
          roles.length === 0
            ? fc.constant([])
            : fc.uniqueArray(
                fc.record({
                  group: fc.constantFrom({ name: 'Eng' }, { name: 'Ops' }, { upstream: '00g1' }),
                  role: fc.constantFrom(...roles),
                  application: fc.constantFrom(null, ...applications),
                }),
                { selector: (mapping) => JSON.stringify(mapping), maxLength: 6 },
              ),
        roleMappingMode: fc.constantFrom('many-to-many' as const, 'one-to-one' as const),
        scimExtensions: fc.constantFrom(...EXTENSIONS),
        defaultRole: fc.constantFrom(null, ...roles),
        whenNoRole: fc.constantFrom('allow' as const, 'deny' as const),
        apis: fc.nat({ max: 2 }).chain((defaultIndex) =>
          fc.tuple(
            ...apis.map((identifier, index) =>
              fc.record({
                identifier: fc.constant(identifier),
                scopes: fc.tuple(
                  ...SCOPES.map((name) => fc.record({ name: fc.constant(name), default: fc.boolean() })),
                ),
                tokenFormat: fc.constantFrom('jwt' as const, 'opaque' as const),
                default: fc.constant(index === defaultIndex),
                accessTokenSeconds: fc.constantFrom(60, 300),
                profile: fc.constantFrom('rfc9068' as const, 'okta' as const),
              }),
            ),
          ),
        ),
        accessPolicies:
          apis.length === 0
            ? fc.constant([])
            : fc.uniqueArray(
                fc.record({
                  api: fc.constantFrom(...apis),
                  clients: fc.oneof(fc.constant('all' as const), fc.subarray(applications)),
                  grants: someOf('client_credentials', 'authorization_code'),
                  scopes: fc.subarray(SCOPES),
                }),
                { selector: (policy) => JSON.stringify(policy), maxLength: 4 },
              ),
        applications: fc.tuple(...applications.map((clientId) => application(clientId, { apis, roles }))),
        scimTokens:
          connections.length === 0
            ? fc.constant([])
            : fc.uniqueArray(
                fc.record({
                  name: fc.constantFrom('one', 'two'),
                  connection: fc.constantFrom(...connections),
                  token: fc.constant(''),
                  expiresAt: fc.constantFrom(null, new Date('2040-01-31T12:00:00.5Z')),
                }),
                { selector: (token) => token.name },
              ),
        grants: fc.uniqueArray(
          fc.record({
            group: fc.constantFrom({ name: 'Technicians' }, { upstream: '00g9' }),
            customers: fc.constant('all' as const),
            roles: fc.constantFrom(['console:technician'], ['console:technician', 'admin']),
          }),
          { selector: (grant) => JSON.stringify(grant.group) },
        ),
      }),
    )
    .map(withTokens)
    .map(withOneMapping);
}

/** One-to-one is without faults where there is little to map. */
function withOneMapping(tenant: DesiredTenant): DesiredTenant {
  const { roleMappingMode, roleMappings = [] } = tenant;
  return roleMappingMode === 'one-to-one'
    ? { ...tenant, roleMappings: roleMappings.slice(0, 1) }
    : { ...tenant, roleMappings };
}

/** Two tokens of a tenant differ. */
function withTokens(tenant: DesiredTenant): DesiredTenant {
  const scimTokens =
    tenant.scimTokens?.map((token) => ({ ...token, token: `token-of-${token.name}-123456` })) ?? [];
  return { ...tenant, scimTokens };
}
