import { describe, expect, test } from '@jest/globals';
import { checkDeployment } from '../../../src/domain/configuration/check-deployment.js';
import type { TenantPlace } from '../../../src/domain/configuration/configuration-store.js';
import type { DesiredTenant } from '../../../src/domain/configuration/desired.js';
import { describeFault } from '../../../src/domain/configuration/fault.js';
import { planTenant } from '../../../src/domain/configuration/plan.js';
import { NO_SECRETS } from '../../../src/domain/configuration/rules.js';
import type { TenantId } from '../../../src/core/ids.js';
import { InForce } from './in-force.js';

type Wanted = Omit<DesiredTenant, 'path' | 'slug'>;

const LOOPBACK = { allowHttpLoopback: true };
const PUBLIC = { allowHttpLoopback: false };

function planOf(wanted: Wanted, rules = LOOPBACK, before?: InForce) {
  const desired = { path: 'tenants[0]', slug: 'acme', ...wanted };
  return planTenant(before?.configuration, desired, rules, before ?? NO_SECRETS);
}

const lines = (wanted: Wanted, rules = LOOPBACK, before?: InForce): readonly string[] =>
  planOf(wanted, rules, before).faults.map(describeFault);

const okta = { key: 'okta', issuer: 'https://acme.okta.com', clientId: '0oa1' };
const app = { clientId: 'app', redirectUris: ['https://a.example/cb'] };
const jwk = {
  kty: 'EC',
  crv: 'P-256',
  x: 'uCtf45_u_dpHj1xObsfsO4zOBR0dbhfJyvfRW90iYiI',
  y: 'Mkt4rO6JRGv9cQAZHG6UdSeFSmQofctnsMB-rSqwTDY',
};
const withApp = (members: object): Wanted => ({ applications: [{ ...app, ...members }] });

describe('a tenant as it is to be', () => {
  test.each<[line: string, wanted: Wanted]>([
    [
      'tenants[0].connections[0].issuer: is required in a new connection',
      { connections: [{ key: 'okta', clientId: 'x' }] },
    ],
    [
      'tenants[0].connections[0].clientId: is required in a new connection',
      { connections: [{ key: 'okta', issuer: 'https://a.okta.com' }] },
    ],
    [
      'tenants[0].connections[0].issuer: must be https',
      { connections: [{ ...okta, issuer: 'http://acme.okta.com' }] },
    ],
    [
      'tenants[0].connections[0].issuer: must be an address such as https://acme.okta.com',
      { connections: [{ ...okta, issuer: 'acme okta' }] },
    ],
    [
      'tenants[0].connections[0].issuer: must not hold credentials',
      { connections: [{ ...okta, issuer: 'https://a:b@acme.okta.com' }] },
    ],
    [
      'tenants[0].connections[0].issuer: must have no query and no fragment',
      { connections: [{ ...okta, type: 'oidc', issuer: 'https://id.example/?a=b' }] },
    ],
    [
      'tenants[0].connections[0].issuer: the authorization server must be given by its id, such as default or aus1example',
      { connections: [{ ...okta, issuer: { domain: 'acme.okta.com', authorizationServer: 'a/b' } }] },
    ],
    ["tenants[0].connections[1]: repeats entry 0 ('okta')", { connections: [okta, okta] }],
    [
      "tenants[0].connections[0].key: 'msp' has a meaning of its own",
      { connections: [{ ...okta, key: 'msp' }] },
    ],
    [
      "tenants[0].connections[0].key: 'chooser' has a meaning of its own",
      { connections: [{ ...okta, key: 'chooser' }] },
    ],
    [
      "tenants[0].connections[0].revalidateSeconds: needs 'offline_access' among the scopes",
      { connections: [{ ...okta, revalidateSeconds: 300 }] },
    ],
    ["tenants[0].signIn.default: 'okta' is no connection of the tenant", { signIn: { default: 'okta' } }],
    [
      "tenants[0].domains[1]: repeats entry 0 ('a.example')",
      { domains: [{ name: 'a.example' }, { name: 'A.example' }] },
    ],
    [
      'tenants[0].domains[0]: must be a domain such as acme.example, without a dot at its end',
      { domains: [{ name: 'acme' }] },
    ],
    [
      'tenants[0].domains[0]: must be a domain such as acme.example, without a dot at its end',
      { domains: [{ name: 'acme.example.' }] },
    ],
    [
      'tenants[0].domains[0]: must be a domain such as acme.example, without a dot at its end',
      { domains: [{ name: 'ann@acme.example' }] },
    ],
    [
      'tenants[0].domains[0]: must be a domain such as acme.example, without a dot at its end',
      { domains: [{ name: '10.0.0.1' }] },
    ],
    [
      "tenants[0].domains[0]: can't be verified: mail addresses there belong to everybody",
      { domains: [{ name: 'gmail.com', verified: true }] },
    ],
    [
      "tenants[0].domains[0]: can't be verified: domains of many organizations are below it",
      { domains: [{ name: 'co.uk', verified: true }] },
    ],
    [
      "tenants[0].domains[0].connection: 'okta' is no connection of the tenant",
      { domains: [{ name: 'a.example', connection: 'okta' }] },
    ],
    ["tenants[0].roles[1]: repeats entry 0 ('a')", { roles: [{ key: 'a' }, { key: 'a' }] }],
    [
      "tenants[0].roleMappings[0].role: 'a' is no role of the tenant, nor of the console",
      { roleMappings: [{ group: { name: 'G' }, role: 'a' }] },
    ],
    [
      "tenants[0].roleMappings[0].role: 'console:god' is no role of the tenant, nor of the console",
      { roleMappings: [{ group: { name: 'G' }, role: 'console:god' }] },
    ],
    [
      "tenants[0].roleMappings[0].application: 'x' is no application of the tenant",
      { roles: [{ key: 'a' }], roleMappings: [{ group: { name: 'G' }, role: 'a', application: 'x' }] },
    ],
    [
      "tenants[0].roleMappings[1]: repeats entry 0 ('name:G -> console:owner')",
      {
        roleMappings: [
          { group: { name: 'G' }, role: 'console:owner' },
          { group: { name: 'G' }, role: 'console:owner', application: null },
        ],
      },
    ],
    ["tenants[0].defaultRole: 'a' is no role of the tenant", { defaultRole: 'a' }],
    ["tenants[0].defaultRole: 'console:owner' is no role of the tenant", { defaultRole: 'console:owner' }],
    [
      "tenants[0].apis[1]: repeats entry 0 ('urn:a')",
      { apis: [{ identifier: 'urn:a' }, { identifier: 'urn:a' }] },
    ],
    [
      'tenants[0].apis: only one can be the default: urn:a, urn:b',
      {
        apis: [
          { identifier: 'urn:a', default: true },
          { identifier: 'urn:b', default: true },
        ],
      },
    ],
    [
      'tenants[0].apis[0].scopes: names a scope twice',
      { apis: [{ identifier: 'urn:a', scopes: [{ name: 'r' }, { name: 'r' }] }] },
    ],
    [
      "tenants[0].accessPolicies[0].api: 'urn:a' is no API of the tenant",
      { accessPolicies: [{ api: 'urn:a', clients: 'all', grants: [], scopes: [] }] },
    ],
    [
      "tenants[0].accessPolicies[0].scopes: 'r' is no scope of urn:a",
      {
        apis: [{ identifier: 'urn:a' }],
        accessPolicies: [{ api: 'urn:a', clients: 'all', grants: [], scopes: ['r'] }],
      },
    ],
    [
      "tenants[0].accessPolicies[0].clients: 'x' is no application of the tenant",
      {
        apis: [{ identifier: 'urn:a' }],
        accessPolicies: [{ api: 'urn:a', clients: ['x'], grants: [], scopes: [] }],
      },
    ],
    [
      "tenants[0].scimTokens[0].connection: 'x' is no connection of the tenant",
      { connections: [okta], scimTokens: [{ name: 's', connection: 'x' }] },
    ],
    [
      'tenants[0].scimTokens[0].connection: is required, because the tenant has 0 connections',
      { scimTokens: [{ name: 's' }] },
    ],
    [
      'tenants[0].scimTokens[0].connection: is required, because the tenant has 2 connections',
      { connections: [okta, { ...okta, key: 'b' }], scimTokens: [{ name: 's' }] },
    ],
    [
      "tenants[0].grants[0].roles: 'console:god' is no role of the console",
      { grants: [{ group: { name: 'T' }, customers: 'all', roles: ['console:god'] }] },
    ],
    [
      "tenants[0].grants[1]: repeats entry 0 ('name:T -> all')",
      {
        grants: [
          { group: { name: 'T' }, customers: 'all', roles: ['a'] },
          { group: { name: 'T' }, customers: 'all', roles: ['b'] },
        ],
      },
    ],
    ["tenants[0].applications[1]: repeats entry 0 ('app')", { applications: [app, app] }],
    [
      'tenants[0].applications[0].redirectUris: authorization_code needs at least one',
      { applications: [{ clientId: 'app' }] },
    ],
    [
      'tenants[0].applications[0].grantTypes: a service needs client_credentials',
      withApp({ type: 'service', grantTypes: ['refresh_token'], redirectUris: [] }),
    ],
    [
      'tenants[0].applications[0].grantTypes: a service signs nobody in: authorization_code is for the other types',
      withApp({ type: 'service', grantTypes: ['client_credentials', 'authorization_code'] }),
    ],
    [
      'tenants[0].applications[0].grantTypes: a service signs nobody in: device_code is for the other types',
      withApp({ type: 'service', grantTypes: ['client_credentials', 'device_code'], redirectUris: [] }),
    ],
    [
      'tenants[0].applications[0].tokenEndpointAuthMethod: client_credentials needs an application that proves itself',
      withApp({ type: 'spa', grantTypes: ['authorization_code', 'client_credentials'] }),
    ],
    [
      "tenants[0].applications[0].responseTypes: authorization_code needs 'code' or 'code id_token'",
      withApp({ responseTypes: ['id_token'] }),
    ],
    [
      "tenants[0].applications[0].responseTypes: 'code' needs the grant authorization_code",
      withApp({ grantTypes: ['device_code'], responseTypes: ['code'] }),
    ],
    [
      'tenants[0].applications[0].jwks: private_key_jwt needs jwks or jwksUri',
      withApp({ tokenEndpointAuthMethod: 'private_key_jwt' }),
    ],
    [
      'tenants[0].applications[0].jwksUri: give jwks or jwksUri, not both',
      withApp({ jwks: { keys: [jwk] }, jwksUri: 'https://a.example/jwks' }),
    ],
    [
      'tenants[0].applications[0].jwks.keys[0]: is a private or symmetric key: give the public one only, and replace this one',
      withApp({ jwks: { keys: [{ ...jwk, d: 'secret' }] } }),
    ],
    [
      'tenants[0].applications[0].jwks.keys[0]: is a private or symmetric key: give the public one only, and replace this one',
      withApp({ jwks: { keys: [{ kty: 'oct', k: 'secret' }] } }),
    ],
    [
      'tenants[0].applications[0].jwks.keys[0]: is no EC key that can be read (RFC 7518 section 6)',
      withApp({ jwks: { keys: [{ ...jwk, y: jwk.x }] } }),
    ],
    [
      'tenants[0].applications[0].jwks.keys[0].n: must have at least 2048 bits',
      withApp({ jwks: { keys: [{ kty: 'RSA', e: 'AQAB', n: 'u'.repeat(171) }] } }),
    ],
    [
      'tenants[0].applications[0].jwks.keys[1].kty: must be RSA, EC or OKP',
      withApp({ jwks: { keys: [jwk, { kty: 'XYZ' }] } }),
    ],
    ["tenants[0].applications[0].apis: 'urn:x' is no API of the tenant", withApp({ apis: ['urn:x'] })],
    [
      "tenants[0].applications[0].assignment.roles: 'x' is no role of the tenant",
      withApp({ assignment: { roles: ['x'] } }),
    ],
    [
      "tenants[0].applications[0].claims.roles: 'sub' is a claim with a meaning of its own",
      withApp({ claims: { roles: 'sub' } }),
    ],
    [
      "tenants[0].applications[0].claims.roles: 'groups' holds the groups here",
      withApp({ claims: { roles: 'groups', groups: true } }),
    ],
    [
      "tenants[0].applications[0].audience: a customer has no customers of its own: must be 'tenant'",
      { parent: 'msp', applications: [{ ...app, audience: 'tenant-and-customers' }] },
    ],
    [
      'tenants[0].applications[0].consent: what people of customers allow is not kept: must be false with this audience',
      withApp({ audience: 'tenant-and-customers', consent: true }),
    ],
    [
      'tenants[0].applications[0].allowedOrigins[0]: must be an origin, without a path: https://a.example',
      withApp({ allowedOrigins: ['https://a.example/'] }),
    ],
    [
      'tenants[0].applications[0].backchannelLogoutUri: must be https, or http to a loopback host',
      withApp({ backchannelLogoutUri: 'http://a.example/out' }),
    ],
    [
      'tenants[0].applications[0].frontchannelLogoutUri: must not have a fragment',
      withApp({ frontchannelLogoutUri: 'https://a.example/#x' }),
    ],
    [
      'tenants[0].applications[0].frontchannelLogoutUri: must have scheme, host and port of a redirect URI',
      withApp({ frontchannelLogoutUri: 'https://a.example:8443/out' }),
    ],
    [
      'tenants[0].applications[0].initiateLoginUri: must be https',
      withApp({ initiateLoginUri: 'ftp://a.example' }),
    ],
    [
      'tenants[0].applications[0].postLogoutRedirectUris[0]: must be an absolute address',
      withApp({ postLogoutRedirectUris: ['/bye'] }),
    ],
  ])('%s', (line, wanted) => {
    expect(lines(wanted)).toEqual([line]);
  });

  test.each<[what: string, wanted: Wanted]>([
    [
      'an operator’s file may map console roles',
      { roleMappings: [{ group: { name: 'G' }, role: 'console:owner' }] },
    ],
    ['a role claim may be named groups where groups are off', withApp({ claims: { roles: 'groups' } })],
    ['a tenant that is suspended', { status: 'suspended' }],
    ['a free-mail domain that isn’t verified', { domains: [{ name: 'gmail.com' }] }],
    ['a name beyond ASCII', { domains: [{ name: 'bücher.example', verified: true }] }],
    ['signIn.default: chooser', { signIn: { default: 'chooser' } }],
    [
      'a device without a redirect URI',
      { applications: [{ clientId: 'tv', type: 'native', grantTypes: ['device_code', 'refresh_token'] }] },
    ],
    ['hybrid where the admin says so', withApp({ responseTypes: ['code', 'code id_token'] })],
  ])('fine: %s', (_what, wanted) => {
    expect(lines(wanted)).toEqual([]);
  });

  test('the deployment’s own tenant is never suspended', () => {
    const system = { path: 'tenants[0]', slug: 'system' } as const;
    const faultsOf = (status: 'active' | 'suspended') =>
      planTenant(undefined, { ...system, status }, LOOPBACK, NO_SECRETS).faults.map(describeFault);
    expect(faultsOf('active')).toEqual([]);
    expect(faultsOf('suspended')).toEqual([
      "tenants[0].status: 'system' is the deployment's own tenant: it can't be suspended",
    ]);
  });

  test('an issuer is stored as it is meant, and an internationalized domain as DNS has it', () => {
    const { target } = planOf({
      connections: [{ ...okta, issuer: 'https://acme-admin.okta.com/.well-known/openid-configuration' }],
      domains: [{ name: 'Bücher.example' }],
    });
    expect(target.connections[0]?.issuer).toBe('https://acme.okta.com');
    expect(target.domains[0]?.name).toBe('xn--bcher-kva.example');
  });
});

describe('A-48 redirect URIs are exact addresses of the application', () => {
  test.each([
    ['http://a.example/cb', 'must be https, or http to a loopback host'],
    ['https://a.example/cb#x', 'must not have a fragment'],
    ['https://*.a.example/cb', "must not hold '\\' or '*': addresses are compared byte for byte"],
    ['https://a.example\\@evil.example', "must not hold '\\' or '*': addresses are compared byte for byte"],
    ['https://user:pw@a.example/cb', 'must not hold credentials'],
    ['javascript:alert(1)', 'must be https'],
    ['data:text/html,x', 'must be https'],
    ['/cb', 'must be an absolute address'],
    ['https://', 'must be an absolute address'],
    ['com.example.app:/cb', 'must be https'],
  ])('of a web application: %s', (uri, message) => {
    expect(lines(withApp({ redirectUris: [uri] }))).toEqual([
      `tenants[0].applications[0].redirectUris[0]: ${message}`,
    ]);
  });

  test.each([
    ['https://a.example/cb?x=1', []],
    ['http://localhost:5001/cb', []],
    ['http://app.localhost/cb', []],
    ['http://127.0.0.1/cb', []],
    ['http://[::1]:80/cb', []],
  ])('of a web application on loopback: %s', (uri, expected) => {
    expect(lines(withApp({ redirectUris: [uri] }))).toEqual(expected);
  });

  test('http to loopback is refused where Causeway is not on loopback', () => {
    expect(lines(withApp({ redirectUris: ['http://localhost/cb'] }), PUBLIC)).toEqual([
      'tenants[0].applications[0].redirectUris[0]: must be https',
    ]);
    expect(lines({ connections: [{ ...okta, issuer: 'http://localhost:4001' }] }, PUBLIC)).toEqual([
      'tenants[0].connections[0].issuer: must be https',
    ]);
    expect(lines({ connections: [{ ...okta, issuer: 'http://acme-okta.localhost:4001' }] })).toEqual([]);
  });

  const native =
    'must be https, http to a loopback host, or a scheme of its own such as com.example.app:/callback';
  test.each([
    ['com.example.app:/cb', []],
    ['com.example.app://cb', []],
    ['http://127.0.0.1/cb', []],
    ['http://localhost:3000/', []],
    ['https://a.example/cb', []],
    ['myapp:/cb', [native]],
    ['javascript:alert(1)', [native]],
    ['http://a.example/cb', [native]],
  ])('of a native application, anywhere: %s', (uri, expected) => {
    expect(lines(withApp({ type: 'native', redirectUris: [uri] }), PUBLIC)).toEqual(
      expected.map((message) => `tenants[0].applications[0].redirectUris[0]: ${message}`),
    );
  });
});

describe('what is in force and the file does not name', () => {
  const before = new InForce(
    planOf({
      connections: [okta],
      signIn: { default: 'okta' },
      domains: [{ name: 'a.example', connection: 'okta' }],
      roles: [{ key: 'admin' }],
      defaultRole: 'admin',
      apis: [{ identifier: 'urn:a', scopes: [{ name: 'r' }] }],
      accessPolicies: [{ api: 'urn:a', clients: ['app'], grants: [], scopes: ['r'] }],
      applications: [{ ...app, apis: ['urn:a'], assignment: { roles: ['admin'] } }],
    }).target,
  );

  test.each<[wanted: Wanted, expected: readonly string[]]>([
    [
      { connections: [] },
      [
        "tenants[0].signIn.default: 'okta' is no connection of the tenant",
        "tenants[0].domains['a.example'].connection: 'okta' is no connection of the tenant",
      ],
    ],
    [
      { roles: [] },
      [
        "tenants[0].defaultRole: 'admin' is no role of the tenant",
        "tenants[0].applications['app'].assignment.roles: 'admin' is no role of the tenant",
      ],
    ],
    [{ apis: [] }, ["tenants[0].applications['app'].apis: 'urn:a' is no API of the tenant"]],
    [
      { applications: [] },
      ["tenants[0].accessPolicies['urn:a: app by  for r'].clients: 'app' is no application of the tenant"],
    ],
    [
      { apis: [{ identifier: 'urn:a', scopes: [] }] },
      ["tenants[0].accessPolicies['urn:a: app by  for r'].scopes: 'r' is no scope of urn:a"],
    ],
  ])('%j', (wanted, expected) => {
    expect(lines(wanted, LOOPBACK, before)).toEqual(expected);
  });
});

const place = (slug: string, parentSlug: string | null, hasCustomers = false): TenantPlace => ({
  slug,
  id: slug as TenantId,
  parentSlug,
  hasCustomers,
});

describe('A-81, A-83 tenants to each other', () => {
  const places = [place('system', null), place('msp', null, true), place('kid', 'msp'), place('solo', null)];

  function faultsOf(...wanted: readonly Omit<DesiredTenant, 'path'>[]): readonly string[] {
    const tenants = wanted.map((tenant, index) => {
      const desired = { path: `tenants[${index}]`, ...tenant };
      return { desired, target: planTenant(undefined, desired, LOOPBACK, NO_SECRETS).target };
    });
    const verified = [{ name: 'taken.example', slug: 'solo' }];
    return checkDeployment({ tenants, places, verified }).map(describeFault);
  }

  test.each<[line: string, wanted: readonly Omit<DesiredTenant, 'path'>[]]>([
    ["tenants[0].slug: 'admin' is reserved", [{ slug: 'admin' }]],
    ["tenants[0].slug: 'api' is reserved", [{ slug: 'api' }]],
    ["tenants[0].slug: 'scim' is reserved", [{ slug: 'scim' }]],
    ["tenants[1].slug: 'new' stands in the file twice (tenants[0])", [{ slug: 'new' }, { slug: 'new' }]],
    ["tenants[0].parent: there is no tenant 'nobody'", [{ slug: 'new', parent: 'nobody' }]],
    [
      "tenants[0].parent: 'kid' is a customer itself: only a tenant directly below 'system' has customers",
      [{ slug: 'new', parent: 'kid' }],
    ],
    ['tenants[0].parent: a tenant is not its own parent', [{ slug: 'solo', parent: 'solo' }]],
    ["tenants[0].parent: 'msp' has customers: it can't become one", [{ slug: 'msp', parent: 'solo' }]],
    [
      "tenants[0].parent: must be null for a tenant directly below 'system'",
      [{ slug: 'new', parent: 'system' }],
    ],
    ["tenants[0].parent: 'system' is the parent of all", [{ slug: 'system', parent: 'msp' }]],
    [
      'tenants[0].grants: a customer has no customers to grant access to',
      [{ slug: 'kid', parent: 'msp', grants: [{ group: { name: 'T' }, customers: 'all', roles: ['a'] }] }],
    ],
    [
      "tenants[0].grants[0].customers: 'solo' is no customer of 'msp'",
      [{ slug: 'msp', grants: [{ group: { name: 'T' }, customers: ['kid', 'solo'], roles: ['a'] }] }],
    ],
    [
      'tenants[0].domains[0]: is verified for another tenant',
      [{ slug: 'new', domains: [{ name: 'taken.example', verified: true }] }],
    ],
    [
      "tenants[1].domains[0]: is verified for tenant 'one'",
      [
        { slug: 'one', domains: [{ name: 'x.example', verified: true }] },
        { slug: 'two', domains: [{ name: 'X.example', verified: true }] },
      ],
    ],
  ])('%s', (line, wanted) => {
    expect(faultsOf(...wanted)).toEqual([line]);
  });

  test('two that would be each other’s parent', () => {
    expect(faultsOf({ slug: 'one', parent: 'two' }, { slug: 'two', parent: 'one' })).toHaveLength(2);
  });

  test('an MSP with its customers in one file, in any order; the deployment’s own tenant', () => {
    const grants = [{ group: { name: 'T' }, customers: ['c1'], roles: ['console:technician'] }];
    expect(faultsOf({ slug: 'c1', parent: 'new' }, { slug: 'new', grants }, { slug: 'system' })).toEqual([]);
  });

  test('a domain may be claimed by several until one has it verified', () => {
    expect(faultsOf({ slug: 'new', domains: [{ name: 'taken.example' }] })).toEqual([]);
  });
});
