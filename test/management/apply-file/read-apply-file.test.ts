import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readApplyFile } from '../../../src/management/apply-file/read-apply-file.js';

const none = (): undefined => undefined;

/** The faults of a text, a line each. */
function linesOf(text: string, variable: (name: string) => string | undefined = none): readonly string[] {
  return (readApplyFile(text, variable).faults ?? []).map(({ path, message }) => `${path}: ${message}`);
}

/** The first tenant of a text without faults. */
function tenantOf(text: string, variable: (name: string) => string | undefined = none) {
  const read = readApplyFile(text, variable);
  expect(read.faults ?? []).toEqual([]);
  return read.tenants?.[0];
}

const tenant = (members: string): string => `tenants: [{ slug: acme, ${members} }]`;
const connection = (members: string): string => tenant(`connections: [{ key: okta, ${members} }]`);
const extension = (members: string): string =>
  tenant(
    `scimExtensions: [{ schema: "urn:acme:User", name: Acme, ${members}${members.startsWith('attributes') ? '' : ', attributes: [{ name: a }]'} }]`,
  );
const application = (members: string): string => tenant(`applications: [{ clientId: app, ${members} }]`);

describe('a fault is one line that begins with where it is', () => {
  test.each<[file: string, line: string]>([
    ['', 'file: is empty: it must hold { tenants: […] }'],
    ['# nothing', 'file: is empty: it must hold { tenants: […] }'],
    ['[]', 'file: must be a mapping'],
    ['{}', 'tenants: is required'],
    ['tenants: []', 'tenants: must have at least 1 entry'],
    ['tenants: [{}]', 'tenants[0].slug: is required'],
    ['tenants: [{ slug: acme }]\nversion: 1', 'version: is not known here'],
    ['tenants: [{ slug: acme, nmae: x }]', 'tenants[0].nmae: is not known here'],
    ['tenants: [{ slug: acme, __proto__: { a: 1 } }]', 'tenants[0].__proto__: is not known here'],
    [
      'tenants: [{ slug: acme, name: }]',
      'tenants[0].name: must be a text of 1 to 200 characters without control characters',
    ],
    [
      'tenants: [{ slug: acme, name: "a\\tb" }]',
      'tenants[0].name: must be a text of 1 to 200 characters without control characters',
    ],
    [tenant('parent: 5'), 'tenants[0].parent: must be the slug of an MSP, or null'],
    [
      tenant('domains: [5]'),
      'tenants[0].domains[0]: must be a mail domain, or { name, verified, connection }',
    ],
    [
      tenant('domains: [{ name: a.b, verified: yes please }]'),
      'tenants[0].domains[0].verified: must be true or false',
    ],
    [tenant('signIn: { local: maybe }'), 'tenants[0].signIn.local: must be enabled, break-glass or disabled'],
    [tenant('signIn: chooser'), 'tenants[0].signIn: must be a mapping'],
    [tenant('status: closed'), 'tenants[0].status: must be active or suspended'],
    [tenant('whenNoRole: ask'), 'tenants[0].whenNoRole: must be allow or deny'],
    [tenant('roleMappingMode: one'), 'tenants[0].roleMappingMode: must be many-to-many or one-to-one'],
    [
      tenant('defaultRole: console:owner'),
      "tenants[0].defaultRole: must be a role key: lower-case letters, digits, '.', '_' and '-', at most 64 ('console:' roles are built in)",
    ],
    [
      tenant('roles: [{ key: console:owner }]'),
      "tenants[0].roles[0].key: must be a role key: lower-case letters, digits, '.', '_' and '-', at most 64 ('console:' roles are built in)",
    ],
    [tenant('roles: [{ name: Admin }]'), 'tenants[0].roles[0].key: is required'],
    [tenant('roleMappings: [{ role: a }]'), 'tenants[0].roleMappings[0].group: is required'],
    [
      tenant('roleMappings: [{ group: { name: A, scim: B }, role: a }]'),
      'tenants[0].roleMappings[0].group: must be one of { name }, { scim }, { upstream }',
    ],
    [
      tenant('roleMappings: [{ group: { scim: 1-2 }, role: a }]'),
      'tenants[0].roleMappings[0].group.scim: must be the id of a SCIM group: a UUID in lower case',
    ],
    [
      tenant('roleMappings: [{ group: { name: A }, role: Admin }]'),
      "tenants[0].roleMappings[0].role: must be a role key, or a built-in 'console:' role",
    ],
    [
      tenant('apis: [{ identifier: "a b" }]'),
      'tenants[0].apis[0].identifier: must be an audience: printable ASCII without spaces',
    ],
    [
      tenant('apis: [{ identifier: a, scopes: [{ name: "a\\"b" }] }]'),
      'tenants[0].apis[0].scopes[0].name: must be a scope: printable ASCII without spaces, quotes and backslashes (RFC 6749 section 3.3)',
    ],
    [
      tenant('apis: [{ identifier: a, accessTokenSeconds: 0 }]'),
      'tenants[0].apis[0].accessTokenSeconds: must be at least 1',
    ],
    [
      tenant('apis: [{ identifier: a, accessTokenSeconds: 1.5 }]'),
      'tenants[0].apis[0].accessTokenSeconds: must be a whole number',
    ],
    [
      tenant('apis: [{ identifier: a, tokenFormat: jwe }]'),
      'tenants[0].apis[0].tokenFormat: must be jwt or opaque',
    ],
    [
      tenant('accessPolicies: [{ api: a, clients: some, grants: [], scopes: [] }]'),
      "tenants[0].accessPolicies[0].clients: must be 'all', or a list of clientIds",
    ],
    [
      tenant('accessPolicies: [{ api: a, clients: all, grants: [password], scopes: [] }]'),
      'tenants[0].accessPolicies[0].grants[0]: must be authorization_code, refresh_token, client_credentials, device_code or token_exchange',
    ],
    [
      tenant('accessPolicies: [{ api: a, clients: all, scopes: [] }]'),
      'tenants[0].accessPolicies[0].grants: is required',
    ],
    [tenant('scimTokens: [{ connection: okta }]'), 'tenants[0].scimTokens[0].name: is required'],
    [
      tenant('scimTokens: [{ name: okta, expiresAt: 2026-12-31 }]'),
      'tenants[0].scimTokens[0].expiresAt: must be a time with its zone such as 2026-12-31T23:59:59Z (RFC 3339)',
    ],
    [
      tenant('scimTokens: [{ name: okta, expiresAt: "2026-02-29T00:00:00Z" }]'),
      'tenants[0].scimTokens[0].expiresAt: is no time that exists',
    ],
    [
      tenant('scimTokens: [{ name: okta, expiresAt: "2026-12-31T25:00:00Z" }]'),
      'tenants[0].scimTokens[0].expiresAt: is no time that exists',
    ],
    [extension('resource: Role'), 'tenants[0].scimExtensions[0].resource: must be User or Group'],
    [extension('mutability: readOnly'), 'tenants[0].scimExtensions[0].mutability: is not known here'],
    [
      extension('attributes: [{ name: a, type: text }]'),
      'tenants[0].scimExtensions[0].attributes[0].type: must be string, boolean, decimal, integer, dateTime, binary, reference or complex',
    ],
    [
      extension('attributes: [{ name: a, returned: never }]'),
      'tenants[0].scimExtensions[0].attributes[0].returned: must be always, default or request',
    ],
    [
      extension('attributes: [{ name: a, type: complex, subAttributes: [{ name: b, multiValued: true }] }]'),
      'tenants[0].scimExtensions[0].attributes[0].subAttributes[0].multiValued: is not known here',
    ],
    [extension('attributes: []'), 'tenants[0].scimExtensions[0].attributes: must have at least 1 entry'],
    [
      tenant('grants: [{ group: { name: T }, customers: none, roles: [a] }]'),
      "tenants[0].grants[0].customers: must be 'all', or a list of slugs",
    ],
    [
      tenant('grants: [{ group: { name: T }, customers: all, roles: [] }]'),
      'tenants[0].grants[0].roles: must have at least 1 entry',
    ],
    [connection('type: saml'), 'tenants[0].connections[0].type: must be okta or oidc'],
    [
      connection('issuer: []'),
      'tenants[0].connections[0].issuer: must be an address, or { domain, authorizationServer }',
    ],
    [
      connection('issuer: { domain: a.okta.com, server: default }'),
      'tenants[0].connections[0].issuer.server: is not known here',
    ],
    [
      connection('clientAuth: none'),
      'tenants[0].connections[0].clientAuth: must be client_secret_post, client_secret_basic or private_key_jwt',
    ],
    [
      connection('clientSecret: abcdefghijklmnopqrst'),
      'tenants[0].connections[0].clientSecret: must be { env: NAME }, { value: … } or null',
    ],
    [
      connection('clientSecret: { value: short }'),
      'tenants[0].connections[0].clientSecret.value: must be 16 to 512 printable ASCII characters',
    ],
    [
      connection('clientSecret: { value: "äääääääääääääääääää" }'),
      'tenants[0].connections[0].clientSecret.value: must be 16 to 512 printable ASCII characters',
    ],
    [
      connection('clientSecret: { env: "A-B" }'),
      'tenants[0].connections[0].clientSecret.env: must be the name of an environment variable',
    ],
    [
      connection('secondarySecret: { env: MISSING }'),
      'tenants[0].connections[0].secondarySecret.env: the environment variable MISSING is not set',
    ],
    [
      connection('groupsFrom: [id_token, id_token]'),
      'tenants[0].connections[0].groupsFrom: must not name anything twice',
    ],
    [connection('groupSource: ldap'), 'tenants[0].connections[0].groupSource: must be auto, token or scim'],
    [
      connection('join: { attribute: email }'),
      'tenants[0].connections[0].join.attribute: must be externalId',
    ],
    [
      connection('provisioning: true'),
      'tenants[0].connections[0].provisioning: must be off, create or create-and-update',
    ],
    [connection('revalidateSeconds: 0'), 'tenants[0].connections[0].revalidateSeconds: must be at least 1'],
    [
      connection('revalidateGraceSeconds: -1'),
      'tenants[0].connections[0].revalidateGraceSeconds: must be at least 0',
    ],
    [
      connection('status: live'),
      'tenants[0].connections[0].status: must be draft, enabled, enforced or disabled',
    ],
    [
      connection('scopes: ["open id"]'),
      'tenants[0].connections[0].scopes[0]: must be a scope: printable ASCII without spaces, quotes and backslashes (RFC 6749 section 3.3)',
    ],
    [
      tenant('connections: [{ key: Okta }]'),
      'tenants[0].connections[0].key: must be a connection key: 1 to 64 lower-case letters, digits, hyphens and underscores',
    ],
    [
      tenant('applications: [{ clientId: "a b" }]'),
      "tenants[0].applications[0].clientId: must be a clientId: 1 to 64 letters, digits, '.', '_', '~' and '-'",
    ],
    [application('type: desktop'), 'tenants[0].applications[0].type: must be web, spa, native or service'],
    [
      application('redirectUris: ["https://a b"]'),
      'tenants[0].applications[0].redirectUris[0]: must be an address: printable ASCII without spaces, at most 2,048 characters',
    ],
    [application('redirectUris: https://a'), 'tenants[0].applications[0].redirectUris: must be a list'],
    [
      application('grantTypes: [password]'),
      'tenants[0].applications[0].grantTypes[0]: must be authorization_code, refresh_token, client_credentials, device_code or token_exchange',
    ],
    [
      application('responseTypes: [token]'),
      'tenants[0].applications[0].responseTypes[0]: must be code, id_token or code id_token',
    ],
    [
      application('idTokenAlg: HS256'),
      'tenants[0].applications[0].idTokenAlg: must be RS256, ES256 or EdDSA',
    ],
    [application('jwks: { keys: [] }'), 'tenants[0].applications[0].jwks.keys: must have at least 1 entry'],
    [
      application('refresh: { leewaySeconds: 61 }'),
      'tenants[0].applications[0].refresh.leewaySeconds: must be at most 60',
    ],
    [
      application('assignment: nobody'),
      "tenants[0].applications[0].assignment: must be 'everyone', or { groups, roles }",
    ],
    [
      application('assignment: { users: [a] }'),
      'tenants[0].applications[0].assignment.users: is not known here',
    ],
    [
      application('claims: { roles: true }'),
      'tenants[0].applications[0].claims.roles: must be the name of a claim, or false',
    ],
    [
      application('claims: { groups: { prefix: 5 } }'),
      'tenants[0].applications[0].claims.groups.prefix: must be a text of 1 to 1,000 characters without control characters',
    ],
    [
      application('audience: everybody'),
      'tenants[0].applications[0].audience: must be tenant or tenant-and-customers',
    ],
    ['tenants: [{ slug: acme, slug: acme }]', 'line 1: Map keys must be unique'],
    [
      'tenants:\n  - slug: acme\n    connections: [',
      'line 3: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    [
      'tenants: [{ slug: acme }]\n---\ntenants: [{ slug: 5 }]',
      'document 2: tenants[0].slug: must be a slug: 2 to 40 lower-case letters, digits and hyphens, with a letter or digit at both ends (no underscore: Okta refuses it)',
    ],
  ])('%s', (file, line) => {
    expect(linesOf(file)).toEqual([line]);
  });

  test.each(['a', 'A', 'Acme', 'ac_me', '-a', 'a-', 'a.b', 'a'.repeat(41), 'ä'])(
    'slug %s is none',
    (slug) => {
      expect(linesOf(`tenants: [{ slug: "${slug}" }]`)[0]).toMatch(/^tenants\[0\]\.slug: must be a slug/);
    },
  );

  test('all of them are told at once', () => {
    const text = 'tenants: [{ slug: A, name: 5 }, { slug: b2, roles: [{}], grants: 1 }]';
    expect(linesOf(text)).toHaveLength(4);
  });
});

describe('what a file may be', () => {
  test('YAML, JSON, and several documents together', () => {
    const text = 'tenants: [{ slug: one }]\n---\n{"tenants": [{"slug": "two"}, {"slug": "three"}]}\n---\n';
    const read = readApplyFile(text, none);
    expect(read.tenants?.map(({ slug, path }) => [slug, path])).toEqual([
      ['one', 'document 1: tenants[0]'],
      ['two', 'document 2: tenants[0]'],
      ['three', 'document 2: tenants[1]'],
    ]);
  });

  test('secrets by name and written out; a null takes one away', () => {
    const secret = 'from-the-environment';
    const read = tenantOf(connection('clientSecret: { env: ACME }, secondarySecret: null'), (name) =>
      name === 'ACME' ? secret : undefined,
    );
    expect(read?.connections?.[0]).toMatchObject({ clientSecret: secret, secondarySecret: null });
    expect(
      tenantOf(tenant('scimTokens: [{ name: okta, token: { value: "0123456789abcdef" } }]'))?.scimTokens,
    ).toEqual([{ name: 'okta', token: '0123456789abcdef' }]);
  });

  test('a token’s end is an instant, null for none, and absent when it is not said', () => {
    const read = tenantOf(
      tenant(
        'scimTokens: [{ name: a, expiresAt: 2026-12-31T23:59:59+01:00 }, { name: b, expiresAt: null }, { name: c }]',
      ),
    );
    expect(read?.scimTokens).toEqual([
      { name: 'a', expiresAt: new Date('2026-12-31T22:59:59Z') },
      { name: 'b', expiresAt: null },
      { name: 'c' },
    ]);
  });

  test('a variable with a fault is named, its value never', () => {
    const lines = linesOf(connection('clientSecret: { env: ACME }'), () => 'hush\nhush');
    expect(lines).toEqual([
      'tenants[0].connections[0].clientSecret.env: the environment variable ACME must hold 16 to 512 printable ASCII characters',
    ]);
  });

  test('a domain may be a name alone; what is absent stays absent', () => {
    expect(tenantOf(tenant('domains: [acme.example, { name: b.example, verified: true }]'))).toEqual({
      path: 'tenants[0]',
      slug: 'acme',
      domains: [{ name: 'acme.example' }, { name: 'b.example', verified: true }],
    });
  });

  test('aliases that would make it huge are refused', () => {
    const bomb = ['a: &a [1, 1, 1, 1, 1, 1, 1, 1]']
      .concat(
        Array.from({ length: 8 }, (_, index) => {
          const name = String.fromCharCode(97 + index);
          return `${String.fromCharCode(98 + index)}: &${String.fromCharCode(98 + index)} [${Array(9).fill(`*${name}`).join(', ')}]`;
        }),
      )
      .join('\n');
    expect(linesOf(bomb)[0]).toMatch(/alias/i);
  });

  test('no text makes it throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const read = readApplyFile(text, none);
        expect((read.faults?.length ?? 0) + (read.tenants?.length ?? 0)).toBeGreaterThan(0);
      }),
    );
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(linesOf(text).length).toBeGreaterThan(0);
      }),
    );
  });
});
