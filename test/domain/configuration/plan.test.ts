import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DesiredTenant } from '../../../src/domain/configuration/desired.js';
import { planTenant, type TenantPlan } from '../../../src/domain/configuration/plan.js';
import { NO_SECRETS } from '../../../src/domain/configuration/rules.js';
import { arbitraryTenant } from '../../support/arbitrary-tenants.js';
import { InForce } from './in-force.js';

const RULES = { allowHttpLoopback: true };

type Wanted = Omit<DesiredTenant, 'path'>;

function plan(wanted: Wanted, before?: InForce): TenantPlan {
  return planTenant(before?.configuration, { path: 'tenants[0]', ...wanted }, RULES, before ?? NO_SECRETS);
}

/** The tenant after the files were applied one after the other; each must be without faults. */
function after(...files: readonly Wanted[]): InForce {
  let state: InForce | undefined;
  for (const file of files) {
    const { target, faults } = plan(file, state);
    expect(faults).toEqual([]);
    state = new InForce(target, state);
  }
  if (state === undefined) throw new TypeError('give a file');
  return state;
}

/** What the plan does, short: `update connection okta: clientId`. */
function steps(wanted: Wanted, before?: InForce): readonly string[] {
  const { changes, faults } = plan(wanted, before);
  expect(faults).toEqual([]);
  return changes.map(({ action, kind, key, changes: members }) =>
    `${action} ${kind} ${key}: ${members.join(',')}`.replace(/: $/, ''),
  );
}

const okta = { key: 'okta', issuer: 'https://acme.okta.com', clientId: '0oa1' };
const app = { clientId: 'app', redirectUris: ['https://a.example/cb'] };

/** The end of the one secret that a rotation has replaced. */
const endOfTheOld = (clientId: string, value: string): Date | undefined =>
  clientId === 'app' && value === 'old-old-old-old-old' ? new Date('2026-12-01T00:00:00Z') : undefined;

describe('defaults of what is new', () => {
  test('a connection', () => {
    const { target } = plan({ slug: 'acme', connections: [okta] });
    expect(target.connections).toEqual([
      {
        key: 'okta',
        type: 'okta',
        name: 'okta',
        issuer: 'https://acme.okta.com',
        status: 'enforced',
        settings: {
          clientId: '0oa1',
          clientAuth: 'client_secret_post',
          scopes: ['openid', 'profile', 'email', 'groups'],
          groupsClaim: 'groups',
          groupsFrom: ['id_token', 'userinfo'],
          groupSource: 'auto',
          join: { claim: 'sub', attribute: 'externalId' },
          acrValues: [],
          federationBrokerMode: false,
          provisioning: 'create-and-update',
          revalidateSeconds: null,
          revalidateGraceSeconds: 3_600,
          forwardLogout: false,
        },
      },
    ]);
  });

  test('how long its upstream may stay silent', () => {
    const revalidating = { ...okta, scopes: ['openid', 'offline_access'], revalidateSeconds: 300 };
    const plans = [revalidating, { ...revalidating, revalidateGraceSeconds: 0 }].map((connection) =>
      plan({ slug: 'acme', connections: [connection] }),
    );
    expect(plans.map(({ target }) => target.connections[0]?.settings)).toMatchObject([
      { revalidateSeconds: 300, revalidateGraceSeconds: 3_600 },
      { revalidateSeconds: 300, revalidateGraceSeconds: 0 },
    ]);
  });

  test('an application', () => {
    const { target } = plan({ slug: 'acme', applications: [app] });
    expect(target.applications).toEqual([
      {
        clientId: 'app',
        name: 'app',
        type: 'web',
        source: 'operator',
        settings: {
          redirectUris: ['https://a.example/cb'],
          postLogoutRedirectUris: [],
          backchannelLogoutUri: null,
          frontchannelLogoutUri: null,
          initiateLoginUri: null,
          deviceWebhookUri: null,
          allowedOrigins: [],
          grantTypes: ['authorization_code', 'refresh_token'],
          responseTypes: ['code'],
          tokenEndpointAuthMethod: 'client_secret_basic',
          jwks: null,
          jwksUri: null,
          idTokenAlg: 'RS256',
          pkce: 'required',
          profile: 'default',
          dpop: 'optional',
          requirePushedRequests: false,
          requestObjects: 'off',
          signedResponses: false,
          refresh: { idleSeconds: 28800, absoluteSeconds: 2592000, leewaySeconds: 10 },
          apis: [],
          scopes: null,
          consent: false,
          audience: 'tenant',
          assignment: 'everyone',
          claims: { roles: 'roles', groups: false },
        },
      },
    ]);
  });

  test.each([
    ['spa', 'none', ['authorization_code', 'refresh_token'], ['code']],
    ['native', 'none', ['authorization_code', 'refresh_token'], ['code']],
    ['web', 'client_secret_basic', ['authorization_code', 'refresh_token'], ['code']],
    ['service', 'client_secret_basic', ['client_credentials'], []],
  ] as const)('an application of type %s', (type, tokenEndpointAuthMethod, grantTypes, responseTypes) => {
    const redirectUris = type === 'service' ? [] : app.redirectUris;
    const { target } = plan({ slug: 'acme', applications: [{ clientId: 'app', type, redirectUris }] });
    expect(target.applications[0]?.settings).toMatchObject({
      tokenEndpointAuthMethod,
      grantTypes,
      responseTypes,
    });
  });

  test('an API, and the rest of a tenant', () => {
    const { target } = plan({ slug: 'acme', apis: [{ identifier: 'urn:a', scopes: [{ name: 'r' }] }] });
    expect(target).toMatchObject({
      name: 'acme',
      status: 'active',
      parent: null,
      settings: {
        signInDefault: null,
        localSignIn: 'break-glass',
        roleMappingMode: 'many-to-many',
        defaultRole: null,
        whenNoRole: 'allow',
        scimExtensions: [],
      },
      apis: [
        {
          identifier: 'urn:a',
          scopes: [{ name: 'r', isDefault: false }],
          tokenFormat: 'jwt',
          isDefault: false,
          accessTokenSeconds: 300,
          profile: 'rfc9068',
        },
      ],
    });
  });

  test('an issuer by domain and authorization server', () => {
    const issuer = { domain: 'acme.okta.com', authorizationServer: 'default' };
    const { target } = plan({ slug: 'acme', connections: [{ ...okta, issuer }] });
    expect(target.connections[0]?.issuer).toBe('https://acme.okta.com/oauth2/default');
  });
});

describe('what a file changes', () => {
  test('a new tenant: everything, what refers to others last', () => {
    expect(
      steps({
        slug: 'acme',
        roleMappings: [{ group: { name: 'Eng' }, role: 'admin' }],
        roles: [{ key: 'admin' }],
        connections: [okta],
        scimTokens: [{ name: 'okta' }],
      }),
    ).toEqual([
      'create tenant acme',
      'create connection okta',
      'create role admin',
      'create roleMapping name:Eng -> admin',
      'create scimToken okta',
    ]);
  });

  test.each<[what: string, first: Wanted, second: Wanted, expected: readonly string[]]>([
    [
      'the same file: nothing',
      { slug: 'acme', connections: [okta] },
      { slug: 'acme', connections: [okta] },
      [],
    ],
    ['a key that is absent is left alone', { slug: 'acme', connections: [okta] }, { slug: 'acme' }, []],
    [
      'also inside an entry',
      { slug: 'acme', connections: [{ ...okta, groupsClaim: 'roles', status: 'draft' }] },
      { slug: 'acme', connections: [{ key: 'okta', clientId: '0oa2' }] },
      ['update connection okta: clientId'],
    ],
    [
      'a list that is present is complete',
      { slug: 'acme', connections: [okta, { ...okta, key: 'two' }] },
      { slug: 'acme', connections: [okta] },
      ['delete connection two'],
    ],
    [
      'another key is delete and create',
      { slug: 'acme', applications: [app] },
      { slug: 'acme', applications: [{ ...app, clientId: 'other' }] },
      ['delete application app', 'create application other'],
    ],
    [
      'members of the tenant itself',
      { slug: 'acme', domains: [{ name: 'acme.example' }] },
      {
        slug: 'acme',
        name: 'Acme',
        domains: [{ name: 'ACME.example', verified: true }],
        signIn: { local: 'disabled' },
        whenNoRole: 'deny',
      },
      ['update tenant acme: domains,name,signIn,whenNoRole'],
    ],
    ['a suspension', { slug: 'acme' }, { slug: 'acme', status: 'suspended' }, ['update tenant acme: status']],
    [
      'a suspension that the file is silent of goes on',
      { slug: 'acme', status: 'suspended' },
      { slug: 'acme' },
      [],
    ],
    [
      'what goes with what is deleted is told',
      {
        slug: 'acme',
        connections: [okta],
        scimTokens: [{ name: 's' }],
        roles: [{ key: 'admin' }],
        roleMappings: [
          { group: { name: 'Eng' }, role: 'admin' },
          { group: { name: 'Ops' }, role: 'console:owner' },
        ],
        apis: [{ identifier: 'urn:a' }],
        accessPolicies: [{ api: 'urn:a', clients: 'all', grants: [], scopes: [] }],
      },
      { slug: 'acme', connections: [], roles: [], apis: [] },
      [
        'delete scimToken s',
        'delete accessPolicy urn:a: all by  for ',
        'delete roleMapping name:Eng -> admin',
        'delete api urn:a',
        'delete role admin',
        'delete connection okta',
      ],
    ],
    [
      'a SCIM token moves before its connection goes',
      { slug: 'acme', connections: [okta], scimTokens: [{ name: 's', connection: 'okta' }] },
      {
        slug: 'acme',
        connections: [{ ...okta, key: 'new' }],
        scimTokens: [{ name: 's', connection: 'new' }],
      },
      ['create connection new', 'update scimToken s: connection', 'delete connection okta'],
    ],
    [
      'of two default APIs the old one steps down first',
      {
        slug: 'acme',
        apis: [
          { identifier: 'urn:a', default: false },
          { identifier: 'urn:b', default: true },
        ],
      },
      {
        slug: 'acme',
        apis: [
          { identifier: 'urn:a', default: true },
          { identifier: 'urn:b', default: false },
        ],
      },
      ['update api urn:b: default', 'update api urn:a: default'],
    ],
    [
      'a grant keeps its group and customers and gets other roles',
      { slug: 'msp', grants: [{ group: { name: 'T' }, customers: 'all', roles: ['console:technician'] }] },
      { slug: 'msp', grants: [{ group: { name: 'T' }, customers: 'all', roles: ['console:read-only'] }] },
      ['update grant name:T -> all: roles'],
    ],
    [
      'grants of an application that nobody chose responses for bring their response types',
      { slug: 'acme', applications: [{ ...app, grantTypes: ['device_code'] }] },
      { slug: 'acme', applications: [{ ...app, grantTypes: ['authorization_code'] }] },
      ['update application app: grantTypes,responseTypes'],
    ],
  ])('%s', (_what, first, second, expected) => {
    expect(steps(second, after(first))).toEqual(expected);
  });

  test('secrets are told by name, and never by value', () => {
    const first = after({
      slug: 'acme',
      connections: [{ ...okta, clientSecret: 'one-one-one-one-one', secondarySecret: 'two-two-two-two-two' }],
      applications: [app],
      scimTokens: [{ name: 's' }],
    });
    const { changes } = plan(
      {
        slug: 'acme',
        connections: [{ key: 'okta', clientSecret: 'new-new-new-new-new', secondarySecret: null }],
        applications: [{ ...app, clientSecret: 'app-app-app-app-app' }],
        scimTokens: [{ name: 's', token: 'tok-tok-tok-tok-tok' }],
      },
      first,
    );
    expect(changes.map(({ kind, changes: members }) => [kind, members])).toEqual([
      ['connection', ['clientSecret', 'secondarySecret']],
      ['application', ['clientSecret']],
      ['scimToken', ['token']],
    ]);
    expect(JSON.stringify(changes)).not.toMatch(/new-new|app-app|tok-tok|one-one|two-two/);
    expect(changes[0]?.after).toEqual({
      clientSecret: '[secret changed]',
      secondarySecret: '[secret changed]',
    });
  });

  test('the same secrets again: nothing', () => {
    const file: Wanted = {
      slug: 'acme',
      connections: [{ ...okta, clientSecret: 'one-one-one-one-one', secondarySecret: null }],
      applications: [{ ...app, clientSecret: 'app-app-app-app-app' }],
      scimTokens: [{ name: 's', token: 'tok-tok-tok-tok-tok' }],
    };
    expect(steps(file, after(file))).toEqual([]);
  });

  test('a second secret of an application comes and goes by itself; another first one ends it', () => {
    const one: Wanted = {
      slug: 'acme',
      applications: [{ ...app, clientSecret: 'app-app-app-app-app', secondarySecret: 'two-two-two-two-two' }],
    };
    const first = after(one);
    expect(steps(one, first)).toEqual([]);
    const changed = (members: Partial<NonNullable<Wanted['applications']>[number]>): readonly string[] =>
      steps({ slug: 'acme', applications: [{ clientId: 'app', ...members }] }, first);
    expect(changed({})).toEqual([]);
    expect(changed({ secondarySecret: null })).toEqual(['update application app: secondarySecret']);
    expect(changed({ secondarySecret: 'new-new-new-new-new' })).toEqual([
      'update application app: secondarySecret',
    ]);
    expect(changed({ clientSecret: 'new-new-new-new-new' })).toEqual([
      'update application app: clientSecret,secondarySecret',
    ]);
    const kept = { clientSecret: 'new-new-new-new-new', secondarySecret: 'two-two-two-two-two' };
    expect(changed(kept)).toEqual(['update application app: clientSecret']);
    // The second takes the place of the first.
    expect(changed({ clientSecret: 'two-two-two-two-two', secondarySecret: null })).toEqual([
      'update application app: clientSecret,secondarySecret',
    ]);
  });

  test('a secret twice, and one that a rotation has replaced, are faults', () => {
    const file: Wanted = {
      slug: 'acme',
      applications: [{ ...app, clientSecret: 'app-app-app-app-app', secondarySecret: 'app-app-app-app-app' }],
    };
    expect(plan(file).faults).toEqual([
      { path: 'tenants[0].applications[0].secondarySecret', message: 'must differ from clientSecret' },
    ]);
    const stale: Wanted = { slug: 'acme', applications: [{ ...app, clientSecret: 'old-old-old-old-old' }] };
    const { faults, changes } = planTenant(undefined, { path: 'tenants[0]', ...stale }, RULES, {
      ...NO_SECRETS,
      endOf: endOfTheOld,
    });
    expect(changes).toEqual([]);
    expect(faults).toEqual([
      {
        path: 'tenants[0].applications[0].clientSecret',
        message:
          "was replaced by 'causeway secrets rotate' and ends at 2026-12-01T00:00:00.000Z: " +
          'give the secret that took its place, or leave clientSecret out',
      },
    ]);
  });

  test('an application that begins to need a secret gets one', () => {
    const first = after({ slug: 'acme', applications: [{ ...app, type: 'spa' }] });
    const second: Wanted = {
      slug: 'acme',
      applications: [{ ...app, tokenEndpointAuthMethod: 'client_secret_post' }],
    };
    expect(steps(second, first)).toEqual(['update application app: clientSecret,tokenEndpointAuthMethod']);
  });
});

describe('whatever files say', () => {
  const tenant = arbitraryTenant('acme');

  test('applied twice, the second time changes nothing', () => {
    fc.assert(fc.property(tenant, (file) => expect(steps(file, after(file))).toEqual([])));
  });

  test('a file that says everything decides everything, whatever was before', () => {
    fc.assert(
      fc.property(tenant, tenant, (before, file) => {
        expect(after(before, file).configuration).toEqual(after(file).configuration);
      }),
    );
  });

  test('the plan names every entry that differs, and no other', () => {
    fc.assert(
      fc.property(tenant, tenant, (before, file) => {
        const { changes } = plan(file, after(before));
        const keys = changes.map(({ kind, key }) => `${kind} ${key}`);
        expect(new Set(keys).size).toBe(keys.length);
        for (const change of changes) expect(change.changes.length > 0).toBe(change.action === 'update');
      }),
    );
  });
});
