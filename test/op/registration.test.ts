import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startAcme, type Acme } from '../support/acme.js';
import { claimsOf } from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { basic, send } from './support/http.js';
import { ask, initialAccess, register, revokeToken, type ClientAnswer } from './support/registration.js';

const API = 'https://api.acme.example';
const CALLBACK = 'https://app.example/cb';

let acme: Acme;
let ledger: Ledger;
let clients: string;
/** Registers services. */
let services: string;
/** Registers whatever there is. */
let anything: string;

const service = { application_type: 'service', grant_types: ['client_credentials'] };

beforeAll(async () => {
  acme = await startAcme();
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  clients = `${acme.app.issuer}/oauth2/v1/clients`;
  await acme.causeway.apply([
    {
      slug: 'acme',
      apis: [
        { identifier: API, scopes: [{ name: 'read', default: true }, { name: 'write' }, { name: 'admin' }] },
      ],
      accessPolicies: [
        { api: API, clients: 'all', grants: ['client_credentials'], scopes: ['read', 'write'] },
      ],
    },
    { slug: 'globex', name: 'Globex' },
  ]);
  services = (await initialAccess(acme.causeway, 'acme', { apis: [API] })).token;
  const all = { types: ['web', 'spa', 'native', 'service'], apis: [API] } as const;
  const grants = [
    'authorization_code',
    'refresh_token',
    'client_credentials',
    'device_code',
    'token_exchange',
  ] as const;
  anything = (await initialAccess(acme.causeway, 'acme', { ...all, grants })).token;
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});

const post = (token: string, body: object | string): Promise<ClientAnswer> => ask(clients, { token, body });

const tokenFor = (body: ClientAnswer['body'], form: Readonly<Record<string, string>> = {}) =>
  send(`${acme.app.issuer}/oauth2/v1/token`, {
    form: { grant_type: 'client_credentials', resource: API, ...form },
    headers: { authorization: basic(String(body['client_id']), String(body['client_secret'])) },
  });

describe('registering (RFC 7591)', () => {
  test('a service with a secret, which gets a token at once', async () => {
    const answer = await post(services, { ...service, client_name: 'Nightly import' });
    expect([answer.status, answer.headers['cache-control']]).toEqual([201, 'no-store']);
    const { body } = answer;
    expect(body).toEqual({
      client_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      client_id_issued_at: expect.any(Number),
      client_secret: expect.stringMatching(/^[\w-]{43}$/),
      client_secret_expires_at: 0,
      registration_access_token: expect.stringMatching(/^cw_rat_/),
      registration_client_uri: `${clients}/${String(body['client_id'])}`,
      client_name: 'Nightly import',
      application_type: 'service',
      redirect_uris: [],
      post_logout_redirect_uris: [],
      grant_types: ['client_credentials'],
      response_types: [],
      token_endpoint_auth_method: 'client_secret_basic',
      id_token_signed_response_alg: 'RS256',
      dpop_bound_access_tokens: false,
    });
    expect(answer.headers['location']).toBe(body['registration_client_uri']);
    const { status, json } = await tokenFor(body);
    expect([status, claimsOf(json['access_token'])['scope']]).toEqual([200, 'read']);
  });

  test('the endpoint is in the metadata', async () => {
    const { json } = await send(`${acme.app.issuer}/.well-known/openid-configuration`);
    expect(json['registration_endpoint']).toBe(clients);
  });

  test('Okta’s clients say SSWS, and may choose the client_id', async () => {
    const body = { ...service, client_id: 'my-bot', response_types: ['token'], redirect_uris: [CALLBACK] };
    const answer = await ask(clients, { token: services, scheme: 'SSWS', body });
    expect([answer.status, answer.body['client_id'], answer.body['response_types']]).toEqual([
      201,
      'my-bot',
      [],
    ]);
    const again = await post(services, body);
    expect([again.status, again.body]).toEqual([
      400,
      {
        error: 'invalid_client_metadata',
        error_description: 'client_id: is taken: leave it out, and one is made',
      },
    ]);
    const operators = await post(services, { ...body, client_id: 'grafana' });
    expect(operators.body['error_description']).toMatch(/is taken/);
  });

  test.each([
    [
      'a web application',
      { redirect_uris: [CALLBACK] },
      {
        application_type: 'web',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    [
      'a single-page application',
      { application_type: 'browser', redirect_uris: [CALLBACK] },
      { application_type: 'browser', token_endpoint_auth_method: 'none', client_secret: undefined },
    ],
    [
      'a native application with a device grant',
      {
        application_type: 'native',
        redirect_uris: ['com.example.app:/cb'],
        grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'],
      },
      { grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'] },
    ],
    [
      'a service by its grant alone',
      { grant_types: ['client_credentials'] },
      { application_type: 'service', client_secret: expect.any(String) },
    ],
    [
      'one with every address',
      {
        redirect_uris: [CALLBACK],
        post_logout_redirect_uris: ['https://app.example/bye'],
        initiate_login_uri: 'https://app.example/login',
        frontchannel_logout_uri: 'https://app.example/front',
        backchannel_logout_uri: 'https://app.example/back',
        jwks_uri: 'https://app.example/keys',
        token_endpoint_auth_method: 'private_key_jwt',
        id_token_signed_response_alg: 'ES256',
        scope: 'openid profile read',
      },
      {
        post_logout_redirect_uris: ['https://app.example/bye'],
        initiate_login_uri: 'https://app.example/login',
        frontchannel_logout_uri: 'https://app.example/front',
        backchannel_logout_uri: 'https://app.example/back',
        jwks_uri: 'https://app.example/keys',
        id_token_signed_response_alg: 'ES256',
        scope: 'openid profile read',
        client_secret: undefined,
        client_secret_expires_at: undefined,
      },
    ],
  ])('%s', async (_case, metadata, expected) => {
    const { status, body } = await post(anything, metadata);
    expect(status).toBe(201);
    for (const [member, value] of Object.entries(expected))
      expect([member, body[member]]).toEqual([member, value]);
  });

  test('a single-page application may call from where it gets its codes, and people are asked', async () => {
    const spa = { application_type: 'browser', redirect_uris: [CALLBACK, 'https://other.example/cb'] };
    const { client_id: clientId } = await register(acme.app.issuer, anything, spa);
    const [row] = await ledger.rows('SELECT settings, source FROM applications WHERE client_id = $1', [
      clientId,
    ]);
    expect(row).toMatchObject({
      source: 'registration',
      settings: { allowedOrigins: ['https://app.example', 'https://other.example'], consent: true },
    });
  });

  test('what is unknown or null is ignored, and not said to be kept (section 2)', async () => {
    const body = await register(acme.app.issuer, services, {
      ...service,
      client_uri: 'https://app.example/',
      logo_uri: 'http://169.254.169.254/latest',
      contacts: ['a@app.example'],
      software_statement: 'x.y.z',
      jwks: null,
      'client_name#de': 'Import',
      anything: { at: ['all'] },
    });
    for (const member of [
      'client_uri',
      'logo_uri',
      'contacts',
      'software_statement',
      'client_name#de',
      'anything',
    ])
      expect(body).not.toHaveProperty([member]);
  });

  test('only hashes are kept, and the audit trail says who, what and from where', async () => {
    const body = await register(acme.app.issuer, services, { ...service, client_name: 'Audited' });
    const dump = JSON.stringify([
      await ledger.rows('SELECT * FROM applications'),
      await ledger.rows('SELECT * FROM audit_events'),
      await ledger.rows('SELECT * FROM initial_access_tokens'),
    ]);
    for (const value of [body['client_secret'], body['registration_access_token'], services])
      expect(dump).not.toContain(String(value));
    const events = await ledger.rows<{ body: string }>(
      `SELECT body FROM audit_events WHERE action = 'application.created'`,
    );
    const event = events
      .map((row) => JSON.parse(row.body))
      .find(({ target }) => target === `application:${String(body['client_id'])}`);
    expect(event).toMatchObject({
      actor: { type: 'application', id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      details: { after: { source: 'registration', name: 'Audited' } },
      origin: { ip: '127.0.0.1', requestId: expect.any(String) },
    });
  });

  test('another node knows within a second', async () => {
    const sibling = await acme.causeway.sibling();
    await sibling.node.directory.find('acme');
    const body = await register(acme.app.issuer, services, service);
    await sibling.node.directory.refresh();
    const { status } = await send(`${acme.app.issuer}/oauth2/v1/token`, {
      form: { grant_type: 'client_credentials', resource: API },
      headers: { authorization: basic(String(body['client_id']), String(body['client_secret'])) },
      through: sibling.url,
    });
    expect(status).toBe(200);
    await sibling.leave();
  });

  test('twenty at the same time are twenty, and of twenty with one client_id one', async () => {
    const many = await Promise.all(Array.from({ length: 20 }, () => post(services, service)));
    expect(new Set(many.map(({ body }) => body['client_id'])).size).toBe(20);
    const rivals = await Promise.all(
      Array.from({ length: 20 }, () => post(services, { ...service, client_id: 'the-one' })),
    );
    expect(rivals.filter(({ status }) => status === 201).length).toBe(1);
    expect(rivals.filter(({ status }) => status === 400).length).toBe(19);
  });
});

describe('A-64: the token', () => {
  test.each<[string, () => Promise<string | undefined> | string | undefined]>([
    ['none', () => undefined],
    ['a made-up one', () => `cw_iat_${'0'.repeat(32)}_${'0'.repeat(64)}_00000000`],
    ['no token at all', () => 'x'],
    ['one with a letter changed', () => services.replace(/.$/, (last) => (last === '0' ? '1' : '0'))],
    ['another tenant’s', async () => (await initialAccess(acme.causeway, 'globex')).token],
    ['an expired one', async () => (await initialAccess(acme.causeway, 'acme', {}, new Date(0))).token],
    [
      'a revoked one',
      async () => {
        const { id, token } = await initialAccess(acme.causeway, 'acme');
        await revokeToken(acme.causeway, 'acme', id);
        return token;
      },
    ],
    [
      'a registered client’s own',
      async () => String((await register(acme.app.issuer, services, service))['registration_access_token']),
    ],
  ])('%s is refused', async (_case, make) => {
    const token = await make();
    const { status, body, headers } = await ask(clients, {
      body: service,
      ...(token === undefined ? {} : { token }),
    });
    expect([status, body['error']]).toEqual([401, 'invalid_token']);
    expect(headers['www-authenticate']).toBe(
      token === undefined
        ? 'Bearer realm="client registration"'
        : 'Bearer realm="client registration", error="invalid_token"',
    );
  });

  test('is taken in the header only', async () => {
    const inQuery = await ask(`${clients}?access_token=${services}`, { body: service });
    const inBody = await ask(clients, { body: { ...service, access_token: services } });
    const asBasic = await ask(clients, { token: services, scheme: 'Basic', body: service });
    expect([inQuery.status, inBody.status, asBasic.status]).toEqual([401, 401, 401]);
  });

  test.each([
    [
      'another type',
      { redirect_uris: [CALLBACK] },
      'application_type: the token registers service, not web; grant_types: the token allows client_credentials, not authorization_code',
    ],
    [
      'another grant',
      { ...service, grant_types: ['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'] },
      'grant_types: the token allows client_credentials, not urn:ietf:params:oauth:grant-type:token-exchange',
    ],
    [
      'an unknown scope',
      { ...service, scope: 'read fly' },
      "scope: 'fly' is no scope that the token allows: admin, read, write",
    ],
  ])('bounds what is registered: %s', async (_case, metadata, description) => {
    const { status, body } = await post(services, metadata);
    expect([status, body]).toEqual([
      400,
      { error: 'invalid_client_metadata', error_description: description },
    ]);
  });

  test('bounds APIs and scopes, whatever policies give', async () => {
    const { token: without } = await initialAccess(acme.causeway, 'acme');
    const stranger = await tokenFor(await register(acme.app.issuer, without, service));
    expect([stranger.status, stranger.json['error']]).toEqual([400, 'invalid_target']);

    const { token: reader } = await initialAccess(acme.causeway, 'acme', { apis: [API], scopes: ['read'] });
    const client = await register(acme.app.issuer, reader, service);
    expect(client['scope']).toBe('read');
    const both = await tokenFor(client, { scope: 'read write' });
    expect(claimsOf(both.json['access_token'])['scope']).toBe('read');
    const refused = await tokenFor(client, { scope: 'write' });
    expect([refused.status, refused.json['error']]).toEqual([400, 'invalid_scope']);
    expect((await post(reader, { ...service, scope: 'write' })).body['error']).toBe(
      'invalid_client_metadata',
    );
  });

  test('a scope that no policy gives is refused, a scope that one gives isn’t', async () => {
    const client = await register(acme.app.issuer, services, { ...service, scope: 'write admin' });
    expect((await tokenFor(client, { scope: 'admin' })).json['error']).toBe('invalid_scope');
    expect((await tokenFor(client, { scope: 'write' })).json['scope']).toBe('write');
    expect((await tokenFor(client, { scope: 'read' })).json['error']).toBe('invalid_scope');
  });
});

describe('A-36 while the tenant is suspended', () => {
  test('nothing is registered, changed or read', async () => {
    await acme.causeway.apply([{ slug: 'closed', name: 'Closed' }]);
    const issuer = acme.app.issuer.replace('acme', 'closed');
    const { token } = await initialAccess(acme.causeway, 'closed');
    const { registration_client_uri: uri, registration_access_token: own } = await register(
      issuer,
      token,
      service,
    );
    await acme.causeway.apply([{ slug: 'closed', status: 'suspended' }]);
    for (const [address, options] of [
      [`${issuer}/oauth2/v1/clients`, { token, body: service }],
      [String(uri), { token: String(own), method: 'GET' }],
    ] as const) {
      const { status, body } = await ask(address, options);
      expect([status, body]).toEqual([
        401,
        { error: 'invalid_token', error_description: 'tenant_suspended' },
      ]);
    }
  });
});
