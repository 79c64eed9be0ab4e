import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TENANT_ROUTES } from '../../src/server/app.js';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import { authorizationRequest } from '../support/application.js';
import { deviceApplication } from '../support/device.js';
import { addOrganization, connectionTo, type Organization } from '../support/organization.js';
import { rawRequest, type RawAnswer } from '../support/raw-request.js';
import { GROUP_SCHEMA, USER_SCHEMA } from '../support/scim-client.js';
import {
  ACME_SCIM_TOKEN,
  API,
  CREDENTIALS,
  GLOBEX_SCIM_TOKEN,
  REPORTS_SECRET,
  SHARED_BASIC,
  type Carried,
} from './credentials.js';

let acme: Acme;
let globex: Organization;

/** What both tenants have under the same names: applications, an API, a person. */
function applications(reportsSecret: string) {
  const [grafana, spa] = acme.tenant.applications ?? [];
  if (grafana === undefined || spa === undefined) throw new Error('the tenant of tests has two applications');
  return {
    domains: [{ name: 'ask.example', verified: false, connection: 'okta' }],
    signIn: { default: null },
    apis: [{ identifier: API, tokenFormat: 'jwt' as const, scopes: [{ name: 'read', default: true }] }],
    accessPolicies: [
      {
        api: API,
        clients: 'all' as const,
        grants: ['authorization_code', 'refresh_token'] as const,
        scopes: ['read'],
      },
    ],
    applications: [
      { ...grafana, apis: [API] },
      spa,
      { ...grafana, clientId: 'reports', clientSecret: reportsSecret },
      deviceApplication,
    ],
  };
}

beforeAll(async () => {
  acme = await startAcme();
  globex = await addOrganization(acme, 'globex', { okta: { users: [{ login: ADA.username }] } });
  const second = { key: 'second', status: 'enforced' } as const;
  await acme.causeway.apply([
    {
      slug: 'acme',
      connections: [
        connectionTo(acme.okta),
        connectionTo(acme.okta, second),
        connectionTo(acme.okta, { key: 'acmes-own' }),
      ],
      scimTokens: [{ name: 'okta', connection: 'okta', token: ACME_SCIM_TOKEN }],
      ...applications(REPORTS_SECRET),
    },
    {
      slug: 'globex',
      connections: [connectionTo(globex.okta), connectionTo(globex.okta, second)],
      scimTokens: [{ name: 'okta', connection: 'okta', token: GLOBEX_SCIM_TOKEN }],
      ...applications('the-secret-of-reports-at-globex-01234'),
    },
  ]);
});
afterAll(async () => {
  await globex.stop();
  await acme.stop();
});

interface Ask {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly json?: object;
  readonly query?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly authorization?: string;
}

const NOWHERE = 'an-id-of-nothing-0123456789abcdefghij';
/** The id of no resource. */
const NOBODY = '01900000-0000-7000-8000-000000000000';

/** A request that would be in order at Globex, but for the person. */
const inOrder = (): Record<string, string> => {
  const { searchParams } = authorizationRequest(globex.app).url;
  return Object.fromEntries(searchParams);
};

const grants = ['authorization_code', 'refresh_token', 'client_credentials'];
const pollOfDevice = {
  method: 'POST',
  path: '/oauth2/v1/token',
  form: { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', client_id: 'tv' },
} as const;
const asClient = { authorization: SHARED_BASIC };

const asMachine = { authorization: `Bearer ${NOWHERE}` };
const service = { application_type: 'service', grant_types: ['client_credentials'] };

const asPusher = { authorization: `Bearer ${GLOBEX_SCIM_TOKEN}` };
const userBody = { schemas: [USER_SCHEMA], userName: 'taken@acme.example', displayName: 'Taken over' };
const groupBody = { schemas: [GROUP_SCHEMA], displayName: 'Taken over' };
const patchBody = {
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [{ op: 'replace', value: { displayName: 'Taken over' } }],
};
const searchBody = { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'] };

const listed = (path: string): readonly Ask[] => [{ method: 'GET', path: `/scim/v2${path}`, ...asPusher }];
const searched = (path: string): readonly Ask[] => [
  { method: 'POST', path: `/scim/v2${path}/.search`, json: searchBody, ...asPusher },
];
const changed = (path: string, body: object): readonly Ask[] =>
  (
    [
      ['GET', undefined],
      ['PUT', body],
      ['PATCH', patchBody],
      ['DELETE', undefined],
    ] as const
  ).map(([method, json]) => ({
    method,
    path: `/scim/v2${path}`,
    ...(json === undefined ? {} : { json }),
    ...asPusher,
  }));

/** How each address of a tenant is asked. A route without a row here fails the test below. */
const ROUTES: Record<(typeof TENANT_ROUTES)[number]['name'], (carried: Carried) => readonly Ask[]> = {
  metadata: () => [{ method: 'GET', path: '/.well-known/openid-configuration' }],
  keys: () => [{ method: 'GET', path: '/oauth2/v1/keys' }],
  authorize: () => [
    { method: 'GET', path: '/oauth2/v1/authorize', query: { ...inOrder(), prompt: 'none' } },
    { method: 'GET', path: '/oauth2/v1/authorize', query: inOrder() },
    { method: 'POST', path: '/oauth2/v1/authorize', form: { ...inOrder(), prompt: 'none' } },
  ],
  resume: ({ uid = NOWHERE }) => [{ method: 'GET', path: `/oauth2/v1/authorize/${uid}` }],
  token: () => [
    ...grants.map((grant_type) => ({
      method: 'POST' as const,
      path: '/oauth2/v1/token',
      form: { grant_type, redirect_uri: globex.app.redirectUri },
      ...asClient,
    })),
    pollOfDevice,
  ],
  userinfo: () => [
    { method: 'GET', path: '/oauth2/v1/userinfo' },
    { method: 'POST', path: '/oauth2/v1/userinfo', form: {} },
  ],
  introspect: () => [{ method: 'POST', path: '/oauth2/v1/introspect', form: { token: 'none' }, ...asClient }],
  revoke: () => [{ method: 'POST', path: '/oauth2/v1/revoke', form: { token: 'none' }, ...asClient }],
  par: () => [{ method: 'POST', path: '/oauth2/v1/par', form: inOrder(), ...asClient }],
  logout: () => [
    { method: 'GET', path: '/oauth2/v1/logout' },
    { method: 'POST', path: '/oauth2/v1/logout', form: {} },
  ],
  clients: () => [{ method: 'POST', path: '/oauth2/v1/clients', json: { ...service }, ...asMachine }],
  client: ({ client = NOBODY }) => [
    { method: 'GET', path: `/oauth2/v1/clients/${client}` },
    { method: 'PUT', path: `/oauth2/v1/clients/${client}`, json: { ...service, client_id: client } },
    { method: 'DELETE', path: `/oauth2/v1/clients/${client}` },
  ],
  logout_confirm: () => [{ method: 'POST', path: '/oauth2/v1/logout/confirm', form: { logout: 'yes' } }],
  logout_success: () => [
    { method: 'GET', path: '/oauth2/v1/logout/success', query: { client_id: 'grafana' } },
  ],
  device_authorize: () => [
    { method: 'POST', path: '/oauth2/v1/device/authorize', form: { client_id: 'tv', scope: 'openid' } },
  ],
  device: () => [
    { method: 'GET', path: '/device' },
    { method: 'POST', path: '/device', form: { confirm: 'yes' } },
  ],
  device_resume: ({ uid = NOWHERE }) => [{ method: 'GET', path: `/device/${uid}` }],
  portal: () => [
    { method: 'GET', path: '/portal' },
    { method: 'POST', path: '/portal', form: { withdraw: 'grafana' } },
  ],
  callback: ({ connection = 'okta' }) => [{ method: 'GET', path: `/callback/${connection}` }],
  initiate: ({ connection = 'okta' }) => [
    { method: 'GET', path: `/initiate/${connection}/grafana` },
    { method: 'POST', path: `/initiate/${connection}/grafana`, form: {} },
  ],
  sign_in: ({ uid = NOWHERE }) => [
    { method: 'GET', path: `/sign-in/${uid}` },
    { method: 'POST', path: `/sign-in/${uid}`, form: { email: 'ada@acme.example' } },
    { method: 'GET', path: `/sign-in/${uid}`, query: { connection: 'local' } },
    {
      method: 'POST',
      path: `/sign-in/${uid}`,
      query: { connection: 'local', by: 'password' },
      form: { user_name: 'fire-box', password: 'correct horse battery', code: '000000' },
    },
  ],
  scim_users: ({ resource = NOBODY }) => [
    ...listed(`/Users?filter=${encodeURIComponent(`id eq "${resource}" or manager eq "${resource}"`)}`),
  ],
  scim_users_search: () => searched('/Users'),
  scim_user: ({ resource = NOBODY }) => changed(`/Users/${resource}`, userBody),
  scim_groups: ({ resource = NOBODY }) => [
    ...listed(`/Groups?filter=${encodeURIComponent(`members eq "${resource}"`)}`),
    {
      method: 'POST',
      path: '/scim/v2/Groups',
      json: { ...groupBody, members: [{ value: resource }, { value: NOBODY }] },
      ...asPusher,
    },
  ],
  scim_groups_search: () => searched('/Groups'),
  scim_group: ({ resource = NOBODY }) => changed(`/Groups/${resource}`, groupBody),
  scim_roles: () => listed('/Roles'),
  scim_roles_search: () => searched('/Roles'),
  scim_role: ({ resource = NOBODY }) => listed(`/Roles/${resource}`),
  scim_entitlements: () => listed('/Entitlements'),
  scim_entitlements_search: () => searched('/Entitlements'),
  scim_entitlement: ({ resource = NOBODY }) => listed(`/Entitlements/${resource}`),
  scim_bulk: ({ resource = NOBODY }) => [
    {
      method: 'POST',
      path: '/scim/v2/Bulk',
      json: {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
        Operations: ['Users', 'Groups'].map((type) => ({ method: 'DELETE', path: `/${type}/${resource}` })),
      },
      ...asPusher,
    },
  ],
  scim_search: () => searched(''),
  scim_root: () => listed(''),
  scim_me: () => listed('/Me'),
  scim_service_provider_config: () => listed('/ServiceProviderConfig'),
  scim_resource_types: () => listed('/ResourceTypes'),
  scim_resource_type: () => listed('/ResourceTypes/User'),
  scim_schemas: () => listed('/Schemas'),
  scim_schema: () => listed(`/Schemas/${USER_SCHEMA}`),
  scim_elsewhere: () => listed('/Elsewhere'),
  connection_keys: ({ connection = 'okta' }) => [
    { method: 'GET', path: `/connections/${connection}/jwks.json` },
  ],
  test_sign_in: ({ uid = NOWHERE }) => [{ method: 'GET', path: `/test-sign-in/${uid}` }],
  signed_out: ({ connection = 'okta' }) => [{ method: 'GET', path: `/signed-out/${connection}` }],
  frontchannel_logout: ({ connection = 'okta', uid = NOWHERE }) => [
    {
      method: 'GET',
      path: `/frontchannel-logout/${connection}`,
      query: { iss: globex.okta.issuer, sid: uid },
    },
    { method: 'POST', path: `/frontchannel-logout/${connection}`, form: {} },
  ],
  backchannel_logout: ({ connection = 'okta', form }) => [
    {
      method: 'POST',
      path: `/backchannel-logout/${connection}`,
      form: { logout_token: Object.values(form ?? {})[0] ?? NOWHERE },
    },
  ],
};

/** Asks Globex, with all that the credential gives, in every place. */
function ask({ method, path, query, form, json, authorization }: Ask, carried: Carried): Promise<RawAnswer> {
  const url = new URL(`${globex.app.issuer}${path}`);
  for (const [name, value] of Object.entries({ ...query, ...(form === undefined ? carried.query : {}) }))
    url.searchParams.set(name, value);
  const header = carried.authorization ?? authorization;
  const cookie = Object.entries(carried.cookies ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join('; ');
  return rawRequest(url, {
    method,
    headers: {
      ...(header === undefined ? {} : { authorization: header }),
      ...(cookie === '' ? {} : { cookie }),
      ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      ...(json === undefined ? {} : { 'content-type': 'application/scim+json' }),
    },
    ...(form === undefined ? {} : { body: new URLSearchParams({ ...form, ...carried.form }).toString() }),
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
}

/** Values of the credential, wherever an answer might give them back. */
const valuesOf = ({
  cookies,
  query,
  form,
  uid,
  client,
  resource,
  connection,
  authorization,
}: Carried): string[] =>
  [
    uid,
    client,
    resource,
    connection,
    authorization?.split(' ')[1],
    ...[cookies, query, form].flatMap((part) => Object.values(part ?? {})),
  ]
    .filter((value): value is string => value !== undefined && value.length > 3)
    .toSorted((a, b) => b.length - a.length);

/** An answer without what is new each time: ids, times, and what the request itself brought. */
function comparable(answer: RawAnswer, carried: Carried): object {
  const plain = (text: string): string =>
    valuesOf(carried)
      .flatMap((value) => [value, encodeURIComponent(value)])
      .reduce((left, value) => left.replaceAll(value, '<carried>'), text)
      .replaceAll(/cw-[0-9A-Z]{4}-[0-9A-Z]{4}/g, '<reference>')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
      .replaceAll(/\d\d? \w{3} \d{4}, \d\d:\d\d UTC|\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
      .replaceAll(/(sign-in|authorize)\/[\w-]{20,}/g, '$1/<id>')
      .replaceAll(
        /(state|nonce|code_challenge|xsrf|request_uri|device_code|user_code)(=|" value="|":")[^&"]+/g,
        '$1$2<new>',
      );
  const { date: _date, 'x-request-id': _id, 'content-length': _length, ...headers } = answer.headers;
  return {
    status: answer.status,
    headers: plain(JSON.stringify({ ...headers, 'set-cookie': answer.setCookie.map(cookieForm) })),
    text: plain(answer.text),
  };
}

/** A cookie's name and attributes. */
function cookieForm(line: string): string {
  return line
    .replace(/^(cw_t_)\w+/, '$1<new>')
    .replace(/=[^;]*/, '=<value>')
    .replace(/expires=[^;]+/, 'expires=<time>');
}

describe('invariant 1: E1 A-53 A-67 A-75 A-79 what is good at one tenant is worth nothing at another', () => {
  test('every address below an issuer has its row', () => {
    expect(TENANT_ROUTES.map(({ name }) => name).toSorted()).toEqual(Object.keys(ROUTES).toSorted());
  });

  test.each(Object.entries(CREDENTIALS))(
    '%s: each address answers as to a random one, and it stays good at home',
    async (_name, make) => {
      const { real, random, worksAtHome } = await make(acme);
      // A code lives for a minute, which the way through all addresses may take on a machine that others use.
      await acme.causeway.node.database.query({
        text: `UPDATE oidc_artifacts SET expires_at = expires_at + interval '10 minutes'`,
        values: [],
      });
      for (const [route, asks] of Object.entries(ROUTES)) {
        const [withReal, withRandom] = [asks(real), asks(random)];
        for (const [index, request] of withReal.entries()) {
          // oxlint-disable-next-line no-await-in-loop -- in order, so that a failure names its route
          const answers = await Promise.all([ask(request, real), ask(withRandom[index] ?? request, random)]);
          const [got, expected] = answers.map((answer, which) =>
            comparable(answer, which === 0 ? real : random),
          );
          expect({ route, request: request.method, ...got }).toEqual({
            route,
            request: request.method,
            ...expected,
          });
          // 501 says what isn't served; whatever else begins with a 5 is a fault.
          expect([500, 502, 503]).not.toContain(answers[0]?.status);
        }
      }
      expect(await worksAtHome()).toBe(true);
    },
    180_000,
  );

  test('A-66 A-67 no key of one tenant is published by another', async () => {
    const kids = await Promise.all(
      [acme, globex].map(async ({ app }) => {
        const { text } = await rawRequest(`${app.issuer}/oauth2/v1/keys`);
        return (JSON.parse(text) as { keys: { kid: string; n?: string; x?: string }[] }).keys.flatMap(
          ({ kid, n, x }) => [kid, n ?? x],
        );
      }),
    );
    expect(kids[0]?.length).toBeGreaterThan(0);
    expect(kids[0]?.filter((value) => kids[1]?.includes(value))).toEqual([]);
  });
});

describe('A-75 A-78 A-80 a tenant is meant by its one spelling only', () => {
  const suffix = '/.well-known/openid-configuration';
  test.each([
    '/t/ACME',
    '/t/Acme',
    '/t/acme/',
    '/t//acme',
    '//t/acme',
    '/T/acme',
    '/t/acme%20',
    '/t/%61cme',
    '/t/acme;x=y',
    '/t/acme/../globex',
    '/t/acme%2f..%2fglobex',
    '/t/acme/..%2fglobex',
    '/t/acme/%2e%2e/globex',
    '/t/acme/./',
    '/t/acme\\..\\globex',
    '/t/ac',
    '/t/acmes',
    '/t/',
    '/t',
    '/x/t/acme',
    '/t/admin',
    '/t/.well-known',
  ])('%s is nobody', async (path) => {
    const answer = await rawRequest(acme.causeway.url, { path: `${path}${suffix}` });
    expect(answer.status).toBe(404);
    expect(answer.location).toBeUndefined();
  });

  test.each(['x.css', ';x', '/', '%3fx'])('metadata with %j behind it is nothing', async (tail) => {
    const path = `/t/acme${suffix}${tail}`;
    expect((await rawRequest(acme.causeway.url, { path })).status).toBe(404);
  });

  test('and the right spelling is', async () => {
    expect((await rawRequest(`${acme.app.issuer}${suffix}`)).status).toBe(200);
  });
});
