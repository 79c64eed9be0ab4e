import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sweep } from '../../src/storage/sweeper.js';
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
import { Ledger } from '../support/ledger.js';
import type { TestNode } from '../support/node.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { connectionTo } from '../support/organization.js';
import { endPerson } from './support/end-person.js';
import { send } from './support/http.js';

let acme: Acme;
let sibling: TestNode;
let ledger: Ledger;
let app: TestApplication;
let strict: TestApplication;
let browser: HttpBrowser;

/** The tenant as each test begins with it. */
const configure = (change: object = {}): Promise<unknown> =>
  acme.causeway.apply([
    {
      ...acme.tenant,
      whenNoRole: 'allow',
      connections: [connectionTo(acme.okta)],
      applications: [
        {
          clientId: 'app',
          type: 'web',
          clientSecret: APP_SECRET,
          redirectUris: ['https://app.example/cb'],
          assignment: 'everyone',
        },
        {
          clientId: 'strict',
          type: 'spa',
          redirectUris: ['https://app.example/cb'],
          refresh: { leewaySeconds: 0 },
        },
      ],
      ...change,
    },
  ]);

beforeAll(async () => {
  acme = await startAcme();
  sibling = await acme.causeway.sibling();
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  const { issuer } = acme.app;
  app = { issuer, clientId: 'app', clientSecret: APP_SECRET, redirectUri: 'https://app.example/cb' };
  strict = { issuer, clientId: 'strict', redirectUri: 'https://app.example/cb' };
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});
beforeEach(async () => {
  await ledger.rows('UPDATE users SET active = true');
  await configure();
  browser = new HttpBrowser();
});

/** A family's first tokens. */
async function family(application = app): Promise<TokenAnswer['body']> {
  const request = authorizationRequest(application);
  const { end } = await walk(browser, application, request.url, ADA);
  return (await redeem(application, end?.searchParams.get('code') ?? '', request.verifier)).body;
}

const isActive = async (token: unknown, application = app): Promise<unknown> =>
  (await post(application, 'introspect', { token: String(token) })).body['active'];

const REFUSED = [400, 'invalid_grant'];
const outcome = ({ status, body }: TokenAnswer): unknown[] => [status, body['error']];

/** Lets the leeway of every consumed token end. */
const endLeeway = (): Promise<unknown> =>
  ledger.rows(
    `UPDATE oidc_artifacts SET replay_until = now() - interval '1 s' WHERE replay_until IS NOT NULL`,
  );

const events = (action: string): Promise<number> => ledger.count('audit_events', 'action = $1', [action]);

describe('a refresh', () => {
  test('gives new tokens for the same person and session, and the old token has had its day', async () => {
    const first = await family();
    const { status, body, headers } = await refresh(app, first['refresh_token']);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body['refresh_token']).not.toBe(first['refresh_token']);
    expect(body['access_token']).not.toBe(first['access_token']);
    expect(claimsOf(body['id_token'])['sid']).toBe(claimsOf(first['id_token'])['sid']);
    expect(await isActive(first['refresh_token'])).toBe(false);
    expect(await isActive(body['refresh_token'])).toBe(true);
  });

  test('goes on for many rounds, on one node and the other', async () => {
    let token = (await family())['refresh_token'];
    for (let round = 0; round < 6; round += 1) {
      const { status, json } = await send(`${app.issuer}/oauth2/v1/token`, {
        ...(round % 2 === 0 ? {} : { through: sibling.url }),
        form: {
          grant_type: 'refresh_token',
          refresh_token: String(token),
          client_id: 'app',
          client_secret: APP_SECRET,
        },
      });
      expect(status).toBe(200);
      token = json['refresh_token'];
    }
  });

  test.each([
    ['unknown', () => 'x'.repeat(43)],
    ['empty', () => ''],
    ['an access token', (body: TokenAnswer['body']) => body['access_token']],
    ['an ID Token', (body: TokenAnswer['body']) => body['id_token']],
  ])('A-30: by a token that is %s is refused', async (_case, choose) => {
    const { status, body } = await refresh(app, choose(await family()));
    expect(status).toBe(400);
    expect(['invalid_grant', 'invalid_request']).toContain(body['error']);
  });

  test('by another application is refused, and does its owner no harm', async () => {
    const first = await family();
    const before = await events('refresh_token.reused');
    expect(outcome(await refresh(strict, first['refresh_token']))).toEqual(REFUSED);
    const second = await refresh(app, first['refresh_token']);
    expect(second.status).toBe(200);
    // Consumed now: still nothing that another application could spoil.
    expect(outcome(await refresh(strict, first['refresh_token']))).toEqual(REFUSED);
    expect(await events('refresh_token.reused')).toBe(before);
    expect((await refresh(app, second.body['refresh_token'])).status).toBe(200);
  });

  test('after the absolute end is refused', async () => {
    const first = await family();
    await ledger.rows(
      `UPDATE oidc_artifacts SET expires_at = now() - interval '1 s' WHERE kind = 'RefreshToken'`,
    );
    expect(outcome(await refresh(app, first['refresh_token']))).toEqual(REFUSED);
  });
});

describe('A-54: a token that comes back', () => {
  test('after its leeway ends the whole family, and is audited', async () => {
    const first = await family();
    const second = await refresh(app, first['refresh_token']);
    await endLeeway();
    expect(outcome(await refresh(app, first['refresh_token']))).toEqual(REFUSED);
    for (const token of [first['access_token'], second.body['access_token'], second.body['refresh_token']])
      expect(await isActive(token)).toBe(false);
    expect(outcome(await refresh(app, second.body['refresh_token']))).toEqual(REFUSED);
    const [event] = (await ledger.audit('acme', { action: 'refresh_token.reused' })).slice(-1);
    expect(event).toMatchObject({ outcome: 'refused', reason: 'token_reuse', application: 'app' });
  });

  test('inside its leeway, but after its successor was used, ends the family too', async () => {
    const first = await family();
    const second = await refresh(app, first['refresh_token']);
    const third = await refresh(app, second.body['refresh_token']);
    expect(third.status).toBe(200);
    expect(outcome(await refresh(app, first['refresh_token']))).toEqual(REFUSED);
    expect(outcome(await refresh(app, third.body['refresh_token']))).toEqual(REFUSED);
  });

  test('where the application has no leeway ends the family at once', async () => {
    const first = await family(strict);
    const second = await refresh(strict, first['refresh_token']);
    expect(second.status).toBe(200);
    expect(outcome(await refresh(strict, first['refresh_token']))).toEqual(REFUSED);
    expect(outcome(await refresh(strict, second.body['refresh_token']))).toEqual(REFUSED);
  });
});

/** Twelve refreshes with one token at once, on two nodes: each one's status and successor. */
const many = (token: unknown, clientId: 'app' | 'strict'): Promise<readonly (readonly [number, unknown])[]> =>
  Promise.all(
    Array.from({ length: 12 }, async (_, index) => {
      const { status, json } = await send(`${app.issuer}/oauth2/v1/token`, {
        ...(index % 2 === 0 ? {} : { through: sibling.url }),
        form: {
          grant_type: 'refresh_token',
          refresh_token: String(token),
          client_id: clientId,
          ...(clientId === 'app' ? { client_secret: APP_SECRET } : {}),
        },
      });
      return [status, json['refresh_token']] as const;
    }),
  );

describe('A-55: a benign race', () => {
  test('a lost answer is given again, the same one', async () => {
    const first = await family();
    const second = await refresh(app, first['refresh_token']);
    const again = await refresh(app, first['refresh_token']);
    expect([again.status, again.body]).toEqual([200, second.body]);
    expect((await refresh(app, again.body['refresh_token'])).status).toBe(200);
  });

  test('at once on two nodes: everybody gets the same successor, never two live branches', async () => {
    for (let round = 0; round < 3; round += 1) {
      browser = new HttpBrowser();
      const first = await family();
      const answers = await many(first['refresh_token'], 'app');
      expect(answers.filter(([status]) => status !== 200)).toEqual([]);
      const successors = new Set(answers.map(([, successor]) => successor));
      expect(successors.size).toBe(1);
      const [successor] = successors;
      const { sid } = claimsOf(first['id_token']);
      const live = `kind = 'RefreshToken' AND consumed_at IS NULL AND payload->>'sid' = $1`;
      expect(await ledger.count('oidc_artifacts', live, [sid])).toBe(1);
      expect((await refresh(app, successor)).status).toBe(200);
    }
  });

  test('at once without a leeway: at most one gets an answer, and nothing lives afterwards', async () => {
    const first = await family(strict);
    const answers = await many(first['refresh_token'], 'strict');
    const won = answers.filter(([status]) => status === 200);
    expect(won.length).toBe(1);
    for (const [, successor] of won) expect(outcome(await refresh(strict, successor))).toEqual(REFUSED);
    expect(await events('refresh_token.reused')).toBeGreaterThan(0);
  });

  test('the answer is kept sealed, and erased when the leeway is over', async () => {
    const first = await family();
    const second = await refresh(app, first['refresh_token']);
    const kept = (): Promise<{ replay_sealed: string | null }[]> =>
      ledger.rows(`SELECT replay_sealed FROM oidc_artifacts WHERE replay_until IS NOT NULL`);
    const [sealed] = (await kept()).slice(-1);
    expect(sealed?.replay_sealed).toMatch(/^cw1\./);
    expect(sealed?.replay_sealed).not.toContain(String(second.body['refresh_token']));
    await endLeeway();
    await sweep(acme.causeway.node.database);
    expect(await kept()).toEqual([]);
    expect(await ledger.count('oidc_artifacts', 'replay_sealed IS NOT NULL')).toBe(0);
    expect((await refresh(app, second.body['refresh_token'])).status).toBe(200);
  });

  test('within the leeway a person who was switched off gets nothing again', async () => {
    const first = await family();
    await refresh(app, first['refresh_token']);
    await ledger.rows('UPDATE users SET active = false');
    expect(outcome(await refresh(app, first['refresh_token']))).toEqual(REFUSED);
  });
});

describe('A-56: a refresh when access is gone', () => {
  test.each<[string, (sub: string) => Promise<unknown>]>([
    [
      'the person was switched off through the funnel',
      (sub) => endPerson(acme.causeway.node.database, ledger, sub),
    ],
    [
      'the person was switched off, and nothing else was done',
      () => ledger.rows('UPDATE users SET active = false'),
    ],
    ['the person was deleted', (sub) => ledger.rows('DELETE FROM users WHERE id = $1', [sub])],
    [
      'the connection was disabled',
      () => configure({ connections: [connectionTo(acme.okta, { status: 'disabled' })] }),
    ],
    ['the connection was deleted', () => configure({ connections: [] })],
    [
      'the issuer of the connection is another',
      () => configure({ connections: [connectionTo(acme.okta, { issuer: 'https://other.okta.com' })] }),
    ],
    [
      'the role is gone, and without one nobody comes in',
      () => configure({ whenNoRole: 'deny', roleMappings: [] }),
    ],
    [
      'the person is not assigned any more',
      () =>
        configure({
          applications: [
            {
              clientId: 'app',
              type: 'web',
              clientSecret: APP_SECRET,
              redirectUris: ['https://app.example/cb'],
              assignment: { groups: ['Finance'] },
            },
          ],
        }),
    ],
  ])('%s: invalid_grant, and no grant is left', async (_case, change) => {
    const first = await family();
    const { sub } = claimsOf(first['id_token']);
    await change(String(sub));
    expect(outcome(await refresh(app, first['refresh_token']))).toEqual(REFUSED);
    expect(await ledger.grants(String(sub))).toBe(0);
    expect(await isActive(first['access_token'])).toBe(false);
    expect(await isActive(first['refresh_token'])).toBe(false);
    // It stays so when the cause has gone: who wants in signs in again.
    await ledger.rows('UPDATE users SET active = true');
    await configure();
    expect(outcome(await refresh(app, first['refresh_token']))).toEqual(REFUSED);
  });

  test('the application was removed: it is unknown, and is no other when it comes again', async () => {
    const first = await family();
    await configure({ applications: [] });
    expect(outcome(await refresh(app, first['refresh_token']))).toEqual([401, 'invalid_client']);
    await configure();
    expect(outcome(await refresh(app, first['refresh_token']))).toEqual(REFUSED);
  });

  test('a role that is lost, where one may come in without, is lost at the refresh', async () => {
    const first = await family();
    expect(claimsOf(first['id_token'])['roles']).toEqual(['admin']);
    await configure({ roleMappings: [] });
    const second = await refresh(app, first['refresh_token']);
    expect(claimsOf(second.body['id_token'])['roles']).toEqual([]);
  });

  test('who lost all access by a change of configuration is named in the audit trail, before any refresh', async () => {
    const first = await family();
    const sub = String(claimsOf(first['id_token'])['sub']);
    await configure({ whenNoRole: 'deny', roleMappings: [] });
    const ended = await ledger.audit('acme', { action: 'access.ended' });
    expect(ended.find(({ target }) => target === `user:${sub}`)).toMatchObject({
      reason: 'no_role',
      actor: { type: 'operator' },
    });
    expect(outcome(await refresh(app, first['refresh_token']))).toEqual(REFUSED);
  });
});
