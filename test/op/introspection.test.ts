import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateKeyPair, SignJWT } from 'jose';
import { ADA, APP_SECRET, startAcme, type Acme } from '../support/acme.js';
import {
  authorizationRequest,
  claimsOf,
  post,
  redeem,
  refresh,
  walk,
  type TestApplication,
  type TokenAnswer,
} from '../support/application.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { addOrganization, type Organization } from '../support/organization.js';
import { Ledger } from '../support/ledger.js';
import { send } from './support/http.js';

const API = 'https://api.acme.example';
let acme: Acme;
let globex: Organization;
let ledger: Ledger;
let app: TestApplication;
let other: TestApplication;
let bot: TestApplication;
const browser = new HttpBrowser();

beforeAll(async () => {
  acme = await startAcme();
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  const web = {
    type: 'web',
    clientSecret: APP_SECRET,
    redirectUris: ['https://app.example/cb'],
    apis: [API],
  } as const;
  const tenant = {
    apis: [{ identifier: API, scopes: [{ name: 'read', default: true }] }],
    accessPolicies: [
      {
        api: API,
        clients: 'all',
        grants: ['authorization_code', 'refresh_token', 'client_credentials'],
        scopes: ['read'],
      },
    ],
    applications: [
      { ...web, clientId: 'app' },
      { ...web, clientId: 'other' },
      { ...web, clientId: 'ed', idTokenAlg: 'EdDSA' },
      { clientId: 'bot', type: 'service', clientSecret: APP_SECRET, apis: [API] },
      { clientId: 'spa', type: 'spa', redirectUris: ['https://spa.example/cb'], apis: [API] },
    ],
  } as const;
  await acme.causeway.apply([{ slug: 'acme', ...tenant }]);
  globex = await addOrganization(acme, 'globex', { okta: { users: [{ login: ADA.username }] }, tenant });
  app = {
    issuer: acme.app.issuer,
    clientId: 'app',
    clientSecret: APP_SECRET,
    redirectUri: 'https://app.example/cb',
  };
  other = { ...app, clientId: 'other' };
  bot = { ...app, clientId: 'bot' };
});
afterAll(async () => {
  await ledger.close();
  await globex.stop();
  await acme.stop();
});

type Body = TokenAnswer['body'];

async function tokens(
  params: Readonly<Record<string, string | undefined>> = {},
  application = app,
  from = browser,
): Promise<Body> {
  const request = authorizationRequest(application, params);
  const { end } = await walk(from, application, request.url, ADA);
  return (await redeem(application, end?.searchParams.get('code') ?? '', request.verifier)).body;
}

const introspect = async (token: unknown, application = app, hint?: string): Promise<Body> => {
  const answer = await post(application, 'introspect', {
    token: String(token),
    ...(hint === undefined ? {} : { token_type_hint: hint }),
  });
  expect(answer.status).toBe(200);
  return answer.body;
};

const revoke = (token: unknown, application = app): Promise<TokenAnswer> =>
  post(application, 'revoke', { token: String(token) });

const INACTIVE = { active: false };
const JWT = { resource: API, scope: 'openid offline_access read' };

describe('introspection (RFC 7662)', () => {
  test('tells of an opaque token what it is for and about whom', async () => {
    const { access_token: token, id_token: idToken } = await tokens();
    const { sub, sid, auth_time: authTime } = claimsOf(idToken);
    expect(await introspect(token)).toEqual({
      active: true,
      token_type: 'Bearer',
      scope: 'openid profile email offline_access',
      client_id: 'app',
      iss: app.issuer,
      sub,
      sid,
      auth_time: authTime,
      amr: ['pwd'],
      iat: expect.any(Number),
      exp: expect.any(Number),
      tenant: 'acme',
      idp: 'okta',
      roles: ['admin'],
    });
  });

  test('tells of a JWT what the JWT says', async () => {
    const { access_token: token } = await tokens(JWT);
    const { jti: _jti, ...claims } = claimsOf(token);
    expect(await introspect(token)).toMatchObject({ ...claims, active: true, token_type: 'Bearer' });
  });

  test('tells of a JWT signed by another algorithm of the issuer', async () => {
    const ed = { ...app, clientId: 'ed' };
    const { access_token: token } = await tokens(JWT, ed);
    expect(await introspect(token, ed)).toMatchObject({ active: true, aud: API });
  });

  test('tells of a refresh token and of a service’s token', async () => {
    const { refresh_token: token } = await tokens();
    const told = await introspect(token);
    expect(told).toMatchObject({ active: true, client_id: 'app' });
    expect(told).not.toHaveProperty('token_type');
    const { body } = await post(bot, 'token', { grant_type: 'client_credentials', resource: API });
    const ofBot = await introspect(body['access_token'], bot);
    expect(ofBot).toMatchObject({ active: true, aud: API, client_id: 'bot', scope: 'read', tenant: 'acme' });
    expect(ofBot).not.toHaveProperty('roles');
  });

  test.each(['access_token', 'refresh_token', 'nonsense'])(
    'a wrong hint leads nobody astray: %s',
    async (hint) => {
      const body = await tokens();
      for (const token of [body['access_token'], body['refresh_token']])
        expect((await introspect(token, app, hint))['active']).toBe(true);
    },
  );

  test.each([
    ['text', () => 'x'],
    ['the size of a token', () => 'x'.repeat(43)],
    ['two dots', () => 'a.b.c'],
    ['a handle of ours', () => 'jwt:a.b.c'],
    ['an ID Token', (body: Body) => body['id_token']],
    ['a code', (body: Body) => `${String(body['access_token'])}x`],
    ['a JWT with another signature', (body: Body) => `${String(body['access_token']).slice(0, -6)}AAAAAA`],
    [
      'a JWT without a signature',
      (body: Body) => `${String(body['access_token']).split('.').slice(0, 2).join('.')}.`,
    ],
    ['a huge text', () => 'x'.repeat(40_000)],
  ])('knows nothing of %s', async (_case, choose) => {
    expect(await introspect(choose(await tokens(JWT)))).toEqual(INACTIVE);
  });

  test('A-67: knows nothing of a JWT that another key made, though it says the same', async () => {
    const { access_token: token } = await tokens(JWT);
    const [header] = String(token).split('.');
    const { kid } = JSON.parse(Buffer.from(header ?? '', 'base64url').toString()) as { kid: string };
    const { privateKey } = await generateKeyPair('RS256');
    const forged = await new SignJWT({ ...claimsOf(token) })
      .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid })
      .sign(privateKey);
    expect(await introspect(forged)).toEqual(INACTIVE);
  });

  test('A-67: knows nothing of another tenant’s tokens', async () => {
    const there = { ...app, issuer: globex.app.issuer };
    for (const params of [{}, JWT]) {
      const body = await tokens(params);
      for (const token of [body['access_token'], body['refresh_token']])
        expect(await introspect(token, there)).toEqual(INACTIVE);
    }
  });

  test('A-65: tells an application of its own tokens only', async () => {
    for (const params of [{}, JWT]) {
      const body = await tokens(params);
      for (const token of [body['access_token'], body['refresh_token']])
        for (const stranger of [other, bot]) expect(await introspect(token, stranger)).toEqual(INACTIVE);
    }
    const { status, json } = await send(`${app.issuer}/oauth2/v1/introspect`, { form: { token: 'x' } });
    expect([status, json['error']]).toEqual([400, 'invalid_request']);
  });

  test('a public application may ask about its own', async () => {
    const spa = { issuer: app.issuer, clientId: 'spa', redirectUri: 'https://spa.example/cb' };
    const body = await tokens({}, spa);
    expect((await introspect(body['access_token'], spa))['active']).toBe(true);
    expect(await introspect((await tokens())['access_token'], spa)).toEqual(INACTIVE);
  });

  test('B2 a public application may be named as Okta’s library does it: a Basic header without a secret', async () => {
    const spa = { issuer: app.issuer, clientId: 'spa', redirectUri: 'https://spa.example/cb' };
    const { access_token: token } = await tokens({}, spa);
    const named = (name: string, form: Readonly<Record<string, string>> = {}) =>
      send(`${app.issuer}/oauth2/v1/introspect`, {
        headers: { authorization: `Basic ${Buffer.from(name).toString('base64')}` },
        form: { token: String(token), ...form },
      });
    expect((await named('spa')).json['active']).toBe(true);
    expect((await named('spa', { client_id: 'spa' })).json['active']).toBe(true);
    for (const [name, form] of [['spa', { client_id: 'other' }], ['\u0001']] as const)
      expect((await named(name, form)).status).toBe(400);
    // Whoever has a secret isn't let in by a name.
    const refused = await named(app.clientId);
    expect([refused.status, refused.json['error']]).toEqual([401, 'invalid_client']);
  });

  test('a token whose time is over is inactive', async () => {
    const opaque = await tokens();
    const jwt = await tokens(JWT);
    await ledger.rows(`UPDATE oidc_artifacts SET expires_at = now() - interval '1 s' WHERE kind <> 'Grant'`);
    await ledger.rows(`UPDATE access_token_records SET expires_at = now() - interval '1 s'`);
    for (const token of [opaque['access_token'], opaque['refresh_token'], jwt['access_token']])
      expect(await introspect(token)).toEqual(INACTIVE);
  });
});

describe('revocation (RFC 7009)', () => {
  test.each(['access_token', 'refresh_token'])('of an opaque grant’s %s ends all of it', async (which) => {
    const body = await tokens({}, app, new HttpBrowser());
    const answer = await revoke(body[which]);
    expect([answer.status, answer.body]).toEqual([200, {}]);
    for (const token of [body['access_token'], body['refresh_token']])
      expect(await introspect(token)).toEqual(INACTIVE);
    expect((await refresh(app, body['refresh_token'])).status).toBe(400);
  });

  test('of a JWT ends it and its grant', async () => {
    const body = await tokens(JWT, app, new HttpBrowser());
    expect((await revoke(body['access_token'])).status).toBe(200);
    for (const token of [body['access_token'], body['refresh_token']])
      expect(await introspect(token)).toEqual(INACTIVE);
  });

  test('of a refresh token ends the JWTs that it gave', async () => {
    const body = await tokens(JWT, app, new HttpBrowser());
    const again = await refresh(app, body['refresh_token']);
    await revoke(again.body['refresh_token']);
    for (const token of [body['access_token'], again.body['access_token']])
      expect(await introspect(token)).toEqual(INACTIVE);
  });

  test('of a service’s JWT ends that one', async () => {
    const ask = (): Promise<TokenAnswer> =>
      post(bot, 'token', { grant_type: 'client_credentials', resource: API });
    const [one, two] = await Promise.all([ask(), ask()]);
    await revoke(one.body['access_token'], bot);
    expect(await introspect(one.body['access_token'], bot)).toEqual(INACTIVE);
    expect((await introspect(two.body['access_token'], bot))['active']).toBe(true);
  });

  test('A-65: of another application’s or tenant’s token does nothing, and says nothing', async () => {
    const there = { ...app, issuer: globex.app.issuer };
    for (const params of [{}, JWT]) {
      const body = await tokens(params, app, new HttpBrowser());
      for (const stranger of [other, bot, there])
        for (const token of [body['access_token'], body['refresh_token']]) {
          const answer = await revoke(token, stranger);
          expect([answer.status, answer.body]).toEqual([200, {}]);
        }
      for (const token of [body['access_token'], body['refresh_token']])
        expect((await introspect(token))['active']).toBe(true);
    }
  });

  test.each(['x', 'x'.repeat(43), 'a.b.c', 'jwt:x'])('of what is no token is no error: %j', async (token) => {
    const answer = await revoke(token);
    expect([answer.status, answer.body]).toEqual([200, {}]);
  });

  test('of one sitting leaves another sitting alone', async () => {
    const [here, there] = [
      await tokens({}, app, new HttpBrowser()),
      await tokens({}, app, new HttpBrowser()),
    ];
    await revoke(here['refresh_token']);
    expect((await refresh(app, there['refresh_token'])).status).toBe(200);
  });
});
