import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { RunningOktaOrg } from '../../demo/okta/server.js';
import type { UpstreamCause } from '../../src/domain/connection/diagnosis/cause.js';
import { createSigningKey, publicJwk } from '../../src/keys/signing-keys.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { aKit, closeKits, refusal } from './kit.js';
import type { Kit } from './kit.js';
import { ADA, BOB, CLIENT_SECRET, anOrg, goAndReturn, partyOf, signInByOkta } from './okta-kit.js';

const running: RunningOktaOrg[] = [];
let kit: Kit;

beforeEach(() => {
  kit = aKit();
});
afterEach(async () => {
  await closeKits();
  for (const okta of running.splice(0)) {
    expect(okta.org.errors).toEqual([]);
    await okta.stop();
  }
});

const org = async (...config: Parameters<typeof anOrg>): Promise<RunningOktaOrg> => {
  const okta = await anOrg(...config);
  running.push(okta);
  return okta;
};
const named = (...names: string[]) => names.map((name) => ({ id: undefined, name }));
const groupsOf = async (...args: Parameters<typeof signInByOkta>) =>
  (await signInByOkta(...args)).identity.groups;
const expression = (text: string) => ({
  groupsClaim: { name: 'groups', type: 'EXPRESSION' as const, expression: text },
});

describe('A1 A2 a sign-in', () => {
  test('brings the person whom Okta means', async () => {
    const okta = await org();
    const { identity, notes } = await signInByOkta(kit.rp, partyOf(okta));
    const ada = okta.org.user(ADA.username);
    expect(identity).toMatchObject({
      issuer: okta.issuer,
      subject: ada.id,
      joinValue: ada.id,
      idp: okta.org.id,
      amr: ['pwd'],
    });
    expect(identity.profile).toMatchObject({
      userName: ADA.username,
      email: ada.email,
      emailVerified: true,
      locale: 'en-US',
    });
    expect([identity.groups, notes]).toEqual([named('Engineering', 'Admins'), []]);
  });

  test('can ask for a second factor, and for a fresh one (A12)', async () => {
    const okta = await org();
    const party = partyOf(okta, { acrValues: ['urn:okta:loa:2fa:any'] });
    const browser = new HttpBrowser();
    const { identity } = await signInByOkta(kit.rp, party, { browser });
    expect([identity.acr, identity.amr?.includes('mfa')]).toEqual(['urn:okta:loa:2fa:any', true]);
    await signInByOkta(kit.rp, party, { browser, request: { maxAgeSeconds: 0 } });
    const unmet = await refusal(
      signInByOkta(kit.rp, partyOf(okta), { browser, request: { acrValues: ['phrh'] } }),
    );
    expect(['unmet_authentication', 'assurance_unmet']).toContain(unmet.reason);
  });

  test('without a prompt is refused when there is nobody', async () => {
    const okta = await org();
    const { callback, request } = await goAndReturn(kit.rp, partyOf(okta), { request: { prompt: 'none' } });
    const error = await refusal(kit.rp.completeSignIn(partyOf(okta), callback.searchParams, request));
    expect([error.reason, error.oauthError]).toEqual(['login_required', 'login_required']);
  });
});

describe('A4 A5 client authentication', () => {
  test.each(['client_secret_post', 'client_secret_basic'] as const)('%s', async (authMethod) => {
    const okta = await org({ authMethod }, { settings: { basicCredentials: 'raw' } });
    await expect(signInByOkta(kit.rp, partyOf(okta, { clientAuth: authMethod }))).resolves.toBeDefined();
  });

  test('private_key_jwt: no secret exists, and the audience is the endpoint', async () => {
    const key = await createSigningKey('key-1', 'RS256');
    const next = await createSigningKey('key-2', 'ES256');
    const okta = await org({ authMethod: 'private_key_jwt', jwks: [publicJwk(key), publicJwk(next)] });
    const party = partyOf(okta, { clientAuth: 'private_key_jwt' }, { secrets: {}, clientKeys: [key] });
    await expect(signInByOkta(kit.rp, party)).resolves.toBeDefined();
    await expect(signInByOkta(kit.rp, { ...party, clientKeys: [next, key] })).resolves.toBeDefined();
    const unknown = await createSigningKey('key-3', 'ES256');
    expect((await refusal(signInByOkta(kit.rp, { ...party, clientKeys: [unknown] }))).reason).toBe(
      'assertion_kid',
    );
    const impostor = await createSigningKey('key-2', 'ES256');
    expect((await refusal(signInByOkta(kit.rp, { ...party, clientKeys: [impostor] }))).reason).toBe(
      'assertion_signature',
    );
  });

  test('F-13 a minute ahead of Okta, our assertion is still good', async () => {
    const key = await createSigningKey('key-1', 'RS256');
    const okta = await org({ authMethod: 'private_key_jwt', jwks: [publicJwk(key)] });
    const party = partyOf(okta, { clientAuth: 'private_key_jwt' }, { secrets: {}, clientKeys: [key] });
    kit.clock.offsetSeconds = 55;
    await expect(signInByOkta(kit.rp, party)).resolves.toBeDefined();
    kit.clock.offsetSeconds = 300;
    expect((await refusal(signInByOkta(kit.rp, party))).reason).toBe('assertion_time');
  });

  test('two secrets: a rotation at Okta is noticed by nobody', async () => {
    const okta = await org();
    const secrets = { clientSecret: CLIENT_SECRET, secondarySecret: 'the-next-secret-of-the-app-000001' };
    const party = partyOf(okta, {}, { secrets });
    await signInByOkta(kit.rp, party);
    okta.org.addSecret('Causeway', secrets.secondarySecret);
    await signInByOkta(kit.rp, party);
    okta.org.setSecretStatus('Causeway', CLIENT_SECRET, 'INACTIVE');
    await signInByOkta(kit.rp, party);
    await signInByOkta(kit.rp, party);
    okta.org.setSecretStatus('Causeway', secrets.secondarySecret, 'INACTIVE');
    expect((await refusal(signInByOkta(kit.rp, party))).reason).toBe('bad_secret');
  });

  test('the wrong kind is named', async () => {
    const okta = await org({ authMethod: 'private_key_jwt', jwks: [] });
    expect((await refusal(signInByOkta(kit.rp, partyOf(okta)))).reason).toBe('auth_method_mismatch');
  });
});

describe.each(['old', 'new'] as const)('what Okta refuses, in its %s words', (wording) => {
  test.each<[what: string, app: Parameters<typeof anOrg>[0], trip: object, reason: UpstreamCause]>([
    ['who is not assigned', {}, { person: BOB }, 'user_not_assigned'],
    ['a blocked network', { networkZone: 'blocked' }, {}, 'network_zone'],
    ['an app that wants DPoP', { dpopBound: true }, {}, 'dpop_required'],
    ['a grant that is off', { grantTypes: ['implicit'] }, {}, 'grant_disabled'],
    ['an expression that is wrong', expression('Groups.nonsense'), {}, 'groups_eval'],
  ])('%s', async (_what, app, trip, reason) => {
    const okta = await org(app, { settings: { wording } });
    expect((await refusal(signInByOkta(kit.rp, partyOf(okta), trip))).reason).toBe(reason);
  });

  test('a factor that the person doesn’t have', async () => {
    const okta = await org({ assign: 'everyone' }, { settings: { wording } });
    const request = { acrValues: ['urn:okta:loa:2fa:any'] };
    const error = await refusal(signInByOkta(kit.rp, partyOf(okta), { person: BOB, request }));
    expect(error.reason).toBe('unmet_authentication');
  });
});

describe('A3 groups', () => {
  test('of a thin token come from userinfo', async () => {
    const okta = await org({}, { settings: { idToken: 'thin' } });
    const { identity, notes } = await signInByOkta(kit.rp, partyOf(okta));
    expect([identity.groups, notes]).toEqual([named('Engineering', 'Admins'), ['thin_token']]);
  });

  test('as objects, as one string', async () => {
    const okta = await org(expression(`user.getGroups({'group.type': {'OKTA_GROUP'}}).![{name, id}]`));
    const engineering = okta.org.directory.group('Engineering');
    expect(await groupsOf(kit.rp, partyOf(okta))).toContainEqual({ id: engineering.id, name: 'Engineering' });
    okta.org.app('Causeway').groupsClaim = {
      name: 'groups',
      type: 'EXPRESSION',
      expression: 'user.department',
    };
    okta.org.user(ADA.username).profile['department'] = 'Sales';
    expect(await groupsOf(kit.rp, partyOf(okta))).toEqual(named('Sales'));
  });

  test('that are absent say nothing, that are empty say none', async () => {
    const okta = await org({
      groupsClaim: { name: 'groups', type: 'FILTER', match: 'EQUALS', value: 'Nobody' },
    });
    const absent = await signInByOkta(kit.rp, partyOf(okta));
    expect([absent.identity.groups, absent.notes]).toEqual([undefined, ['groups_missing']]);
    okta.org.app('Causeway').emptyGroups = 'empty';
    expect(await groupsOf(kit.rp, partyOf(okta))).toEqual([]);
  });

  test('beyond 100 are all taken, or refused by Okta', async () => {
    const okta = await org({ groupsClaim: { name: 'groups', type: 'FILTER', match: 'REGEX', value: '.*' } });
    for (let i = 0; i < 150; i += 1) {
      okta.org.addGroup({ name: `Team ${i}` });
      okta.org.joinGroup(ADA.username, `Team ${i}`);
    }
    expect(await groupsOf(kit.rp, partyOf(okta))).toHaveLength(153);
    okta.org.settings.groupsOver100 = 'error';
    expect((await refusal(signInByOkta(kit.rp, partyOf(okta)))).reason).toBe('groups_too_many');
  });
});

describe('A3 custom authorization servers', () => {
  const filter = { name: 'groups', type: 'FILTER' as const, match: 'STARTS_WITH' as const, value: 'Eng' };
  const scopes = ['openid', 'profile', 'email'];

  test('groups of the ID Token, and of the access token where the connection says so', async () => {
    const okta = await org(
      {},
      {
        authorizationServers: [
          {
            id: 'default',
            audience: 'api://default',
            claims: [{ groups: filter, token: 'ACCESS', always: true, scopes: [] }],
          },
        ],
      },
    );
    const issuer = `${okta.issuer}/oauth2/default`;
    expect(await groupsOf(kit.rp, partyOf(okta, { scopes }, { issuer }))).toBeUndefined();
    const groupsFrom = ['id_token', 'userinfo', 'access_token'] as const;
    const { identity } = await signInByOkta(kit.rp, partyOf(okta, { scopes, groupsFrom }, { issuer }));
    expect([identity.issuer, identity.subject]).toEqual([issuer, okta.org.user(ADA.username).id]);
    expect(identity.groups).toEqual(named('Engineering'));
  });

  test('the org’s own access token, signed with a key that nobody knows, is never read', async () => {
    const okta = await org({ groupsClaim: undefined });
    const party = partyOf(okta, { groupsFrom: ['access_token'] });
    expect(await groupsOf(kit.rp, party)).toBeUndefined();
  });

  test('the groups scope isn’t there, a policy lets nobody in, a server doesn’t exist, the plan has none', async () => {
    const okta = await org({}, { authorizationServers: [{ id: 'default', policy: [] }] });
    const issuer = `${okta.issuer}/oauth2/default`;
    expect((await refusal(signInByOkta(kit.rp, partyOf(okta, {}, { issuer })))).reason).toBe(
      'scope_not_configured',
    );
    expect((await refusal(signInByOkta(kit.rp, partyOf(okta, { scopes }, { issuer })))).reason).toBe(
      'policy_no_match',
    );
    const missing = partyOf(okta, { scopes }, { issuer: `${okta.issuer}/oauth2/ausnothere` });
    expect((await refusal(signInByOkta(kit.rp, missing))).reason).toBe('custom_as_missing');
    okta.org.settings.apiAccessManagement = false;
    expect((await refusal(signInByOkta(aKit().rp, partyOf(okta, { scopes }, { issuer })))).reason).toBe(
      'no_api_am',
    );
  });

  test('a scope of one’s own on the org’s server', async () => {
    const okta = await org();
    const party = partyOf(okta, { scopes: ['openid', 'payroll.read'] });
    expect((await refusal(signInByOkta(kit.rp, party))).reason).toBe('custom_scope_on_org_as');
  });
});

describe('F-11 rotation', () => {
  test('announced and then done: nobody notices', async () => {
    const okta = await org();
    await signInByOkta(kit.rp, partyOf(okta));
    await okta.org.keys.rotate();
    await signInByOkta(kit.rp, partyOf(okta));
    expect(okta.org.requests.filter(({ path }) => path.endsWith('/keys'))).toHaveLength(1);
  });

  test('at once, after a compromise', async () => {
    const okta = await org();
    await signInByOkta(kit.rp, partyOf(okta));
    await okta.org.keys.emergencyRotate();
    await expect(signInByOkta(kit.rp, partyOf(okta))).resolves.toBeDefined();
  });

  test('while the keys can’t be fetched: known keys go on, unknown ones say try again, then all is well', async () => {
    const okta = await org();
    await signInByOkta(kit.rp, partyOf(okta));
    okta.org.fail('keys.http_503');
    const fresh = kit.otherNode();
    await expect(signInByOkta(fresh, partyOf(okta))).resolves.toBeDefined();
    await okta.org.keys.emergencyRotate();
    const error = await refusal(signInByOkta(fresh, partyOf(okta)));
    expect([error.reason, error.mayRetry]).toEqual(['okta_down', true]);
    okta.org.heal();
    kit.clock.offsetSeconds = 11;
    await expect(signInByOkta(fresh, partyOf(okta))).resolves.toBeDefined();
  });
});

describe('A-21 mix-up', () => {
  test('the code of one org is of no use at another', async () => {
    const [acme, globex] = [await org(), await org()];
    const { callback } = await goAndReturn(kit.rp, partyOf(globex));
    const { request } = await goAndReturn(kit.rp, partyOf(acme));
    callback.searchParams.set('state', request.state);
    const error = await refusal(kit.rp.completeSignIn(partyOf(acme), callback.searchParams, request));
    expect(error.reason).toBe('code_invalid');
  });

  test('A-23 the code of one browser is of no use in another', async () => {
    const okta = await org();
    const stolen = (await goAndReturn(kit.rp, partyOf(okta))).callback.searchParams;
    const { request } = await goAndReturn(kit.rp, partyOf(okta));
    stolen.set('state', request.state);
    expect((await refusal(kit.rp.completeSignIn(partyOf(okta), stolen, request))).reason).toBe(
      'code_invalid',
    );
  });

  test('A-24 with PKCE broken, the nonce still tells', async () => {
    const okta = await org();
    const codeVerifier = 'v'.repeat(43);
    const stolen = (await goAndReturn(kit.rp, partyOf(okta), { request: { codeVerifier } })).callback
      .searchParams;
    const { request } = await goAndReturn(kit.rp, partyOf(okta), { request: { codeVerifier } });
    stolen.set('state', request.state);
    expect((await refusal(kit.rp.completeSignIn(partyOf(okta), stolen, request))).reason).toBe(
      'nonce_mismatch',
    );
  });

  test('A-22 the same callback a second time', async () => {
    const okta = await org();
    const { callback, request } = await goAndReturn(kit.rp, partyOf(okta));
    await kit.rp.completeSignIn(partyOf(okta), callback.searchParams, request);
    const error = await refusal(kit.rp.completeSignIn(partyOf(okta), callback.searchParams, request));
    expect([error.reason, error.mayRetry]).toEqual(['code_invalid', true]);
  });
});

describe('sign-out at Okta', () => {
  test('is taken, with the ID Token that the sign-in brought', async () => {
    const postLogoutRedirectUri = 'http://localhost:3000/t/acme/signed-out/okta';
    const okta = await org({ postLogoutRedirectUris: [postLogoutRedirectUri] });
    const browser = new HttpBrowser();
    const { identity } = await signInByOkta(kit.rp, partyOf(okta), { browser });
    const url = await kit.rp.logoutUrl(partyOf(okta), {
      idToken: identity.idToken,
      postLogoutRedirectUri,
      state: 's1',
    });
    if (!(url instanceof URL)) throw new Error('Okta has a logout');
    const page = await browser.travel(url, ({ origin }) => origin === okta.url);
    expect(page.location?.href).toBe(`${postLogoutRedirectUri}?state=s1`);
  });
});

const brief = async (...args: Parameters<typeof partyOf>) =>
  Object.fromEntries(
    (await kit.tester.probe(partyOf(...args))).map(({ id, status, cause }) => [id, cause ?? status]),
  );

describe('A17 probes', () => {
  test('a sound connection, by secret and by key', async () => {
    const okta = await org();
    expect(await brief(okta)).toEqual({
      discovery: 'passed',
      clock: 'passed',
      client: 'passed',
      keys: 'passed',
      client_authentication: 'passed',
      secondary_secret: 'not_applicable',
      callback: 'passed',
      introspection: 'passed',
    });
    const key = await createSigningKey('key-1', 'RS256');
    const keyed = await org({ authMethod: 'private_key_jwt', jwks: [publicJwk(key)] });
    const results = await brief(keyed, { clientAuth: 'private_key_jwt' }, { secrets: {}, clientKeys: [key] });
    expect(Object.values(results).toSorted()).toEqual(['not_applicable', ...Array(7).fill('passed')]);
  });

  test('each wrong value has its row', async () => {
    const okta = await org({ redirectUris: ['https://elsewhere.example/callback'] });
    expect(await brief(okta)).toMatchObject({ callback: 'redirect_uri_mismatch' });
    expect(await brief(okta, { clientId: '0oanobody' })).toMatchObject({
      discovery: 'passed',
      client: 'unknown_client',
      client_authentication: 'not_tried',
    });
    expect(await brief(okta, {}, { secrets: { clientSecret: 'not-the-secret-of-it' } })).toMatchObject({
      client: 'passed',
      client_authentication: 'bad_secret',
      callback: 'not_tried',
    });
    okta.org.fail('clock.skew', { value: '-240' });
    expect(await brief(okta)).toMatchObject({ clock: 'clock_skew' });
  });

  test('a client whose tokens come from a custom domain', async () => {
    const okta = await org({ issuerMode: 'CUSTOM_URL' }, { customHost: 'login.localhost' });
    const [, , client] = await kit.tester.probe(partyOf(okta));
    expect(client).toMatchObject({
      id: 'client',
      cause: 'issuer_mismatch',
      facts: { issuer: okta.org.customDomain },
    });
  });

  test('A-129 no answer and no log holds a secret', async () => {
    const okta = await org();
    const results = await kit.tester.probe(
      partyOf(okta, {}, { secrets: { clientSecret: 'canary-secret-canary-secret' } }),
    );
    expect(JSON.stringify([results, kit.log.lines])).not.toContain('canary');
  });
});
