import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as client from 'openid-client';
import { APP_SECRET } from '../support/acme.js';
import { claimsOf } from '../support/application.js';
import {
  ACCESS,
  BILLING,
  EXCHANGES,
  ExchangeStage,
  GRANT,
  ID,
  LEDGER,
  ORDERS,
  PLAIN,
  type Form,
} from './support/exchange-stage.js';

let stage: ExchangeStage;
beforeAll(async () => {
  stage = await ExchangeStage.set();
});
afterAll(() => stage.stop());

/** An application as openid-client sees it. */
const configOf = (clientId: string) =>
  client.discovery(
    new URL(stage.acme.app.issuer),
    clientId,
    APP_SECRET,
    client.ClientSecretBasic(APP_SECRET),
    { execute: [client.allowInsecureRequests] },
  );

describe('an exchange', () => {
  test('gives the API’s back end a token of the person for the next API, by openid-client', async () => {
    const { access_token: subject } = await stage.tokensAt('web');
    const config = await configOf('orders');
    expect(config.serverMetadata().grant_types_supported).toContain(GRANT);
    const answer = await client.genericGrantRequest(config, GRANT, {
      subject_token: String(subject),
      subject_token_type: ACCESS,
      requested_token_type: ACCESS,
      resource: BILLING,
      scope: 'invoices',
    });
    expect(answer).toEqual({
      access_token: expect.any(String),
      issued_token_type: ACCESS,
      token_type: 'bearer',
      expires_in: 60,
      scope: 'invoices',
    });
    const before = claimsOf(subject);
    expect(claimsOf(answer.access_token)).toEqual({
      iss: stage.acme.app.issuer,
      sub: before['sub'],
      aud: BILLING,
      client_id: 'orders',
      scope: 'invoices',
      jti: expect.any(String),
      iat: expect.any(Number),
      exp: expect.any(Number),
      tenant: 'acme',
      idp: 'okta',
      roles: ['admin'],
      amr: ['pwd'],
      auth_time: before['auth_time'],
    });
    expect(await stage.isActive('orders', answer.access_token)).toBe(true);
  });

  test('is audited, with who asked, about whom, and for what', async () => {
    const { access_token: subject } = await stage.tokensAt('web');
    await stage.exchanged('orders', subject, { resource: BILLING });
    const event = (await stage.ledger.audit('acme', { action: 'token.exchanged' })).at(-1);
    expect(event).toMatchObject({
      outcome: 'success',
      application: 'orders',
      actor: { type: 'application', id: 'orders' },
      target: `user:${String(claimsOf(subject)['sub'])}`,
      details: { api: BILLING, scopes: ['invoices'], issuedTo: 'web', from: ORDERS, act: null },
    });
  });

  test('takes an opaque token, and gives one where the API wants that', async () => {
    const { access_token: subject } = await stage.tokensAt('web', { resource: LEDGER, scope: 'openid post' });
    expect(subject).toMatch(/^[\w-]{43}$/);
    const given = await stage.exchanged('web', subject, { audience: LEDGER, scope: 'post' });
    expect(given['access_token']).toMatch(/^[\w-]{43}$/);
    const body = await stage.told('web', given['access_token']);
    expect(body).toMatchObject({
      active: true,
      aud: LEDGER,
      client_id: 'web',
      scope: 'post',
      roles: ['admin'],
    });
  });

  test('takes an ID token of the application that asks', async () => {
    const { id_token: subject } = await stage.tokensAt('web');
    const given = await stage.exchanged('web', subject, {
      subject_token_type: ID,
      audience: PLAIN,
      scope: 'pick',
    });
    expect(claimsOf(given['access_token'])).toMatchObject({
      sub: claimsOf(subject)['sub'],
      aud: PLAIN,
      client_id: 'web',
      auth_time: claimsOf(subject)['auth_time'],
    });
  });

  test('takes an application’s own token, also another’s for the API that the asker acts for', async () => {
    const own = await stage.exchanged('orders', await stage.machineToken('orders'), { resource: BILLING });
    expect(claimsOf(own['access_token'])).toMatchObject({ sub: 'orders', client_id: 'orders', aud: BILLING });
    const others = await stage.exchanged('orders', await stage.machineToken('machine'), {
      resource: BILLING,
    });
    const claims = claimsOf(others['access_token']);
    expect(claims).toMatchObject({ sub: 'machine', client_id: 'orders', aud: BILLING, tenant: 'acme' });
    const body = await stage.told('orders', others['access_token']);
    expect(body).toMatchObject({ active: true, sub: 'machine', client_id: 'orders' });
    const next = await stage.exchanged('billing', others['access_token'], {
      resource: LEDGER,
      scope: 'post',
    });
    expect(await stage.told('billing', next['access_token'])).toMatchObject({
      active: true,
      sub: 'machine',
      client_id: 'billing',
      aud: LEDGER,
    });
  });

  test('never gives a refresh token, nor an ID token', async () => {
    const { access_token: subject } = await stage.tokensAt('web');
    const body = await stage.exchanged('orders', subject, {
      resource: BILLING,
      scope: 'openid offline_access invoices',
    });
    expect(body['scope']).toBe('invoices');
    expect(body).not.toHaveProperty('refresh_token');
    expect(body).not.toHaveProperty('id_token');
  });

  test('never gives a token that outlives the one that was brought', async () => {
    const { access_token: subject } = await stage.tokensAt('web');
    const first = await stage.exchanged('orders', subject, { resource: BILLING });
    const second = await stage.exchanged('billing', first['access_token'], {
      resource: LEDGER,
      scope: 'post',
    });
    expect(Number(second['expires_in'])).toBeLessThanOrEqual(60);
  });
});

describe('scopes of an exchange', () => {
  test.each([
    ['none named: the default one', undefined, 'invoices'],
    ['what no policy gives is left out', 'invoices refunds', 'invoices'],
  ])('%s', async (_case, scope, expected) => {
    const { access_token: subject } = await stage.tokensAt('web');
    const body = await stage.exchanged('orders', subject, {
      resource: BILLING,
      ...(scope === undefined ? {} : { scope }),
    });
    expect([body['scope'], claimsOf(body['access_token'])['scope']]).toEqual([expected, expected]);
  });

  test.each(['refunds', 'write', 'nothing'])('invalid_scope where nothing is left: %s', async (scope) => {
    const { access_token: subject } = await stage.tokensAt('web');
    expect(await stage.refused('orders', subject, { resource: BILLING, scope })).toBe('invalid_scope');
  });

  test('A-57: for the same API no more than the token had', async () => {
    const { access_token: subject } = await stage.tokensAt('web');
    expect(await stage.refused('orders', subject, { resource: ORDERS, scope: 'write' })).toBe(
      'invalid_scope',
    );
    const body = await stage.exchanged('orders', subject, { resource: ORDERS, scope: 'read write' });
    expect(body['scope']).toBe('read');
  });

  test('a third-party application gets what the person has allowed it, and nothing else', async () => {
    const post = { resource: LEDGER, scope: 'post' };
    await stage.exchanged('partner', await stage.machineToken('partner', post), post);
    await stage.acme.causeway.apply([
      {
        slug: 'acme',
        accessPolicies: [
          ...EXCHANGES.accessPolicies,
          { api: ORDERS, clients: ['partner'], grants: ['token_exchange'], scopes: ['read'] },
        ],
      },
    ]);
    const { access_token: ofAda } = await stage.tokensAt('web');
    expect(await stage.refused('partner', ofAda, post)).toBe('invalid_scope');
    await stage.ledger.rows(
      `INSERT INTO consents (tenant_id, user_id, application_id, scopes)
        SELECT a.tenant_id, $1::uuid, a.id, ARRAY[$2] FROM applications a JOIN tenants t ON t.id = a.tenant_id
        WHERE t.slug = 'acme' AND a.client_id = 'partner'`,
      [claimsOf(ofAda)['sub'], `${LEDGER} post`],
    );
    expect((await stage.exchanged('partner', ofAda, post))['scope']).toBe('post');
    await stage.acme.causeway.apply([{ slug: 'acme', accessPolicies: EXCHANGES.accessPolicies }]);
  });
});

describe('act', () => {
  test('names who acts, around those who acted before', async () => {
    const { access_token: subject } = await stage.tokensAt('web');
    const first = await stage.exchanged('orders', subject, {
      resource: BILLING,
      actor_token: await stage.machineToken('orders'),
      actor_token_type: ACCESS,
    });
    expect(claimsOf(first['access_token'])).toMatchObject({
      sub: claimsOf(subject)['sub'],
      act: { sub: 'orders' },
    });
    const second = await stage.exchanged('billing', first['access_token'], {
      resource: LEDGER,
      scope: 'post',
      actor_token: await stage.machineToken('billing'),
      actor_token_type: ACCESS,
    });
    const body = await stage.told('billing', second['access_token']);
    expect(body['act']).toEqual({ sub: 'billing', act: { sub: 'orders' } });
  });

  test('stays when the token is exchanged without an actor: a delegation is never washed off', async () => {
    const { access_token: subject } = await stage.tokensAt('web');
    const form = { actor_token: await stage.machineToken('orders'), actor_token_type: ACCESS };
    const first = await stage.exchanged('orders', subject, { resource: BILLING, ...form });
    const second = await stage.exchanged('billing', first['access_token'], {
      resource: LEDGER,
      scope: 'post',
    });
    const body = await stage.told('billing', second['access_token']);
    expect(body['act']).toEqual({ sub: 'orders' });
  });

  test('holds five actors at most', async () => {
    const actor = { actor_token: await stage.machineToken('orders'), actor_token_type: ACCESS };
    let { access_token: token } = await stage.tokensAt('web');
    for (let count = 0; count < 5; count += 1)
      ({ access_token: token } = await stage.exchanged('orders', token, { resource: ORDERS, ...actor }));
    expect(await stage.refused('orders', token, { resource: ORDERS, ...actor })).toBe('invalid_request');
  });

  test.each<[string, () => Promise<Form>]>([
    [
      'a person',
      async () => ({
        actor_token: String((await stage.tokensAt('web'))['access_token']),
        actor_token_type: ACCESS,
      }),
    ],
    [
      'a person’s ID token',
      async () => ({ actor_token: String((await stage.tokensAt('web'))['id_token']), actor_token_type: ID }),
    ],
    [
      'another application',
      async () => ({ actor_token: await stage.machineToken('billing'), actor_token_type: ACCESS }),
    ],
    ['a token that is none', () => Promise.resolve({ actor_token: 'x', actor_token_type: ACCESS })],
    ['a token without its type', async () => ({ actor_token: await stage.machineToken('orders') })],
    ['a type without a token', () => Promise.resolve({ actor_token_type: ACCESS })],
    [
      'a token that speaks for another',
      async () => ({
        actor_token: String(
          (await stage.exchanged('orders', await stage.machineToken('machine'), { resource: ORDERS }))[
            'access_token'
          ],
        ),
        actor_token_type: ACCESS,
      }),
    ],
  ])('invalid_request: %s as the actor', async (_case, form) => {
    const { access_token: subject } = await stage.tokensAt('web');
    expect(await stage.refused('orders', subject, { resource: BILLING, ...(await form()) })).toBe(
      'invalid_request',
    );
  });
});

describe('a token that is bound to a key (RFC 9449)', () => {
  test('is exchanged by whoever proves the key, for another that is bound to it', async () => {
    const config = await configOf('orders');
    const keys = [await client.randomDPoPKeyPair(), await client.randomDPoPKeyPair()];
    const [dpop, other] = keys.map((pair) => client.getDPoPHandle(config, pair));
    if (dpop === undefined || other === undefined) throw new Error('no keys');
    const { access_token: subject, token_type: type } = await client.clientCredentialsGrant(
      config,
      { resource: ORDERS },
      { DPoP: dpop },
    );
    expect(type).toBe('dpop');
    const form = { subject_token: subject, subject_token_type: ACCESS, resource: BILLING };
    expect(await stage.refused('orders', subject, { resource: BILLING })).toBe('invalid_request');
    await expect(client.genericGrantRequest(config, GRANT, form, { DPoP: other })).rejects.toMatchObject({
      error: 'invalid_request',
    });
    const answer = await client.genericGrantRequest(config, GRANT, form, { DPoP: dpop });
    expect(answer.token_type).toBe('dpop');
    expect(claimsOf(answer.access_token)['cnf']).toEqual({
      jkt: await dpop.calculateThumbprint(),
    });
    expect(await stage.told('orders', answer.access_token)).toMatchObject({
      active: true,
      token_type: 'DPoP',
    });
  });
});
