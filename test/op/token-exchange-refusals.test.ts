import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateKeyPair, SignJWT } from 'jose';
import { systemClock } from '../../src/core/clock.js';
import { mintLogoutToken } from '../../src/keys/logout-token.js';
import { ADA, APP_SECRET, CAT } from '../support/acme.js';
import { claimsOf, post, signIn, type TokenAnswer } from '../support/application.js';
import { testIds } from '../support/deployment.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { addOrganization, type Organization } from '../support/organization.js';
import { endPerson } from './support/end-person.js';
import {
  ACCESS,
  AT_ORDERS,
  BILLING,
  EXCHANGES,
  ExchangeStage,
  GRANT,
  ID,
  LEDGER,
  ORDERS,
  redirectUri,
  TYPE,
  type Form,
} from './support/exchange-stage.js';
import { send } from './support/http.js';

type Body = TokenAnswer['body'];

let stage: ExchangeStage;
let globex: Organization;
beforeAll(async () => {
  stage = await ExchangeStage.set();
  const roles = ['admin', 'viewer'].map((key) => ({ key }));
  globex = await addOrganization(stage.acme, 'globex', {
    okta: { users: [{ login: ADA.username }] },
    tenant: { ...EXCHANGES, roles },
  });
});
afterAll(async () => {
  await globex.stop();
  await stage.stop();
});

describe('requests that are refused', () => {
  test.each<[string, Form, string]>([
    ['no type', { subject_token_type: '' }, 'invalid_request'],
    ['a refresh token’s type', { subject_token_type: `${TYPE}:refresh_token` }, 'invalid_request'],
    ['a generic JWT’s type', { subject_token_type: `${TYPE}:jwt` }, 'invalid_request'],
    ['a SAML assertion’s type', { subject_token_type: `${TYPE}:saml2` }, 'invalid_request'],
    [
      'another type wanted: refresh token',
      { requested_token_type: `${TYPE}:refresh_token` },
      'invalid_request',
    ],
    ['another type wanted: ID token', { requested_token_type: ID }, 'invalid_request'],
    ['another type wanted: JWT', { requested_token_type: `${TYPE}:jwt` }, 'invalid_request'],
    ['no subject', { subject_token: '' }, 'invalid_request'],
    ['no API', { resource: '' }, 'invalid_target'],
    ['an unknown API', { resource: 'https://nobody.example' }, 'invalid_target'],
    ['an unknown API by audience', { resource: '', audience: 'https://nobody.example' }, 'invalid_target'],
    ['a client as the audience', { resource: '', audience: 'billing' }, 'invalid_target'],
    ['two APIs', { audience: LEDGER }, 'invalid_target'],
    ['an API in another spelling', { resource: `${BILLING}/` }, 'invalid_target'],
    ['a fragment', { resource: `${BILLING}#x` }, 'invalid_target'],
  ])('%s', async (_case, form, error) => {
    const { access_token: subject } = await stage.tokensAt('web');
    expect(await stage.refused('orders', subject, { resource: BILLING, ...form })).toBe(error);
  });

  test('resource twice: invalid_target; anything else twice: invalid_request', async () => {
    const { access_token: subject } = await stage.tokensAt('web');
    const form = {
      grant_type: GRANT,
      subject_token: String(subject),
      subject_token_type: ACCESS,
      resource: BILLING,
    };
    for (const [name, value, error] of [
      ['resource', BILLING, 'invalid_target'],
      ['resource', LEDGER, 'invalid_target'],
      ['subject_token', 'x', 'invalid_request'],
      ['scope', 'invoices', 'invalid_request'],
    ] as const) {
      const body = new URLSearchParams({ scope: 'invoices', ...form });
      body.append(name, value);
      const { status, json } = await send(`${stage.acme.app.issuer}/oauth2/v1/token`, {
        form: body,
        headers: { authorization: `Basic ${Buffer.from(`orders:${APP_SECRET}`).toString('base64')}` },
      });
      expect([name, status, json['error']]).toEqual([name, 400, error]);
    }
  });

  test('an API whose policies do not name the grant, and one that the application may not ask for', async () => {
    const { access_token: subject } = await stage.tokensAt('web');
    expect(await stage.refused('web', subject, { resource: ORDERS })).toBe('invalid_target');
    expect(await stage.refused('web', subject, { resource: BILLING })).toBe('invalid_target');
  });

  test('an application without the grant, a public one, and one that does not prove itself', async () => {
    const { access_token: subject } = await stage.tokensAt('web');
    expect(await stage.refused('other', subject, { resource: ORDERS })).toBe('unauthorized_client');
    await expect(
      stage.acme.causeway.apply([
        {
          slug: 'acme',
          applications: [
            ...EXCHANGES.applications,
            {
              clientId: 'page',
              type: 'spa',
              redirectUris: [redirectUri],
              grantTypes: ['authorization_code', 'token_exchange'],
            },
          ],
        },
      ]),
    ).rejects.toThrow(/tokenEndpointAuthMethod/);
    const wrong = { ...stage.app('orders'), clientSecret: 'x'.repeat(32) };
    const { status, body } = await post(wrong, 'token', {
      grant_type: GRANT,
      subject_token: String(subject),
      subject_token_type: ACCESS,
      resource: BILLING,
    });
    expect([status, body['error']]).toEqual([401, 'invalid_client']);
  });

  test('metadata of a tenant without such an application does not speak of it', async () => {
    await stage.acme.causeway.apply([{ slug: 'initech', applications: [] }]);
    const { json } = await send(`${stage.acme.causeway.url}/t/initech/.well-known/openid-configuration`);
    expect(json['grant_types_supported']).not.toContain(GRANT);
  });
});

describe('subject tokens that are refused', () => {
  const form = { resource: BILLING };

  test.each<[string, (body: Body) => unknown, string]>([
    ['text', () => 'x', ACCESS],
    ['a handle of ours', (body) => `jwt:${String(body['access_token'])}`, ACCESS],
    ['A-30: an ID token as an access token', (body) => body['id_token'], ACCESS],
    ['A-30: an access token as an ID token', (body) => body['access_token'], ID],
    ['A-30: a refresh token as an access token', (body) => body['refresh_token'], ACCESS],
    ['A-30: a refresh token as an ID token', (body) => body['refresh_token'], ID],
    ['a JWT with another signature', (body) => `${String(body['access_token']).slice(0, -6)}AAAAAA`, ACCESS],
    [
      'a JWT without a signature',
      (body) => `${String(body['access_token']).split('.').slice(0, 2).join('.')}.`,
      ACCESS,
    ],
  ])('%s', async (_case, choose, type) => {
    const body = await stage.tokensAt('web');
    for (const clientId of ['web', 'orders']) {
      const target = clientId === 'web' ? { resource: LEDGER } : form;
      expect(await stage.refused(clientId, choose(body), { ...target, subject_token_type: type })).toBe(
        'invalid_request',
      );
    }
  });

  test('A-30: a logout token of ours, and a JWT that another key made', async () => {
    const { id_token: idToken } = await stage.tokensAt('web');
    const { sub, sid } = claimsOf(idToken) as { sub: string; sid: string };
    const key = (await stage.acme.causeway.node.directory.find('acme'))?.signingKeys(null)[0];
    if (key === undefined) throw new Error('no key');
    const logout = await mintLogoutToken(
      key,
      { issuer: stage.acme.app.issuer, audience: 'web', subject: sub, sid },
      { ids: testIds, clock: systemClock },
    );
    const { privateKey } = await generateKeyPair('RS256');
    const forged = await new SignJWT({ ...claimsOf(idToken) })
      .setProtectedHeader({ alg: 'RS256', kid: key.kid })
      .sign(privateKey);
    for (const token of [logout, forged])
      for (const type of [ACCESS, ID])
        expect(await stage.refused('web', token, { resource: LEDGER, subject_token_type: type })).toBe(
          'invalid_request',
        );
  });

  test('another application’s, unless the asker acts for the API that it is for', async () => {
    const ofWeb = await stage.tokensAt('web');
    const userinfo = await stage.tokensAt('web', { scope: 'openid' });
    expect(await stage.refused('stranger', ofWeb['access_token'], { resource: LEDGER })).toBe(
      'invalid_request',
    );
    const event = (await stage.ledger.audit('acme', { action: 'token_exchange.refused' })).at(-1);
    expect(event).toMatchObject({
      outcome: 'refused',
      reason: 'exchange_not_yours',
      application: 'stranger',
      details: { api: LEDGER },
    });
    expect(await stage.refused('billing', ofWeb['access_token'], { resource: LEDGER })).toBe(
      'invalid_request',
    );
    expect(await stage.refused('orders', userinfo['access_token'], form)).toBe('invalid_request');
    expect(await stage.refused('orders', ofWeb['id_token'], { ...form, subject_token_type: ID })).toBe(
      'invalid_request',
    );
  });

  test('a policy for all names nobody: LEDGER’s tokens are not for whoever may have one', async () => {
    const ofWeb = await stage.tokensAt('web', { resource: LEDGER, scope: 'openid post' });
    expect(await stage.refused('orders', ofWeb['access_token'], { resource: BILLING })).toBe(
      'invalid_request',
    );
  });

  test('A-67: another tenant’s', async () => {
    const there = { ...stage.app('web'), issuer: globex.app.issuer };
    const { body } = await signIn(new HttpBrowser(), there, ADA, AT_ORDERS);
    for (const [token, type] of [
      [body['access_token'], ACCESS],
      [body['id_token'], ID],
    ] as const) {
      expect(await stage.refused('web', token, { resource: LEDGER, subject_token_type: type })).toBe(
        'invalid_request',
      );
      expect(await stage.refused('orders', token, { ...form, subject_token_type: type })).toBe(
        'invalid_request',
      );
    }
  });

  test('one of a person who may not use the application that asks', async () => {
    await stage.acme.causeway.apply([
      {
        slug: 'acme',
        accessPolicies: [
          ...EXCHANGES.accessPolicies,
          { api: ORDERS, clients: ['closed'], grants: ['token_exchange'], scopes: ['read'] },
        ],
      },
    ]);
    const { access_token: ofAda } = await stage.tokensAt('web');
    expect(await stage.refused('closed', ofAda, { resource: LEDGER, scope: 'post' })).toBe('invalid_request');
    const { body } = await signIn(new HttpBrowser(), stage.app('web'), CAT, AT_ORDERS);
    expect(
      (await stage.exchange('closed', body['access_token'], { resource: LEDGER, scope: 'post' })).status,
    ).toBe(200);
    await stage.acme.causeway.apply([{ slug: 'acme', accessPolicies: EXCHANGES.accessPolicies }]);
  });

  test('one whose time is over', async () => {
    const jwt = await stage.tokensAt('web', AT_ORDERS, new HttpBrowser());
    await stage.ledger.rows(`UPDATE access_token_records SET expires_at = now() - interval '1 s'`);
    expect(await stage.refused('orders', jwt['access_token'], form)).toBe('invalid_request');
  });
});

/** Which tokens of a chain are good, by introspection. */
const alive = ({ first, second, byIdToken }: Readonly<Record<'first' | 'second' | 'byIdToken', unknown>>) =>
  Promise.all([
    stage.isActive('orders', first),
    stage.isActive('billing', second),
    stage.isActive('web', byIdToken),
  ]);

/** A chain of exchanges from one sign-in: ORDERS, BILLING, LEDGER. */
async function chain(person = ADA) {
  const from = new HttpBrowser();
  const { body } = await signIn(from, stage.app('web'), person, AT_ORDERS);
  const { access_token: first } = await stage.exchanged('orders', body['access_token'], {
    resource: BILLING,
  });
  const { access_token: second } = await stage.exchanged('billing', first, {
    resource: LEDGER,
    scope: 'post',
  });
  const { access_token: byIdToken } = await stage.exchanged('web', body['id_token'], {
    subject_token_type: ID,
    resource: LEDGER,
    scope: 'post',
  });
  expect(await alive({ first, second, byIdToken })).toEqual([true, true, true]);
  return { body, first, second, byIdToken, from };
}

describe('the end of access ends what was exchanged (invariant 5)', () => {
  test('revocation of the subject’s refresh token', async () => {
    const tokens = await chain();
    await post(stage.app('web'), 'revoke', { token: String(tokens.body['refresh_token']) });
    expect(await alive(tokens)).toEqual([false, false, false]);
    expect(await stage.refused('orders', tokens.body['access_token'], { resource: BILLING })).toBe(
      'invalid_request',
    );
    expect(await stage.refused('billing', tokens.first, { resource: LEDGER })).toBe('invalid_request');
  });

  test('revocation of an exchanged token ends it and what came of it, and nothing that it came of', async () => {
    const tokens = await chain();
    await post(stage.app('orders'), 'revoke', { token: String(tokens.first) });
    expect(await alive(tokens)).toEqual([false, false, true]);
    expect(await stage.isActive('web', tokens.body['access_token'])).toBe(true);
  });

  test('the end of the session, for which an ID token speaks no longer', async () => {
    const tokens = await chain();
    const { sid } = claimsOf(tokens.body['id_token']);
    await stage.ledger.rows(
      `UPDATE sessions s SET ended_at = now() FROM session_applications p WHERE p.session_uid = s.uid AND p.sid = $1`,
      [sid],
    );
    const form = { subject_token_type: ID, resource: LEDGER, scope: 'post' };
    expect(await stage.refused('web', tokens.body['id_token'], form)).toBe('invalid_request');
  });

  test('deactivation of the person', async () => {
    const tokens = await chain(CAT);
    const { sub } = claimsOf(tokens.body['id_token']);
    await endPerson(stage.acme.causeway.node.database, stage.ledger, String(sub));
    expect(await alive(tokens)).toEqual([false, false, false]);
    expect(await stage.refused('orders', tokens.body['access_token'], { resource: BILLING })).toBe(
      'invalid_request',
    );
    expect(
      await stage.refused('web', tokens.body['id_token'], {
        subject_token_type: ID,
        resource: LEDGER,
        scope: 'post',
      }),
    ).toBe('invalid_request');
  });
});
