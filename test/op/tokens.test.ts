import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import type { DesiredApplication } from '../../src/domain/configuration/desired.js';
import { ADA, APP_SECRET, CAT, startAcme, type Acme } from '../support/acme.js';
import { claimsOf, post, refresh, signIn, type TestApplication } from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { HttpBrowser, type OktaPerson } from '../support/okta-sign-in.js';
import { CLIENT_ID } from '../support/organization.js';
import { leave } from '../support/trip.js';
import { send } from './support/http.js';

/** Somebody whom no mapping gives a role. */
const DAN: OktaPerson = { ...ADA, username: 'dan@acme.example' };

let acme: Acme;
let ledger: Ledger;

const application = (clientId: string, more: Partial<DesiredApplication> = {}): DesiredApplication => ({
  clientId,
  type: 'web',
  clientSecret: APP_SECRET,
  redirectUris: ['https://app.example/cb'],
  ...more,
});

beforeAll(async () => {
  acme = await startAcme();
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  acme.okta.org.addUser({ login: DAN.username, emailVerified: false });
  acme.okta.org.assign(CLIENT_ID, DAN.username);
  await acme.causeway.apply([
    {
      slug: 'acme',
      roleMappings: [
        { group: { name: 'Engineering' }, role: 'admin' },
        { group: { name: 'Engineering' }, role: 'viewer', application: 'groups' },
        { group: { name: 'Support' }, role: 'viewer' },
      ],
      applications: [
        application('plain'),
        application('groups', { claims: { roles: 'roles', groups: true } }),
        application('prefix', { claims: { roles: 'app_roles', groups: { prefix: 'Eng' } } }),
        application('nothing', { claims: { roles: false, groups: false } }),
        application('es', { idTokenAlg: 'ES256' }),
        application('ed', { idTokenAlg: 'EdDSA' }),
        application('short', { refresh: { idleSeconds: 100, absoluteSeconds: 150, leewaySeconds: 0 } }),
      ],
    },
  ]);
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});

const the = (clientId: string): TestApplication => ({
  issuer: acme.app.issuer,
  clientId,
  clientSecret: APP_SECRET,
  redirectUri: 'https://app.example/cb',
});

type Params = Readonly<Record<string, string | undefined>>;

const idTokenOf = async (
  clientId: string,
  person: OktaPerson = ADA,
  params: Params = {},
): Promise<Readonly<Record<string, unknown>>> =>
  claimsOf((await signIn(new HttpBrowser(), the(clientId), person, params)).body['id_token']);

async function userinfo(token: unknown): Promise<Readonly<Record<string, unknown>>> {
  const { json } = await send(`${acme.app.issuer}/oauth2/v1/userinfo`, {
    headers: { authorization: `Bearer ${String(token)}` },
  });
  return json;
}

const UUIDV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('an ID Token', () => {
  test('holds what the contract says, and nothing else', async () => {
    const before = Math.floor(Date.now() / 1000);
    const { body, request } = await signIn(new HttpBrowser(), the('groups'), ADA);
    const claims = claimsOf(body['id_token']);
    expect(claims).toEqual({
      iss: acme.app.issuer,
      aud: 'groups',
      sub: expect.stringMatching(UUIDV7),
      nonce: request.nonce,
      iat: expect.any(Number),
      exp: Number(claims['iat']) + 3_600,
      auth_time: expect.any(Number),
      amr: ['pwd'],
      sid: expect.any(String),
      tenant: 'acme',
      idp: 'okta',
      roles: ['admin', 'viewer'],
      groups: ['Engineering', 'Everyone'],
      name: 'Ada Byron',
      given_name: 'Ada',
      family_name: 'Byron',
      preferred_username: 'ada@acme.example',
      locale: 'en-US',
      zoneinfo: 'America/Los_Angeles',
      updated_at: expect.any(Number),
      email: 'ada@acme.example',
      email_verified: true,
    });
    for (const time of ['iat', 'auth_time', 'updated_at'])
      expect(Math.abs(Number(claims[time]) - before)).toBeLessThan(30);
  });

  test('tells what userinfo tells', async () => {
    const { body } = await signIn(new HttpBrowser(), the('groups'), ADA);
    const {
      iss: _iss,
      aud: _aud,
      exp: _exp,
      iat: _iat,
      nonce: _nonce,
      ...person
    } = claimsOf(body['id_token']);
    expect(await userinfo(body['access_token'])).toEqual(person);
  });

  test('names a person alike to every application and after every sign-in', async () => {
    const subjects = await Promise.all(
      ['plain', 'groups', 'es'].map(async (clientId) => (await idTokenOf(clientId))['sub']),
    );
    expect(new Set(subjects).size).toBe(1);
    expect((await idTokenOf('plain', CAT))['sub']).not.toBe(subjects[0]);
  });

  test.each([
    ['openid', []],
    ['openid email', ['email', 'email_verified']],
    [
      'openid profile',
      ['family_name', 'given_name', 'locale', 'name', 'preferred_username', 'updated_at', 'zoneinfo'],
    ],
    ['openid phone address unknown', []],
  ])('tells of a person what the scope gives: %s', async (scope, expected) => {
    const { body } = await signIn(new HttpBrowser(), the('nothing'), ADA, { scope });
    const always = ['amr', 'auth_time', 'idp', 'sid', 'sub', 'tenant'];
    const protocol = ['aud', 'exp', 'iat', 'iss', 'nonce'];
    const claims = Object.keys(claimsOf(body['id_token']));
    expect(claims.toSorted()).toEqual([...always, ...protocol, ...expected].toSorted());
    expect(Object.keys(await userinfo(body['access_token'])).toSorted()).toEqual(
      [...always, ...expected].toSorted(),
    );
  });

  test('email_verified is false unless the upstream says true', async () => {
    expect(await idTokenOf('plain', DAN)).toMatchObject({ email: DAN.username, email_verified: false });
  });

  test('says the level that was asked for and reached', async () => {
    const acr = 'urn:okta:loa:2fa:any';
    expect(await idTokenOf('plain', ADA, { acr_values: acr })).toMatchObject({
      acr,
      amr: ['pwd', 'mfa', 'otp'],
    });
  });

  test.each([
    ['plain', 'RS256'],
    ['es', 'ES256'],
    ['ed', 'EdDSA'],
  ])('of %s is signed with %s by a published key', async (clientId, alg) => {
    const { body } = await signIn(new HttpBrowser(), the(clientId), ADA);
    const { json } = await send(`${acme.app.issuer}/oauth2/v1/keys`);
    const { protectedHeader } = await jwtVerify(
      String(body['id_token']),
      createLocalJWKSet(json as unknown as JSONWebKeySet),
      { issuer: acme.app.issuer, audience: clientId },
    );
    expect(protectedHeader).toEqual({ alg, kid: expect.any(String) });
  });

  test('carries no nonce when none was sent, and takes one of 64 characters', async () => {
    expect(await idTokenOf('plain', ADA, { nonce: undefined })).not.toHaveProperty('nonce');
    expect(await idTokenOf('plain', ADA, { nonce: 'n'.repeat(64) })).toMatchObject({ nonce: 'n'.repeat(64) });
  });
});

describe('roles and groups (B12, D1)', () => {
  test.each([
    ['plain', 'ADA', { roles: ['admin'] }],
    ['plain', 'CAT', { roles: ['viewer'] }],
    ['plain', 'DAN', { roles: [] }],
    ['groups', 'ADA', { roles: ['admin', 'viewer'], groups: ['Engineering', 'Everyone'] }],
    ['groups', 'DAN', { roles: [], groups: ['Everyone'] }],
    ['prefix', 'ADA', { app_roles: ['admin'], groups: ['Engineering'] }],
    ['prefix', 'CAT', { app_roles: ['viewer'], groups: [] }],
    ['nothing', 'ADA', {}],
  ])('%s is told of %s: %j', async (clientId, name, expected) => {
    const person = { ADA, CAT, DAN }[name] ?? ADA;
    const { body } = await signIn(new HttpBrowser(), the(clientId), person);
    const { body: introspected } = await post(the(clientId), 'introspect', {
      token: String(body['access_token']),
    });
    const about = ['roles', 'app_roles', 'groups'];
    for (const told of [claimsOf(body['id_token']), await userinfo(body['access_token']), introspected])
      expect(Object.fromEntries(Object.entries(told).filter(([claim]) => about.includes(claim)))).toEqual(
        expected,
      );
  });

  test('a default role is for who has none', async () => {
    await acme.causeway.apply([{ slug: 'acme', defaultRole: 'viewer' }]);
    expect([(await idTokenOf('plain', DAN))['roles'], (await idTokenOf('plain', ADA))['roles']]).toEqual([
      ['viewer'],
      ['admin'],
    ]);
    await acme.causeway.apply([{ slug: 'acme', defaultRole: null }]);
  });

  test('D3: roles never accumulate: they are worked out again at refresh', async () => {
    const { body } = await signIn(new HttpBrowser(), the('plain'), ADA);
    const { sub } = claimsOf(body['id_token']);
    await ledger.rows(
      `DELETE FROM group_members m USING groups g WHERE g.id = m.group_id
      AND g.name = 'Engineering' AND m.user_id = $1`,
      [sub],
    );
    const again = await refresh(the('plain'), body['refresh_token']);
    expect(claimsOf(again.body['id_token'])['roles']).toEqual([]);
    expect((await userinfo(body['access_token']))['roles']).toEqual([]);
    await ledger.rows(
      `INSERT INTO group_members (tenant_id, group_id, user_id, source)
      SELECT tenant_id, id, $1, 'token' FROM groups WHERE name = 'Support'`,
      [sub],
    );
    const third = await refresh(the('plain'), again.body['refresh_token']);
    expect(claimsOf(third.body['id_token'])['roles']).toEqual(['viewer']);
  });
});

describe('a refreshed ID Token', () => {
  test('keeps who, when, how and session', async () => {
    const first = await signIn(new HttpBrowser(), the('plain'), ADA, { acr_values: 'urn:okta:loa:2fa:any' });
    const again = await refresh(the('plain'), first.body['refresh_token']);
    const kept = ['iss', 'aud', 'sub', 'auth_time', 'amr', 'acr', 'sid', 'idp', 'tenant'];
    const [before, after] = [first, again].map(({ body }) =>
      Object.fromEntries(
        Object.entries(claimsOf(body['id_token'])).filter(([claim]) => kept.includes(claim)),
      ),
    );
    expect(after).toEqual(before);
    expect(Object.keys(after ?? {}).length).toBe(kept.length);
  });
});

/** What is left of the life of the newest artifact of a kind. */
const seconds = async (kind: string): Promise<number> => {
  const [row] = await ledger.rows<{ seconds: number }>(
    `SELECT round(extract(epoch FROM expires_at - now()))::int AS seconds FROM oidc_artifacts
    WHERE kind = $1 ORDER BY expires_at DESC LIMIT 1`,
    [kind],
  );
  return row?.seconds ?? 0;
};

const left = async (clientId: string, token: unknown): Promise<number> => {
  const { body } = await post(the(clientId), 'introspect', { token: String(token) });
  return Number(body['exp']) - Math.floor(Date.now() / 1000);
};

describe('lifetimes', () => {
  test('a code lives for 60 s, an interaction and a trip to the upstream for 10 min', async () => {
    const browser = new HttpBrowser();
    await leave(browser, the('plain'));
    expect(await seconds('Interaction')).toBeGreaterThan(590);
    expect(await seconds('Interaction')).toBeLessThanOrEqual(600);
    const [trip] = await ledger.rows<{ seconds: number }>(
      'SELECT max(extract(epoch FROM expires_at - now()))::int AS seconds FROM login_transactions',
    );
    expect(trip?.seconds).toBeGreaterThan(590);
    expect(trip?.seconds).toBeLessThanOrEqual(600);
    await signIn(browser, the('plain'), ADA);
    expect(await seconds('AuthorizationCode')).toBeGreaterThan(50);
    expect(await seconds('AuthorizationCode')).toBeLessThanOrEqual(60);
  });

  test('a session for 8 h idle and 24 h in all', async () => {
    await signIn(new HttpBrowser(), the('plain'), ADA);
    const [session] = await ledger.rows<{ idle: number; absolute: number }>(
      `SELECT round(extract(epoch FROM expires_at - now()) / 3600)::int AS idle,
        round(extract(epoch FROM absolute_expires_at - now()) / 3600)::int AS absolute
      FROM sessions ORDER BY created_at DESC LIMIT 1`,
    );
    expect(session).toEqual({ idle: 8, absolute: 24 });
  });

  test('a refresh token for 8 h idle, or as the application says; never past the absolute end', async () => {
    const usual = await signIn(new HttpBrowser(), the('plain'), ADA);
    expect(Math.abs((await left('plain', usual.body['refresh_token'])) - 28_800)).toBeLessThan(20);
    const short = await signIn(new HttpBrowser(), the('short'), ADA);
    expect(Math.abs((await left('short', short.body['refresh_token'])) - 100)).toBeLessThan(20);
    await ledger.rows(`UPDATE oidc_artifacts SET payload = jsonb_set(payload, '{iiat}',
      to_jsonb((payload->>'iiat')::bigint - 100)) WHERE kind = 'RefreshToken' AND client_id = 'short'`);
    const old = await refresh(the('short'), short.body['refresh_token']);
    expect(Math.abs((await left('short', old.body['refresh_token'])) - 50)).toBeLessThan(20);
  });
});

describe('a refresh token', () => {
  test.each([
    ['asked for, in any place of the scope', 'plain', 'offline_access openid', true],
    ['not asked for', 'plain', 'openid profile', false],
    ['asked for by who has not the grant', 'grantless', 'openid offline_access', false],
  ])('comes only when it is asked for and the grant is there: %s', async (_case, clientId, scope, comes) => {
    const { applications = [] } = acme.tenant;
    if (clientId === 'grantless')
      await acme.causeway.apply(
        [
          {
            slug: 'acme',
            applications: [...applications, application('grantless', { grantTypes: ['authorization_code'] })],
          },
        ],
        true,
      );
    const { body } = await signIn(new HttpBrowser(), the(clientId), ADA, { scope });
    expect('refresh_token' in body).toBe(comes);
    expect(String(body['scope']).includes('offline_access')).toBe(comes);
  });
});
