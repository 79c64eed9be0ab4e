import { createHash, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey as JoseKey, type JWK } from 'jose';
import { APP_SECRET, startAcme, type Acme } from '../support/acme.js';
import { claimsOf } from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import type { TestNode } from '../support/node.js';
import { basic, send, type Answer, type SendOptions } from './support/http.js';

const API = 'https://api.acme.example';
const ODD_SECRET = 'p+%20:&= "x"~\\secret-of-32-chars?';
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

let acme: Acme;
let sibling: TestNode;
let ledger: Ledger;
let privateKey: JoseKey;
let keyServer: Server;
/** What the key server answers next. */
let served: unknown;

beforeAll(async () => {
  acme = await startAcme();
  sibling = await acme.causeway.sibling();
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  const pair = await generateKeyPair('ES256');
  privateKey = pair.privateKey;
  const jwk: JWK = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
  served = { keys: [jwk] };
  keyServer = createServer((_request, response) =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify(served)),
  ).listen(0, '127.0.0.1');
  await new Promise((resolve) => keyServer.once('listening', resolve));
  const jwksUri = `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}/keys`;
  const service = { type: 'service', apis: [API] } as const;
  const keyed = {
    ...service,
    tokenEndpointAuthMethod: 'private_key_jwt',
    jwks: { keys: [{ ...jwk }] },
  } as const;
  await acme.causeway.apply([
    {
      slug: 'acme',
      apis: [{ identifier: API, scopes: [{ name: 'read', default: true }], default: true }],
      accessPolicies: [{ api: API, clients: 'all', grants: ['client_credentials'], scopes: ['read'] }],
      applications: [
        { ...service, clientId: 'bot', clientSecret: APP_SECRET },
        { ...service, clientId: 'odd', clientSecret: ODD_SECRET },
        {
          ...service,
          clientId: 'posts',
          clientSecret: APP_SECRET,
          tokenEndpointAuthMethod: 'client_secret_post',
        },
        { ...keyed, clientId: 'keyed' },
        { ...keyed, clientId: 'keyed-too' },
        { ...keyed, clientId: 'strict', profile: 'ipsie' },
        { ...keyed, clientId: 'fetched', jwks: null, jwksUri },
        { ...keyed, clientId: 'fetched-large', jwks: null, jwksUri: `${jwksUri}?large` },
        { clientId: 'spa', type: 'spa', redirectUris: ['https://spa.example/cb'] },
      ],
    },
    {
      slug: 'globex',
      name: 'Globex',
      applications: [{ ...keyed, apis: [], clientId: 'keyed' }],
    },
  ]);
});
afterAll(async () => {
  keyServer.closeAllConnections();
  keyServer.close();
  await ledger.close();
  await acme.stop();
});

const endpoint = (name: string): string => `${acme.app.issuer}/oauth2/v1/${name}`;

const askToken = (form: Readonly<Record<string, string>>, options: SendOptions = {}): Promise<Answer> =>
  send(endpoint('token'), { ...options, form: { grant_type: 'client_credentials', ...form } });

const withHeader = (authorization: string): Promise<Answer> => askToken({}, { headers: { authorization } });

const raw = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('A-63: a client secret', () => {
  test.each([
    ['in the header', () => withHeader(basic('bot', APP_SECRET))],
    ['in the body', () => askToken({ client_id: 'bot', client_secret: APP_SECRET })],
    ['in the header, registered for the body', () => withHeader(basic('posts', APP_SECRET))],
    [
      'in the body, registered for the body',
      () => askToken({ client_id: 'posts', client_secret: APP_SECRET }),
    ],
    ['of odd characters in the header, form-encoded', () => withHeader(basic('odd', ODD_SECRET))],
    ['of odd characters in the body', () => askToken({ client_id: 'odd', client_secret: ODD_SECRET })],
  ])('opens %s', async (_case, ask) => {
    expect((await ask()).status).toBe(200);
  });

  test.each<[string, () => Promise<Answer>, number]>([
    ['a wrong secret', () => withHeader(basic('bot', 'wrong')), 401],
    ['the secret in another case', () => withHeader(basic('bot', APP_SECRET.toUpperCase())), 401],
    ['the secret and a space', () => withHeader(basic('bot', `${APP_SECRET} `)), 401],
    ['a part of the secret', () => withHeader(basic('bot', APP_SECRET.slice(1))), 401],
    ['another application’s secret', () => withHeader(basic('odd', APP_SECRET)), 401],
    ['its hash', () => withHeader(basic('bot', createHash('sha256').update(APP_SECRET).digest('hex'))), 401],
    ['an unknown application', () => withHeader(basic('nobody', APP_SECRET)), 401],
    ['the application in another case', () => withHeader(basic('BOT', APP_SECRET)), 401],
    ['no secret in the header', () => withHeader(raw('bot:')), 400],
    ['no colon in the header', () => withHeader(raw('bot')), 400],
    [
      'characters that are not encoded',
      () => withHeader(raw(`odd:${ODD_SECRET.replace('%20', '%zz')}`)),
      400,
    ],
    ['a control character', () => withHeader(raw(`bot:${APP_SECRET}%0a`)), 400],
    ['no base64', () => withHeader('Basic ***'), 400],
    ['another scheme', () => withHeader(`Bearer ${APP_SECRET}`), 400],
    ['two words', () => withHeader(`${basic('bot', APP_SECRET)} x`), 400],
    ['nothing at all', () => askToken({}), 400],
    ['no secret in the body', () => askToken({ client_id: 'bot' }), 401],
    ['an empty secret in the body', () => askToken({ client_id: 'bot', client_secret: '' }), 401],
    [
      'header and body',
      () =>
        askToken(
          { client_id: 'bot', client_secret: APP_SECRET },
          { headers: { authorization: basic('bot', APP_SECRET) } },
        ),
      400,
    ],
    [
      'two applications',
      () => askToken({ client_id: 'odd' }, { headers: { authorization: basic('bot', APP_SECRET) } }),
      400,
    ],
    [
      'the secret in the query',
      () =>
        send(`${endpoint('token')}?client_id=bot&client_secret=${APP_SECRET}`, {
          form: { grant_type: 'client_credentials' },
        }),
      400,
    ],
    [
      'the secret in the query, the name in the body',
      () =>
        send(`${endpoint('token')}?client_secret=${APP_SECRET}`, {
          form: { grant_type: 'client_credentials', client_id: 'bot' },
        }),
      401,
    ],
    ['a key’s holder with a secret', () => withHeader(basic('keyed', APP_SECRET)), 401],
    ['a key’s holder with nothing', () => askToken({ client_id: 'keyed' }), 401],
    ['a public application with a secret', () => withHeader(basic('spa', APP_SECRET)), 401],
  ])('refuses %s', async (_case, ask, status) => {
    const answer = await ask();
    expect([answer.status, answer.json['error']]).toEqual([
      status,
      status === 401 ? 'invalid_client' : 'invalid_request',
    ]);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.text).not.toContain(APP_SECRET);
  });

  test('RFC 6749 5.2: who tried by the header is told how', async () => {
    const { headers } = await withHeader(basic('bot', 'wrong'));
    expect(headers['www-authenticate']).toContain('Basic realm=');
  });

  test.each(['introspect', 'revoke', 'par'])('is asked for at %s too', async (name) => {
    const answer = await send(endpoint(name), {
      form: { token: 'x' },
      headers: { authorization: basic('bot', 'wrong') },
    });
    expect([answer.status, answer.json['error']]).toEqual([401, 'invalid_client']);
  });

  test('given twice in the body is refused', async () => {
    const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: 'bot' });
    for (const secret of [APP_SECRET, 'other']) form.append('client_secret', secret);
    expect((await send(endpoint('token'), { form })).json['error']).toBe('invalid_request');
  });

  test('two open at the same time, so that one can be replaced without a gap (B15)', async () => {
    await ledger.rows(
      `INSERT INTO application_secrets (tenant_id, id, application_id, hash)
      SELECT tenant_id, gen_random_uuid(), id, sha256($1::bytea) FROM applications WHERE client_id = 'bot'`,
      [Buffer.from('the-second-secret-of-32-characters')],
    );
    await ledger.rows('UPDATE tenants SET config_version = config_version + 1, config_changed_at = now()');
    await acme.causeway.node.directory.refresh();
    for (const secret of [APP_SECRET, 'the-second-secret-of-32-characters'])
      expect((await withHeader(basic('bot', secret))).status).toBe(200);
    expect((await withHeader(basic('bot', 'a-third-secret'))).status).toBe(401);
  });
});

const now = (): number => Math.floor(Date.now() / 1000);

interface AssertionOptions {
  readonly clientId?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly key?: JoseKey | Uint8Array;
  readonly header?: Readonly<Record<string, unknown>>;
}

/** A client assertion (RFC 7523) as it should be, but for what the test changes; `undefined` takes a claim away. */
async function assertion({
  clientId = 'keyed',
  claims,
  key,
  header,
}: AssertionOptions = {}): Promise<string> {
  const usual = {
    iss: clientId,
    sub: clientId,
    aud: acme.app.issuer,
    jti: randomUUID(),
    iat: now(),
    exp: now() + 60,
  };
  const payload = Object.fromEntries(
    Object.entries({ ...usual, ...claims }).filter(([, value]) => value !== undefined),
  );
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'ES256', kid: 'k1', ...header })
    .sign(key ?? privateKey);
}

const present = (token: string, options: SendOptions = {}): Promise<Answer> =>
  askToken({ client_assertion_type: ASSERTION, client_assertion: token }, options);

describe('A-62: a client assertion', () => {
  test.each([
    ['the issuer as its audience', {}],
    ['the endpoint as its audience (Okta’s rule)', { aud: 'endpoint' }],
  ])('opens with %s', async (_case, claims) => {
    const aud = 'aud' in claims ? endpoint('token') : acme.app.issuer;
    const { status, json } = await present(await assertion({ claims: { aud } }));
    expect([status, claimsOf(json['access_token'])['sub']]).toEqual([200, 'keyed']);
  });

  test.each([
    ['a list with the issuer', () => [acme.app.issuer]],
    ['a list of two', () => [acme.app.issuer, 'https://evil.example']],
    ['another tenant’s issuer', () => acme.app.issuer.replace('acme', 'globex')],
    ['another tenant’s endpoint', () => endpoint('token').replace('acme', 'globex')],
    ['another endpoint', () => endpoint('introspect')],
    ['the issuer with a slash', () => `${acme.app.issuer}/`],
    ['the origin', () => acme.causeway.url],
    ['another host', () => 'http://evil.example/t/acme'],
    ['the application itself', () => 'keyed'],
    ['nothing', () => undefined],
  ])('is refused for another audience: %s', async (_case, aud) => {
    const answer = await present(await assertion({ claims: { aud: aud() } }), {
      headers: { 'x-forwarded-host': 'evil.example' },
    });
    expect([answer.status, answer.json['error']]).toEqual([401, 'invalid_client']);
  });

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['no exp', { exp: undefined }],
    ['an exp long ahead', { exp: now() + 3_600 }],
    ['an exp that has passed', { exp: now() - 120 }],
    ['no jti', { jti: undefined }],
    ['no iss', { iss: undefined }],
    ['another iss', { iss: 'keyed-too' }],
    ['no sub', { sub: undefined }],
    ['another sub', { sub: 'keyed-too' }],
    ['an nbf that has not come', { nbf: now() + 600 }],
  ])('is refused with %s', async (_case, claims) => {
    const answer = await present(await assertion({ claims }));
    expect([answer.status, answer.json['error']]).toEqual([401, 'invalid_client']);
  });

  test('is refused unsigned, signed by another key, or by the public key taken for a secret', async () => {
    const stranger = (await generateKeyPair('ES256')).privateKey;
    const claims = { iss: 'keyed', sub: 'keyed', aud: acme.app.issuer, jti: randomUUID(), exp: now() + 60 };
    const publicText = new TextEncoder().encode(JSON.stringify(served));
    const refused = [
      new UnsecuredJWT(claims).encode(),
      await assertion({ key: stranger }),
      await assertion({ key: publicText, header: { alg: 'HS256' } }),
      await assertion({ header: { kid: 'k2' }, key: stranger }),
      'not.a.jwt',
    ];
    for (const token of refused) {
      const { status, json } = await present(token);
      expect(status === 401 || status === 400).toBe(true);
      expect(json['access_token']).toBeUndefined();
    }
  });

  test('its type must be named', async () => {
    const token = await assertion();
    for (const type of ['', 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer'])
      expect((await askToken({ client_assertion: token, client_assertion_type: type })).status).toBe(400);
  });

  test('is used once', async () => {
    const token = await assertion();
    expect((await present(token)).status).toBe(200);
    const again = await present(token, { through: sibling.url });
    expect([again.status, again.json['error']]).toEqual([401, 'invalid_client']);
    const elsewhere = await send(endpoint('introspect'), {
      form: { client_assertion_type: ASSERTION, client_assertion: token, token: 'x' },
    });
    expect(elsewhere.status).toBe(401);
  });

  test('is used once, of 20 at the same time on two nodes', async () => {
    const token = await assertion();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        present(token, index % 2 === 0 ? {} : { through: sibling.url }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200).length).toBe(1);
    expect(answers.filter(({ status }) => status === 401).length).toBe(19);
  });

  test('its jti is its application’s: another application or tenant may have the same', async () => {
    const jti = randomUUID();
    expect((await present(await assertion({ claims: { jti } }))).status).toBe(200);
    expect((await present(await assertion({ clientId: 'keyed-too', claims: { jti } }))).status).toBe(200);
    const issuer = acme.app.issuer.replace('acme', 'globex');
    const there = await send(`${issuer}/oauth2/v1/introspect`, {
      form: {
        client_assertion_type: ASSERTION,
        client_assertion: await assertion({ claims: { jti, aud: issuer } }),
        token: 'x',
      },
    });
    expect([there.status, there.json]).toEqual([200, { active: false }]);
  });

  test.each([
    ['the issuer', () => acme.app.issuer, 200],
    ['the endpoint', () => endpoint('token'), 401],
  ])('under IPSIE names %s: %s', async (_case, aud, status) => {
    const token = await assertion({ clientId: 'strict', claims: { aud: aud() } });
    expect((await present(token)).status).toBe(status);
  });
});

describe('an application’s keys by address', () => {
  test('are fetched', async () => {
    expect((await present(await assertion({ clientId: 'fetched' }))).status).toBe(200);
  });

  test('A-46: but not without end', async () => {
    served = { ...(served as object), padding: 'x'.repeat(70 * 1024) };
    const answer = await present(await assertion({ clientId: 'fetched-large' }));
    expect([answer.status, answer.json['error']]).toEqual([401, 'invalid_client']);
  });
});
