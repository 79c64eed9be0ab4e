import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey as JoseKey, type JWK } from 'jose';
import * as client from 'openid-client';
import { startAcme, type Acme } from '../support/acme.js';
import { claimsOf } from '../support/application.js';
import { send, type Answer } from './support/http.js';
import { ask, initialAccess, register } from './support/registration.js';

const API = 'https://metadata.acme.example';
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

let acme: Acme;
let token: string;

beforeAll(async () => {
  acme = await startAcme();
  await acme.causeway.apply([
    {
      slug: 'acme',
      apis: [
        {
          identifier: API,
          scopes: [{ name: 'ingest', default: true }, { name: 'lineage' }, { name: 'admin' }],
        },
      ],
      accessPolicies: [
        { api: API, clients: 'all', grants: ['client_credentials'], scopes: ['ingest', 'lineage'] },
      ],
    },
    { slug: 'globex', name: 'Globex' },
  ]);
  ({ token } = await initialAccess(acme.causeway, 'acme', { apis: [API] }));
});
afterAll(() => acme.stop());

interface Pair {
  readonly privateKey: JoseKey;
  readonly jwk: JWK;
}

async function keyPair(kid: string, alg: 'ES256' | 'RS256' = 'ES256'): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** As OpenMetadata registers its bots. */
const botMetadata = (jwk: JWK) => ({
  client_name: 'ingestion-bot',
  application_type: 'service',
  grant_types: ['client_credentials'],
  response_types: ['token'],
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: { keys: [jwk] },
});

describe('a service bot with a key pair', () => {
  test.each(['ES256', 'RS256'] as const)(
    'registers, gets a token for its API, and the API asks about it: openid-client, %s',
    async (alg) => {
      const { privateKey, jwk } = await keyPair('bot-1', alg);
      const config = await client.dynamicClientRegistration(
        new URL(acme.app.issuer),
        botMetadata(jwk),
        client.PrivateKeyJwt({ key: privateKey, kid: 'bot-1' }),
        { initialAccessToken: token, execute: [client.allowInsecureRequests] },
      );
      const { client_id: clientId, client_secret: secret } = config.clientMetadata();
      expect([typeof clientId, secret]).toEqual(['string', undefined]);

      const tokens = await client.clientCredentialsGrant(config, { scope: 'ingest lineage', resource: API });
      expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 300, scope: 'ingest lineage' });
      expect(claimsOf(tokens.access_token)).toMatchObject({
        iss: acme.app.issuer,
        aud: API,
        sub: clientId,
        client_id: clientId,
        scope: 'ingest lineage',
      });
      expect(await client.tokenIntrospection(config, tokens.access_token)).toMatchObject({
        active: true,
        client_id: clientId,
        scope: 'ingest lineage',
      });
      await client.tokenRevocation(config, tokens.access_token);
      expect(await client.tokenIntrospection(config, tokens.access_token)).toEqual({ active: false });

      await expect(
        client.clientCredentialsGrant(config, { scope: 'admin', resource: API }),
      ).rejects.toMatchObject({ error: 'invalid_scope', status: 400 });
      await expect(
        client.clientCredentialsGrant(config, { resource: 'https://nobody.example' }),
      ).rejects.toMatchObject({ error: 'invalid_target', status: 400 });
    },
  );

  test('replaces its key by itself: the old one is worth nothing from then on', async () => {
    const [old, fresh] = [await keyPair('old'), await keyPair('fresh')];
    const information = await register(acme.app.issuer, token, botMetadata(old.jwk));
    const clientId = String(information['client_id']);
    expect((await grant(clientId, old)).status).toBe(200);
    const { status } = await ask(String(information['registration_client_uri']), {
      method: 'PUT',
      token: String(information['registration_access_token']),
      body: { ...botMetadata(fresh.jwk), client_id: clientId },
    });
    expect(status).toBe(200);
    const answers = [await grant(clientId, old), await grant(clientId, fresh)];
    expect(answers.map((answer) => answer.status)).toEqual([401, 200]);
  });
});

/** Until it is so; a set of keys is fetched again every five seconds at most. */
async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error('it never was');
    await sleep(250);
  }
}

const now = (): number => Math.floor(Date.now() / 1000);

const assertion = (clientId: string, { privateKey, jwk }: Pair, claims: object = {}): Promise<string> =>
  new SignJWT({
    iss: clientId,
    sub: clientId,
    aud: acme.app.issuer,
    jti: randomUUID(),
    iat: now(),
    exp: now() + 60,
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256', kid: jwk.kid ?? '' })
    .sign(privateKey);

const present = (proof: string): Promise<Answer> =>
  send(`${acme.app.issuer}/oauth2/v1/token`, {
    form: {
      grant_type: 'client_credentials',
      resource: API,
      client_assertion_type: ASSERTION,
      client_assertion: proof,
    },
  });

const grant = async (clientId: string, pair: Pair, claims: object = {}): Promise<Answer> =>
  present(await assertion(clientId, pair, claims));

describe('A-62: the assertion of a registered bot', () => {
  test('is used once', async () => {
    const pair = await keyPair('once');
    const { client_id: clientId } = await register(acme.app.issuer, token, botMetadata(pair.jwk));
    const proof = await assertion(String(clientId), pair);
    const answers = [await present(proof), await present(proof)];
    expect(answers.map(({ status, json }) => [status, json['error']])).toEqual([
      [200, undefined],
      [401, 'invalid_client'],
    ]);
  });

  test.each<[string, () => object]>([
    ['a list as audience', () => ({ aud: [acme.app.issuer] })],
    ['two audiences', () => ({ aud: [acme.app.issuer, 'https://elsewhere.example'] })],
    ['another tenant’s issuer', () => ({ aud: acme.app.issuer.replace('acme', 'globex') })],
    ['an end too far ahead', () => ({ exp: now() + 3_600 })],
    ['an end that has passed', () => ({ exp: now() - 120 })],
    ['another application', () => ({ iss: 'grafana', sub: 'grafana' })],
    ['no jti', () => ({ jti: undefined })],
  ])('is refused with %s', async (_case, claims) => {
    const pair = await keyPair('strict');
    const { client_id: clientId } = await register(acme.app.issuer, token, botMetadata(pair.jwk));
    const { status, json } = await grant(String(clientId), pair, claims());
    expect([status, json['error']]).toEqual([401, 'invalid_client']);
  });

  test('opens nothing at another tenant, where it registered with the same name', async () => {
    const pair = await keyPair('both');
    const named = { ...botMetadata(pair.jwk), client_id: 'same-name' };
    await register(acme.app.issuer, token, named);
    const elsewhere = acme.app.issuer.replace('acme', 'globex');
    const there = await initialAccess(acme.causeway, 'globex');
    await register(elsewhere, there.token, { ...named, jwks: { keys: [(await keyPair('both')).jwk] } });
    const { status } = await send(`${elsewhere}/oauth2/v1/introspect`, {
      form: {
        client_assertion_type: ASSERTION,
        client_assertion: await assertion('same-name', pair, { aud: elsewhere }),
        token: 'x',
      },
    });
    expect(status).toBe(401);
  });
});

describe('A-46: a bot whose keys are at jwks_uri', () => {
  let server: Server;
  let served: readonly JWK[] = [];
  let fetches = 0;
  let uri: string;

  beforeAll(async () => {
    server = createServer((_request, response) => {
      fetches += 1;
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: served }));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const { jwks: _jwks, ...metadata } = botMetadata({ kty: 'EC' });

  test('rotates them; neither registering nor known keys fetch, and unknown ones do so rarely', async () => {
    const [first, second] = [await keyPair('first'), await keyPair('second')];
    served = [first.jwk];
    const { client_id: id } = await register(acme.app.issuer, token, { ...metadata, jwks_uri: uri });
    const clientId = String(id);
    expect(fetches).toBe(0);
    for (let time = 0; time < 5; time += 1) expect((await grant(clientId, first)).status).toBe(200);
    expect(fetches).toBe(1);

    served = [second.jwk];
    await eventually(async () => (await grant(clientId, second)).status === 200);
    expect(fetches).toBe(2);
    expect((await grant(clientId, first)).status).toBe(401);

    const [before, begun] = [fetches, Date.now()];
    const stranger = await keyPair('nobody-s');
    const answers = await Promise.all(Array.from({ length: 20 }, () => grant(clientId, stranger)));
    expect(answers.filter(({ status }) => status === 401).length).toBe(20);
    expect(fetches - before).toBeLessThanOrEqual(Math.ceil((Date.now() - begun) / 5_000) + 1);
    expect((await grant(clientId, second)).status).toBe(200);
  }, 120_000);
});
