import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { RunningOktaOrg } from '../../../demo/okta/server.js';
import {
  anOrg,
  assertion,
  ASSERTION_TYPE,
  BAD_CODE,
  basic,
  CLIENT_ID,
  CLIENT_SECRET,
  clientKey,
  refusal,
  type ClientKey,
} from './support.js';

async function orgWithKey(...keys: ClientKey[]): Promise<RunningOktaOrg> {
  const okta = await anOrg();
  const app = okta.org.app(CLIENT_ID);
  app.authMethod = 'private_key_jwt';
  app.jwks = keys.map(({ publicJwk }) => publicJwk);
  return okta;
}
const present = (jwt: string, extra: Readonly<Record<string, string>> = {}) => ({
  client_assertion: jwt,
  client_assertion_type: ASSERTION_TYPE,
  ...extra,
});
const tokenUrl = ({ url }: RunningOktaOrg) => `${url}/oauth2/v1/token`;
const now = () => Math.floor(Date.now() / 1000);

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** A client_secret_jwt assertion. */
function hmacAssertion(secret: string, audience: string): string {
  const claims = { iss: CLIENT_ID, sub: CLIENT_ID, aud: audience, exp: now() + 60 };
  const input = `${encoded({ alg: 'HS256' })}.${encoded(claims)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

describe('client authentication with a key', () => {
  test.each<[string, (issuer: string) => Record<string, unknown>, string]>([
    [
      'aud is the issuer',
      (issuer) => ({ aud: issuer }),
      'The audience claim for client_assertion must be the endpoint invoked for the request.',
    ],
    [
      'aud is a list',
      (issuer) => ({ aud: [`${issuer}/oauth2/v1/token`, issuer] }),
      'The audience claim for client_assertion must be the endpoint invoked for the request.',
    ],
    [
      'aud is another endpoint',
      (issuer) => ({ aud: `${issuer}/oauth2/v1/par` }),
      'The audience claim for client_assertion must be the endpoint invoked for the request.',
    ],
    ['expired', () => ({ exp: now() - 1 }), 'The client_assertion token is expired.'],
    ['no exp', () => ({ exp: undefined }), 'The client_assertion token is expired.'],
    [
      'exp in more than an hour',
      () => ({ exp: now() + 3_700 }),
      'The client_assertion token has an expiration too far into the future.',
    ],
    [
      'iat in the future',
      () => ({ iat: now() + 30 }),
      'The client_assertion token was issued in the future.',
    ],
    [
      'nbf in the future',
      () => ({ nbf: now() + 30 }),
      'The client_assertion token was issued in the future.',
    ],
    [
      'another issuer',
      () => ({ iss: 'someone' }),
      'The issuer and subject of client_assertion must be the client_id.',
    ],
  ])('%s', async (_name, claims, message) => {
    const key = await clientKey('k1');
    const okta = await orgWithKey(key);
    const jwt = await assertion(key, tokenUrl(okta), claims(okta.issuer));
    expect(await refusal(okta, present(jwt, { client_id: CLIENT_ID }))).toEqual([
      401,
      'invalid_client',
      message,
    ]);
  });

  test('is single use by jti, and needs none', async () => {
    const key = await clientKey('k1');
    const okta = await orgWithKey(key);
    const jwt = await assertion(key, tokenUrl(okta));
    expect(await refusal(okta, present(jwt))).toEqual(BAD_CODE);
    expect((await refusal(okta, present(jwt)))[2]).toBe('The client_assertion token has already been used.');
    const without = await assertion(key, tokenUrl(okta), { jti: undefined });
    expect(await refusal(okta, present(without))).toEqual(BAD_CODE);
  });

  test('kid: needed among several keys, free with one, never a wrong one', async () => {
    const [one, two] = [await clientKey('k1'), await clientKey('k2')];
    const okta = await orgWithKey(one);
    const nameless = () => assertion(one, tokenUrl(okta), {}, { kid: undefined });
    expect(await refusal(okta, present(await nameless()))).toEqual(BAD_CODE);
    okta.org.app(CLIENT_ID).jwks.push(two.publicJwk);
    const kidMessage = 'The client_assertion JWT kid is invalid.';
    expect((await refusal(okta, present(await nameless())))[2]).toBe(kidMessage);
    const foreign = await assertion(one, tokenUrl(okta), {}, { kid: 'k3' });
    expect((await refusal(okta, present(foreign)))[2]).toBe(kidMessage);
    const crossed = await assertion(one, tokenUrl(okta), {}, { kid: 'k2' });
    expect((await refusal(okta, present(crossed)))[2]).toBe('The client_assertion signature is invalid.');
    expect(await refusal(okta, present(await assertion(two, tokenUrl(okta))))).toEqual(BAD_CODE);
  });

  test.each<[string, Readonly<Record<string, string>>, string]>([
    ['garbage', { client_assertion: 'x.y' }, 'The client_assertion is not a valid JWT.'],
    ['another type', { client_assertion_type: 'saml' }, 'The client_assertion_type is invalid.'],
  ])('%s', async (_name, form, message) => {
    const key = await clientKey('k1');
    const okta = await orgWithKey(key);
    expect((await refusal(okta, present(await assertion(key, tokenUrl(okta)), form)))[2]).toBe(message);
  });

  test('with a secret beside it', async () => {
    const key = await clientKey('k1');
    const okta = await orgWithKey(key);
    const jwt = await assertion(key, tokenUrl(okta));
    expect((await refusal(okta, present(jwt, { client_secret: 'x' })))[1]).toBe('invalid_request');
    expect((await refusal(okta, present(jwt), basic(CLIENT_SECRET)))[1]).toBe('invalid_request');
  });

  describe('from the jwks_uri of the app', () => {
    let server: Server | undefined;
    afterEach(() => {
      server?.close();
    });

    test('keys are fetched when a kid is new, then kept', async () => {
      const [one, two] = [await clientKey('k1'), await clientKey('k2')];
      let keys = [one.publicJwk];
      let fetches = 0;
      server = createServer((_request, response) => {
        fetches += 1;
        response.setHeader('Content-Type', 'application/json');
        response.end(JSON.stringify({ keys }));
      });
      const port = await new Promise<number>((resolve) => {
        server?.listen(0, '127.0.0.1', () => {
          const address = server?.address();
          resolve(typeof address === 'object' && address !== null ? address.port : 0);
        });
      });
      const okta = await orgWithKey();
      okta.org.app(CLIENT_ID).jwksUri = `http://keys.rp.localhost:${port}/jwks.json`;
      expect(await refusal(okta, present(await assertion(one, tokenUrl(okta))))).toEqual(BAD_CODE);
      expect(await refusal(okta, present(await assertion(one, tokenUrl(okta))))).toEqual(BAD_CODE);
      expect(fetches).toBe(1);
      keys = [one.publicJwk, two.publicJwk];
      expect(await refusal(okta, present(await assertion(two, tokenUrl(okta))))).toEqual(BAD_CODE);
      expect(fetches).toBe(2);
      okta.org.app(CLIENT_ID).jwksUri = `http://127.0.0.1:1/gone`;
      const unknown = await assertion(await clientKey('k9'), tokenUrl(okta));
      expect((await refusal(okta, present(unknown)))[2]).toBe('The client_assertion JWT kid is invalid.');
    });
  });

  test('client_secret_jwt: the secret as HMAC key, if it is long enough', async () => {
    const okta = await anOrg();
    const app = okta.org.app(CLIENT_ID);
    app.authMethod = 'client_secret_jwt';
    const hmac = (secret: string) => hmacAssertion(secret, tokenUrl(okta));
    expect(await refusal(okta, present(hmac(CLIENT_SECRET)))).toEqual(BAD_CODE);
    expect((await refusal(okta, present(hmac('another secret'))))[2]).toBe(
      'The client_assertion signature is invalid.',
    );
    app.secrets = [];
    okta.org.addSecret(CLIENT_ID, 'short');
    expect((await refusal(okta, present(hmac('short'))))[2]).toBe(
      'The client secret is too short to verify a JWT HMAC.',
    );
  });
});
