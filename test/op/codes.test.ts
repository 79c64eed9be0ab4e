import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ADA, APP_SECRET, startAcme, type Acme } from '../support/acme.js';
import {
  authorizationRequest,
  claimsOf,
  post,
  redeem,
  refresh,
  signIn,
  walk,
  type TestApplication,
} from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import type { TestNode } from '../support/node.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { addOrganization, type Organization } from '../support/organization.js';
import { basic, send } from './support/http.js';

let acme: Acme;
let globex: Organization;
let other: TestApplication;
let sibling: TestNode;
let ledger: Ledger;

beforeAll(async () => {
  acme = await startAcme();
  globex = await addOrganization(acme, 'globex', { okta: { users: [{ login: ADA.username }] } });
  sibling = await acme.causeway.sibling();
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  const { applications = [] } = acme.tenant;
  await acme.causeway.apply([
    {
      slug: 'acme',
      applications: [
        ...applications,
        {
          clientId: 'other',
          type: 'web',
          clientSecret: APP_SECRET,
          redirectUris: [acme.app.redirectUri, 'https://other.example/cb'],
        },
      ],
    },
  ]);
  other = { ...acme.app, clientId: 'other' };
});
afterAll(async () => {
  await ledger.close();
  await globex.stop();
  await acme.stop();
});

const browser = new HttpBrowser();

/** A code of Ada's for an application, not redeemed. */
async function aCode(application = acme.app): Promise<{ readonly code: string; readonly verifier: string }> {
  const { url, verifier } = authorizationRequest(application);
  const { end } = await walk(browser, application, url, ADA);
  return { code: end?.searchParams.get('code') ?? '', verifier };
}

/** All that a code has given is dead: nobody gets anything for it any more. */
async function expectDead(
  application: TestApplication,
  body: Readonly<Record<string, unknown>>,
): Promise<void> {
  for (const token of ['access_token', 'refresh_token'])
    expect((await post(application, 'introspect', { token: String(body[token]) })).body).toEqual({
      active: false,
    });
  const refreshed = await refresh(application, body['refresh_token']);
  expect([refreshed.status, refreshed.body['error']]).toEqual([400, 'invalid_grant']);
  const { status } = await send(`${application.issuer}/oauth2/v1/userinfo`, {
    headers: { authorization: `Bearer ${String(body['access_token'])}` },
  });
  expect(status).toBe(401);
}

describe('a code is redeemed once', () => {
  test('A-50: a second time, all that it gave dies, and it is in the audit trail', async () => {
    const { code, verifier } = await aCode();
    const first = await redeem(acme.app, code, verifier);
    expect(first.status).toBe(200);
    const second = await redeem(acme.app, code, verifier);
    expect([second.status, second.body['error']]).toEqual([400, 'invalid_grant']);
    await expectDead(acme.app, first.body);
    const [event] = (await ledger.audit('acme', { action: 'authorization_code.reused' })).slice(-1);
    expect(event).toMatchObject({ outcome: 'refused', reason: 'token_reuse', application: 'grafana' });
  });

  test('A-50: by who lacks its verifier, or is another application, it does no harm', async () => {
    const { code, verifier } = await aCode();
    const first = await redeem(acme.app, code, verifier);
    const events = await ledger.count('audit_events', `action = 'authorization_code.reused'`);
    expect((await redeem(acme.app, code, 'x'.repeat(43))).status).toBe(400);
    expect((await redeem(other, code, verifier)).status).toBe(400);
    expect((await refresh(acme.app, first.body['refresh_token'])).status).toBe(200);
    expect(await ledger.count('audit_events', `action = 'authorization_code.reused'`)).toBe(events);
  });

  test('A-51: of 20 at once on two nodes one gets tokens, and they are dead at once', async () => {
    for (let round = 0; round < 3; round += 1) {
      const { code, verifier } = await aCode();
      const before = await ledger.count('audit_events', `action = 'authorization_code.reused'`);
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          send(`${acme.app.issuer}/oauth2/v1/token`, {
            ...(index % 2 === 0 ? {} : { through: sibling.url }),
            headers: { authorization: basic('grafana', APP_SECRET) },
            form: {
              grant_type: 'authorization_code',
              code,
              redirect_uri: acme.app.redirectUri,
              code_verifier: verifier,
            },
          }),
        ),
      );
      const [winner, ...more] = answers.filter(({ status }) => status === 200);
      expect(more).toEqual([]);
      for (const { status, json } of answers.filter((answer) => answer !== winner))
        expect([status, json['error']]).toEqual([400, 'invalid_grant']);
      await expectDead(acme.app, winner?.json ?? {});
      const after = await ledger.count('audit_events', `action = 'authorization_code.reused'`);
      expect(after).toBeGreaterThan(before);
    }
  });
});

describe('A-52: each condition alone refuses a code', () => {
  interface Attempt {
    readonly application: TestApplication;
    readonly code: string;
    readonly redirectUri: string;
    readonly verifier: string;
  }
  type Fault = (attempt: Attempt) => Attempt | Promise<Attempt>;
  const FAULTS: Readonly<Record<string, Fault>> = {
    'another application': (attempt) => ({ ...attempt, application: other }),
    'another redirect URI': (attempt) => ({ ...attempt, redirectUri: 'https://other.example/cb' }),
    'no redirect URI': (attempt) => ({ ...attempt, redirectUri: '' }),
    'another verifier': (attempt) => ({ ...attempt, verifier: 'x'.repeat(43) }),
    'another code': (attempt) => ({ ...attempt, code: attempt.code.split('').toReversed().join('') }),
    'the code in another case': (attempt) => ({ ...attempt, code: attempt.code.toLowerCase() }),
    'another tenant': (attempt) => ({ ...attempt, application: globex.app }),
    'its time is over': async (attempt) => {
      await ledger.rows(
        `UPDATE oidc_artifacts SET expires_at = now() - interval '1 ms' WHERE kind = 'AuthorizationCode'`,
      );
      return attempt;
    },
    'its person was switched off': async (attempt) => {
      await ledger.rows('UPDATE users SET active = false');
      return attempt;
    },
  };
  const names = Object.keys(FAULTS);
  const pairs = names.flatMap((first, index) => names.slice(index).map((second) => [first, second] as const));

  const attemptWith = async ({ application, code, redirectUri, verifier }: Attempt): Promise<unknown[]> => {
    const { status, body } = await post(application, 'token', {
      grant_type: 'authorization_code',
      code,
      ...(redirectUri === '' ? {} : { redirect_uri: redirectUri }),
      code_verifier: verifier,
    });
    return [status, body['error'], body['access_token']];
  };

  test.each(pairs)('%s, %s', async (first, second) => {
    const { code, verifier } = await aCode();
    let attempt: Attempt = { application: acme.app, code, redirectUri: acme.app.redirectUri, verifier };
    for (const name of new Set([first, second])) attempt = (await FAULTS[name]?.(attempt)) ?? attempt;
    try {
      expect(await attemptWith(attempt)).toEqual([
        400,
        expect.stringMatching(/^invalid_(?:grant|request)$/),
        undefined,
      ]);
    } finally {
      await ledger.rows('UPDATE users SET active = true');
    }
  });

  test('and none of them: tokens', async () => {
    const { code, verifier } = await aCode();
    expect((await redeem(acme.app, code, verifier)).status).toBe(200);
  });
});

describe('A-53: what one tenant gave is nothing at another, though application and secret are the same', () => {
  test('code', async () => {
    const { code, verifier } = await aCode();
    const there = await redeem(globex.app, code, verifier);
    expect([there.status, there.body['error']]).toEqual([400, 'invalid_grant']);
    expect((await redeem(acme.app, code, verifier)).status).toBe(200);
  });

  test('refresh token, access token', async () => {
    const { body } = await signIn(new HttpBrowser(), acme.app, ADA);
    const there = await refresh(globex.app, body['refresh_token']);
    expect([there.status, there.body['error']]).toEqual([400, 'invalid_grant']);
    for (const token of [body['access_token'], body['refresh_token'], body['id_token']])
      expect((await post(globex.app, 'introspect', { token: String(token) })).body['active']).not.toBe(true);
    const { status } = await send(`${globex.app.issuer}/oauth2/v1/userinfo`, {
      headers: { authorization: `Bearer ${String(body['access_token'])}` },
    });
    expect(status).toBe(401);
    expect((await post(globex.app, 'revoke', { token: String(body['refresh_token']) })).status).toBe(200);
    expect((await refresh(acme.app, body['refresh_token'])).status).toBe(200);
  });

  test('the same person at both is two people', async () => {
    const [here, there] = await Promise.all(
      [acme.app, globex.app].map(async (application) => signIn(new HttpBrowser(), application, ADA)),
    );
    const [a, b] = [here, there].map((answer) => claimsOf(answer?.body['id_token']));
    expect([a?.['tenant'], b?.['tenant']]).toEqual(['acme', 'globex']);
    expect(a?.['sub']).not.toBe(b?.['sub']);
  });
});
