import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { silentLogger } from '../../src/core/logger.js';
import { serve, type ServingNode } from '../../src/server/serve.js';
import { createDataSource } from '../../src/storage/data-source.js';
import { ADA, CAT } from '../support/acme.js';
import { authorizationRequest, claimsOf, post, refresh, signIn } from '../support/application.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { connectionTo } from '../support/organization.js';
import { arrive, goAndReturn, leave, redeemAt, signThere, travelOurs } from '../support/trip.js';
import { startTwoNodes, type TwoNodes } from './two-nodes.js';

let two: TwoNodes;

beforeAll(async () => {
  two = await startTwoNodes();
});
afterAll(() => two.stop());

describe('F-14 two nodes without stickiness', () => {
  test('every step of a sign-in, a renewal, a refresh and a sign-out may fall on another node', async () => {
    const { acme, balancer } = two;
    balancer.served.clear();
    await Promise.all(
      [ADA, CAT].map(async (person) => {
        for (let flow = 0; flow < 10; flow += 1) {
          const browser = new HttpBrowser();
          // oxlint-disable-next-line no-await-in-loop -- step by step
          const { status, body } = await signIn(browser, acme.app, person);
          expect(status).toBe(200);
          const silent = authorizationRequest(acme.spa, { prompt: 'none' });
          // oxlint-disable-next-line no-await-in-loop -- step by step
          const door = await travelOurs(browser, acme.spa, silent.url);
          // oxlint-disable-next-line no-await-in-loop -- step by step
          expect((await redeemAt(acme.spa, door, silent)).status).toBe(200);
          // oxlint-disable-next-line no-await-in-loop -- step by step
          const renewed = await refresh(acme.app, body['refresh_token']);
          expect(renewed.status).toBe(200);
          // oxlint-disable-next-line no-await-in-loop -- step by step
          const { body: seen } = await post(acme.app, 'introspect', {
            token: String(renewed.body['access_token']),
          });
          expect(seen['active']).toBe(true);
          const logout = `${acme.app.issuer}/oauth2/v1/logout?id_token_hint=${String(body['id_token'])}`;
          // oxlint-disable-next-line no-await-in-loop -- step by step
          expect((await browser.open(logout)).status).toBe(303);
          const after = authorizationRequest(acme.app, { prompt: 'none' });
          // oxlint-disable-next-line no-await-in-loop -- step by step
          const { location } = await travelOurs(browser, acme.app, after.url);
          expect(location?.searchParams.get('error')).toBe('login_required');
        }
      }),
    );
    const counts = [...balancer.served.values()];
    expect(counts).toHaveLength(2);
    expect(Math.min(...counts)).toBeGreaterThan(60);
  }, 120_000);

  test('F-02 a node that dies in the middle of a sign-in: the other one finishes it', async () => {
    const { acme, other, balancer } = two;
    const doomed = await acme.causeway.sibling();
    balancer.targets = [doomed.url];
    const browser = new HttpBrowser();
    const trip = await leave(browser, acme.app);
    await doomed.leave();
    balancer.targets = [other.url];
    const callback = await signThere(browser, trip, ADA);
    const end = await arrive(browser, acme.app, callback);
    expect((await redeemAt(acme.app, end, trip.request)).status).toBe(200);
    balancer.targets = [acme.causeway.url, other.url];
  });
});

/** How long after a change a request still gets the answer of before, in milliseconds. */
async function seenAfter(change: () => Promise<unknown>, isSeen: () => Promise<boolean>): Promise<number> {
  expect(await isSeen()).toBe(false);
  await change();
  const changed = performance.now();
  let lastBefore = changed;
  for (let asked = changed; !(await isSeen()); asked = performance.now()) {
    lastBefore = asked;
    if (asked - changed > 5_000) throw new Error('not seen for 5 s');
    await sleep(25);
  }
  return lastBefore - changed;
}

describe('invariant 9: no node knows more than the database for longer than a second', () => {
  let polling: ServingNode;

  beforeAll(async () => {
    const { acme, balancer } = two;
    const settings = {
      version: '0.0.0-test',
      publicUrl: balancer.url,
      trustedProxies: { kind: 'none' },
      privateUpstreams: 'allow',
      databaseKind: 'external',
      metricsElsewhere: false,
    } as const;
    const dataSource = await createDataSource(acme.causeway.databaseUrl).initialize();
    const options = { settings, host: '127.0.0.1', port: 0, metricsPort: undefined, jobs: () => [] };
    polling = await serve(options, dataSource, acme.causeway.keyRing, silentLogger);
    balancer.targets = [`http://127.0.0.1:${polling.port}`];
  });
  afterAll(async () => {
    two.balancer.targets = [two.acme.causeway.url, two.other.url];
    await polling.stop();
  });

  test('a connection that is disabled is closed within 1 s, and opened again', async () => {
    const { acme } = two;
    const configure = (status: 'disabled' | 'enforced'): Promise<unknown> =>
      acme.causeway.apply([{ slug: 'acme', connections: [connectionTo(acme.okta, { status })] }]);
    const isClosed = async (): Promise<boolean> =>
      (await new HttpBrowser().open(authorizationRequest(acme.app).url)).status !== 303 ||
      (await travelOurs(new HttpBrowser(), acme.app, authorizationRequest(acme.app).url)).status === 403;
    expect(await seenAfter(() => configure('disabled'), isClosed)).toBeLessThan(3_000);
    const isOpen = async (): Promise<boolean> => !(await isClosed());
    expect(await seenAfter(() => configure('enforced'), isOpen)).toBeLessThan(3_000);
  });

  test('a role mapping that changes is in the next token within 1 s', async () => {
    const { acme } = two;
    const browser = new HttpBrowser();
    await signIn(browser, acme.app, ADA);
    const rolesNow = async (): Promise<unknown> => {
      const silent = authorizationRequest(acme.app, { prompt: 'none' });
      const { body } = await redeemAt(acme.app, await travelOurs(browser, acme.app, silent.url), silent);
      return claimsOf(body['id_token'])['roles'];
    };
    expect(await rolesNow()).toEqual(['admin']);
    const roleMappings = [{ group: { name: 'Engineering' }, role: 'viewer' }];
    const isChanged = async (): Promise<boolean> => String(await rolesNow()) === 'viewer';
    const seen = seenAfter(() => acme.causeway.apply([{ slug: 'acme', roleMappings }]), isChanged);
    expect(await seen).toBeLessThan(3_000);
  });

  test('what a person has ends at once, whoever ended it', async () => {
    const { acme, ledger } = two;
    const browser = new HttpBrowser();
    const { callback, request } = await goAndReturn(browser, acme.app, CAT);
    const { body } = await redeemAt(acme.app, await arrive(browser, acme.app, callback), request);
    const { sub } = claimsOf(body['id_token']);
    await two.switchOff(String(sub));
    const ended = performance.now();
    expect((await refresh(acme.app, body['refresh_token'])).body['error']).toBe('invalid_grant');
    const seen = await post(acme.app, 'introspect', { token: String(body['access_token']) });
    expect(seen.body['active']).toBe(false);
    const { location } = await travelOurs(
      browser,
      acme.app,
      authorizationRequest(acme.app, { prompt: 'none' }).url,
    );
    expect(location?.searchParams.get('error')).toBe('login_required');
    expect(performance.now() - ended).toBeLessThan(3_000);
    await ledger.rows('UPDATE users SET active = true');
  });
});
