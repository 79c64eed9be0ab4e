import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DesiredTenant } from '../../src/domain/configuration/desired.js';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import { refresh, signIn } from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { basic, send } from './support/http.js';
import { ask, initialAccess, register, type AskOptions, type ClientAnswer } from './support/registration.js';

const API = 'https://api.acme.example';
const CALLBACK = 'http://localhost:5997/cb';
const NAMED = 'named-by-a-policy';

let acme: Acme;
let ledger: Ledger;
let token: string;

const service = { application_type: 'service', grant_types: ['client_credentials'] };
const web = { application_type: 'web', redirect_uris: [CALLBACK], client_name: 'Wiki' };

const apis: DesiredTenant['apis'] = [{ identifier: API, scopes: [{ name: 'read' }] }];

beforeAll(async () => {
  acme = await startAcme();
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  await acme.causeway.apply([{ slug: 'acme', apis }]);
  token = (
    await initialAccess(acme.causeway, 'acme', {
      types: ['web', 'service'],
      grants: ['authorization_code', 'refresh_token', 'client_credentials'],
      apis: [API],
    })
  ).token;
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});

type Client = ClientAnswer['body'];

const made = (metadata: object): Promise<Client> => register(acme.app.issuer, token, metadata);

const at = (client: Client, options: AskOptions): Promise<ClientAnswer> =>
  ask(String(client['registration_client_uri']), {
    token: String(client['registration_access_token']),
    ...options,
  });

const tokenFor = (client: Client, form: Readonly<Record<string, string>> = {}) =>
  send(`${acme.app.issuer}/oauth2/v1/token`, {
    form: { grant_type: 'client_credentials', resource: API, scope: 'read', ...form },
    headers: { authorization: basic(String(client['client_id']), String(client['client_secret'])) },
  });

/** What a client may send back of what it was told. */
function metadataOf({ client_secret: _secret, registration_access_token: _token, ...rest }: Client): Client {
  return rest;
}

const publicKey = (): object =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });

describe('a registered application reads itself (RFC 7592 section 2.1)', () => {
  test('as it was told, but for the secret (A-74)', async () => {
    const client = await made({ ...service, scope: 'read' });
    const { status, body, text } = await at(client, { method: 'GET' });
    const { client_secret: secret, ...told } = client;
    expect([status, body]).toEqual([200, told]);
    expect(text).not.toContain(String(secret));
    expect((await at(client, { method: 'GET', scheme: 'SSWS' })).status).toBe(200);
  });

  test('nobody else does, and nobody learns which there are', async () => {
    const client = await made(service);
    const other = await made(service);
    const uriOf = (clientId: string): string => `${acme.app.issuer}/oauth2/v1/clients/${clientId}`;
    const asked: [string, string | undefined][] = [
      [String(client['registration_client_uri']), undefined],
      [String(client['registration_client_uri']), token],
      [String(client['registration_client_uri']), String(other['registration_access_token'])],
      [String(client['registration_client_uri']), String(client['client_secret'])],
      [
        String(client['registration_client_uri']).replace('acme', 'globex'),
        String(client['registration_access_token']),
      ],
      [uriOf('grafana'), String(client['registration_access_token'])],
      [uriOf('nobody'), String(client['registration_access_token'])],
      [uriOf('grafana'), token],
    ];
    await acme.causeway.apply([{ slug: 'globex', name: 'Globex' }]);
    for (const [uri, own] of asked)
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const { status, body } = await ask(uri, {
          method,
          ...(own === undefined ? {} : { token: own }),
          ...(method === 'PUT' ? { body: service } : {}),
        });
        expect([uri, method, status, body['error']]).toEqual([uri, method, 401, 'invalid_token']);
        if (own !== undefined)
          expect(body['error_description']).toBe('the token is unknown, expired, or not good for this');
      }
    expect((await at(client, { method: 'GET' })).status).toBe(200);
  });

  test('other methods are none', async () => {
    const client = await made(service);
    const { status, headers } = await at(client, { method: 'PATCH', body: {} });
    expect([status, headers['allow']]).toEqual([405, 'GET, PUT, DELETE']);
  });
});

describe('a registered application replaces itself (RFC 7592 section 2.2)', () => {
  test('what it leaves out is at its default again; secret and token stay', async () => {
    const client = await made({ ...web, post_logout_redirect_uris: ['http://localhost:5997/bye'] });
    const { status, body } = await at(client, {
      method: 'PUT',
      body: { ...metadataOf(client), client_name: 'Wiki 2', post_logout_redirect_uris: null },
    });
    expect(status).toBe(200);
    const { client_secret: _secret, ...told } = client;
    expect(body).toEqual({ ...told, client_name: 'Wiki 2', post_logout_redirect_uris: [] });
    expect((await at(client, { method: 'GET' })).body).toEqual(body);
  });

  test('a new key takes the place of a secret, and a secret is made for who has no key any more', async () => {
    const client = await made(service);
    const keyed = {
      ...metadataOf(client),
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [publicKey()] },
    };
    const changed = await at(client, { method: 'PUT', body: keyed });
    expect([changed.status, changed.body['client_secret']]).toEqual([200, undefined]);
    const other = await made({
      ...service,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [publicKey()] },
    });
    const { jwks: _jwks, token_endpoint_auth_method: _method, ...plain } = metadataOf(other);
    const { body } = await at(other, { method: 'PUT', body: plain });
    expect(body).toMatchObject({ client_secret: expect.any(String), client_secret_expires_at: 0 });
  });

  test('the same again changes nothing', async () => {
    const client = await made(service);
    const version = 'SELECT config_version FROM tenants WHERE slug = $1';
    const [before] = await ledger.rows(version, ['acme']);
    const same = { ...metadataOf(client), client_secret: client['client_secret'] };
    expect((await at(client, { method: 'PUT', body: same })).status).toBe(200);
    expect(await ledger.rows(version, ['acme'])).toEqual([before]);
  });

  test.each<[string, (client: Client) => object, RegExp]>([
    ['no client_id', ({ client_id: _id, ...rest }) => rest, /client_id/],
    [
      'another client_id',
      (client) => ({ ...client, client_id: 'grafana' }),
      /client_id: must be the application's own/,
    ],
    [
      'a secret that isn’t its own',
      (client) => ({ ...client, client_secret: 'x'.repeat(43) }),
      /client_secret: must be the one in force/,
    ],
    [
      'a type beyond the token',
      (client) => ({ ...client, application_type: 'native' }),
      /application_type: the token registers web, service/,
    ],
    [
      'a grant beyond the token',
      (client) => ({
        ...client,
        grant_types: ['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'],
      }),
      /grant_types: the token allows/,
    ],
    ['a scope beyond the token', (client) => ({ ...client, scope: 'admin' }), /scope/],
    [
      'a private key',
      (client) => ({ ...client, jwks: { keys: [{ kty: 'oct', k: 'x' }] } }),
      /private or symmetric/,
    ],
  ])('%s is refused, and nothing changes', async (_case, change, description) => {
    const client = await made(service);
    const { status, body } = await at(client, { method: 'PUT', body: change(metadataOf(client)) });
    expect([status, body['error']]).toEqual([400, 'invalid_client_metadata']);
    expect(body['error_description']).toMatch(description);
    expect((await at(client, { method: 'GET' })).body['client_name']).toBe(client['client_name']);
    expect((await tokenFor(client)).json['error']).not.toBe('invalid_client');
  });

  test('its bounds outlive the token that it was registered by', async () => {
    const { token: narrow } = await initialAccess(acme.causeway, 'acme');
    const client = await register(acme.app.issuer, narrow, service);
    await ledger.rows('DELETE FROM initial_access_tokens WHERE hash = sha256(convert_to($1, $2))', [
      narrow,
      'UTF8',
    ]);
    const wider = { ...web, client_id: client['client_id'] };
    expect((await at(client, { method: 'PUT', body: wider })).status).toBe(400);
    expect((await at(client, { method: 'GET' })).status).toBe(200);
  });
});

describe('a registered application deletes itself (RFC 7592 section 2.3)', () => {
  test('and all that was given through it ends', async () => {
    const client = await made(web);
    const app = {
      issuer: acme.app.issuer,
      clientId: String(client['client_id']),
      clientSecret: String(client['client_secret']),
      redirectUri: CALLBACK,
    };
    await acme.causeway.apply([{ slug: 'acme', applications: [...(acme.tenant.applications ?? [])] }]);
    await ledger.rows(
      `UPDATE applications SET settings = settings || '{"consent":false}' WHERE client_id = $1`,
      [app.clientId],
    );
    await ledger.rows('UPDATE tenants SET config_version = config_version + 1, config_changed_at = now()');
    await acme.causeway.node.directory.refresh();
    const { status, body } = await signIn(new HttpBrowser(), app, ADA);
    expect(status).toBe(200);
    const gone = await at(client, { method: 'DELETE' });
    expect([gone.status, gone.text]).toEqual([204, '']);
    expect((await refresh(app, body['refresh_token'])).body['error']).toBe('invalid_client');
    expect(
      await ledger.rows('SELECT 1 FROM oidc_artifacts WHERE client_id = $1 AND kind = $2', [
        app.clientId,
        'Grant',
      ]),
    ).toEqual([]);
    const [ended] = await ledger.rows<{ body: string }>(
      `SELECT body FROM audit_events WHERE action = 'access.ended' AND body LIKE $1`,
      [`%application:${app.clientId}%`],
    );
    expect(JSON.parse(ended?.body ?? '{}')).toMatchObject({
      reason: 'application_deleted',
      actor: { type: 'application', id: app.clientId },
      details: { grants: 1 },
    });
    for (const method of ['GET', 'DELETE']) expect((await at(client, { method })).status).toBe(401);
  });

  test('policies forget its name: who takes it later inherits nothing', async () => {
    const client = await made({ ...service, client_id: NAMED });
    const grants = ['client_credentials'] as const;
    await acme.causeway.apply([
      {
        slug: 'acme',
        accessPolicies: [
          { api: API, clients: [NAMED, 'grafana'], grants, scopes: ['read'] },
          { api: API, clients: [NAMED], grants, scopes: [] },
        ],
      },
    ]);
    expect((await tokenFor(client)).status).toBe(200);
    expect((await at(client, { method: 'DELETE' })).status).toBe(204);
    expect(await ledger.rows('SELECT clients FROM access_policies')).toEqual([{ clients: ['grafana'] }]);
    const successor = await made({ ...service, client_id: NAMED });
    expect((await tokenFor(successor)).json['error']).toBe('invalid_target');
    // Files that say nothing of policies still apply.
    await acme.causeway.apply([{ slug: 'acme', name: 'Acme' }]);
  });
});

const operators = (): DesiredTenant['applications'] => acme.tenant.applications ?? [];

describe('an operator’s file', () => {
  test('leaves registered applications alone, though its list is complete', async () => {
    const client = await made(service);
    const outcome = await acme.causeway.apply([{ slug: 'acme', applications: operators() ?? [] }], false);
    expect(outcome.outcome === 'applied' && outcome.changes).toEqual([]);
    expect((await at(client, { method: 'GET' })).status).toBe(200);
  });

  test('takes one over by naming it: its own token dies, its secret stays', async () => {
    const client = await made({ ...service, client_id: 'adopted' });
    const policy = { api: API, clients: ['adopted'], grants: ['client_credentials'], scopes: ['read'] };
    const outcome = await acme.causeway.apply([
      {
        slug: 'acme',
        applications: [...(operators() ?? []), { clientId: 'adopted', apis: [API] }],
        accessPolicies: [policy],
      },
    ]);
    expect(
      outcome.outcome === 'applied' && outcome.changes.filter(({ kind }) => kind === 'application'),
    ).toEqual([
      expect.objectContaining({
        action: 'update',
        key: 'adopted',
        changes: ['source'],
        before: { source: 'registration' },
        after: { source: 'operator' },
      }),
    ]);
    for (const method of ['GET', 'PUT', 'DELETE'])
      expect(
        (await at(client, { method, ...(method === 'PUT' ? { body: metadataOf(client) } : {}) })).status,
      ).toBe(401);
    expect((await tokenFor(client)).status).toBe(200);
    const [row] = await ledger.rows(
      'SELECT registration_token_hash, registration_bounds FROM applications WHERE client_id = $1',
      ['adopted'],
    );
    expect(row).toEqual({ registration_token_hash: null, registration_bounds: null });
    await acme.causeway.apply([{ slug: 'acme', applications: operators() ?? [], accessPolicies: [] }]);
  });

  test('deletes an API that registered applications may ask for', async () => {
    const client = await made(service);
    await acme.causeway.apply([{ slug: 'acme', apis: [] }]);
    const [row] = await ledger.rows('SELECT settings, source FROM applications WHERE client_id = $1', [
      client['client_id'],
    ]);
    expect(row).toMatchObject({ source: 'registration', settings: { apis: [] } });
    expect((await at(client, { method: 'GET' })).status).toBe(200);
    await acme.causeway.apply([{ slug: 'acme', apis: apis ?? [] }]);
  });
});
