import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import { refresh, signIn } from '../support/application.js';
import { startBalancer, type Balancer } from '../support/balancer.js';
import { HttpBrowser, type Page } from '../support/okta-sign-in.js';
import { addOrganization, connectionTo, type Organization } from '../support/organization.js';
import { arrive, goAndReturn, headingOf, leave, signThere } from '../support/trip.js';

let balancer: Balancer;
let acme: Acme;
let globex: Organization;

beforeAll(async () => {
  balancer = await startBalancer();
  acme = await startAcme({ settings: { publicUrl: balancer.url } });
  balancer.targets = [acme.causeway.url];
  globex = await addOrganization(acme, 'globex', { okta: { users: [{ login: ADA.username }] } });
});
afterAll(async () => {
  await globex.stop();
  await acme.stop();
  await balancer.stop();
});
afterEach(() => {
  acme.okta.org.heal();
});

/** Back from Okta to whatever Causeway says. */
async function comesBack(): Promise<Page> {
  const browser = new HttpBrowser();
  const { callback } = await goAndReturn(browser, acme.app, ADA);
  return arrive(browser, acme.app, callback);
}

describe('A14 F-07 an Okta that is down', () => {
  test('is left alone after five failures; others don’t notice; sessions go on; it is used again within 30 s', async () => {
    const { body } = await signIn(new HttpBrowser(), acme.app, ADA);
    acme.okta.org.fail('token.http_500');
    for (let failures = 0; failures < 5; failures += 1) {
      // oxlint-disable-next-line no-await-in-loop -- a row of failures
      expect((await comesBack()).status).toBe(503);
    }
    acme.okta.org.log.clear();
    const started = performance.now();
    const page = await comesBack();
    expect(performance.now() - started).toBeLessThan(5_000);
    expect([page.status, headingOf(page)]).toEqual([503, "Acme Okta isn't answering"]);
    expect(acme.okta.org.log.to('token')).toEqual([]);

    expect((await signIn(new HttpBrowser(), globex.app, ADA)).status).toBe(200);
    expect((await refresh(acme.app, body['refresh_token'])).status).toBe(200);

    acme.okta.org.heal();
    const healed = performance.now();
    let status = 503;
    while (status !== 303 && performance.now() - healed < 30_000) {
      // oxlint-disable-next-line no-await-in-loop -- as a person would, again and again
      await sleep(1_000);
      // oxlint-disable-next-line no-await-in-loop -- as above
      status = (await comesBack()).status;
    }
    expect(status).toBe(303);
  }, 60_000);

  test('F-08 one that is slow for some doesn’t hold up another tenant', async () => {
    const browsers = Array.from({ length: 5 }, () => new HttpBrowser());
    const trips = await Promise.all(browsers.map((browser) => goAndReturn(browser, acme.app, ADA)));
    acme.okta.org.fail('token.no_answer');
    const slow = trips.map(({ callback }, index) =>
      arrive(browsers[index] as HttpBrowser, acme.app, callback),
    );
    const started = performance.now();
    expect((await signIn(new HttpBrowser(), globex.app, ADA)).status).toBe(200);
    expect(performance.now() - started).toBeLessThan(4_000);
    const pages = await Promise.all(slow);
    expect(pages.map(({ status }) => status)).toEqual([503, 503, 503, 503, 503]);
    expect(performance.now() - started).toBeLessThan(9_000);
  }, 30_000);
});

describe('F-11 signing keys while Okta’s key set can’t be had', () => {
  beforeAll(async () => {
    const keys = ['kept', 'rotated'];
    const app = acme.okta.org.app('Causeway');
    app.redirectUris.push(...keys.map((key) => `${acme.app.issuer}/callback/${key}`));
    await acme.causeway.apply([
      {
        slug: 'acme',
        signIn: { default: 'okta' },
        connections: [connectionTo(acme.okta), ...keys.map((key) => connectionTo(acme.okta, { key }))],
      },
    ]);
    for (const connection of keys) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await signIn(new HttpBrowser(), acme.app, ADA, { connection });
    }
  });

  test('known keys go on verifying, on a node that starts in the outage too', async () => {
    acme.okta.org.fail('keys.http_500');
    acme.okta.org.fail('discovery.http_500');
    expect((await signIn(new HttpBrowser(), acme.app, ADA, { connection: 'kept' })).status).toBe(200);
    const late = await acme.causeway.sibling();
    balancer.targets = [late.url];
    expect((await signIn(new HttpBrowser(), acme.app, ADA, { connection: 'kept' })).status).toBe(200);
    balancer.targets = [acme.causeway.url];
  });

  test('a key that was rotated is fetched once, and nobody notices', async () => {
    acme.okta.org.log.clear();
    await acme.okta.org.keys.rotate();
    await acme.okta.org.keys.rotate();
    expect((await signIn(new HttpBrowser(), acme.app, ADA, { connection: 'rotated' })).status).toBe(200);
    expect((await signIn(new HttpBrowser(), acme.app, ADA, { connection: 'rotated' })).status).toBe(200);
    expect(acme.okta.org.log.to('keys')).toHaveLength(1);
  });

  test('an unknown one fails closed, and is known as soon as Okta answers again', async () => {
    acme.okta.org.fail('keys.http_500');
    const browser = new HttpBrowser();
    const trip = await leave(browser, acme.app, { connection: 'kept' });
    const page = await arrive(browser, acme.app, await signThere(browser, trip, ADA));
    expect([page.location, page.status]).toEqual([undefined, 503]);
    acme.okta.org.heal();
    const healed = performance.now();
    let status = 0;
    while (status !== 200 && performance.now() - healed < 30_000) {
      // oxlint-disable-next-line no-await-in-loop -- again and again
      await sleep(1_000);
      const again = signIn(new HttpBrowser(), acme.app, ADA, { connection: 'kept' });
      // oxlint-disable-next-line no-await-in-loop -- as above
      ({ status } = await again.catch(() => ({ status: 0 })));
    }
    expect(status).toBe(200);
  }, 60_000);
});
