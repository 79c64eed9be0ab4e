import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KeyRing } from '../../src/keys/sealing.js';
import { runHere } from '../cli/support.js';
import { startReceiver, until, type LogoutReceiver } from '../events/support/receiver.js';
import { stopServers } from '../outbound/support/servers.js';
import { startTwoNodes, type TwoNodes } from '../races/two-nodes.js';
import { ADA, CAT } from '../support/acme.js';
import { authorizationRequest, claimsOf, post, refresh, signIn } from '../support/application.js';
import { HttpBrowser, type OktaPerson } from '../support/okta-sign-in.js';
import { travelOurs } from '../support/trip.js';

const secret = randomBytes(32);
let two: TwoNodes;
let receiver: LogoutReceiver;

beforeAll(async () => {
  receiver = await startReceiver();
  two = await startTwoNodes({ keyRing: new KeyRing([{ id: 'test', secret }]) });
  const applications = (two.acme.tenant.applications ?? []).map((application) =>
    application.clientId === 'grafana' ? { ...application, backchannelLogoutUri: receiver.uri } : application,
  );
  await two.acme.causeway.apply([{ slug: 'acme', applications }]);
  two.other.node.logoutDeliveries.start();
});
afterAll(async () => {
  await two.other.node.logoutDeliveries.stop();
  await two.stop();
  await stopServers();
});

/** `causeway sessions` of an operator on the machine, beside the two nodes that serve. */
async function sessions(...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runHere(['sessions', ...words, '--tenant', 'acme'], {
    DATABASE_URL: two.acme.causeway.databaseUrl,
    ENCRYPTION_KEYS: `test:${secret.toString('base64')}`,
    PUBLIC_URL: two.balancer.url,
  });
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

async function introspect(token: unknown): Promise<unknown> {
  return (await post(two.acme.app, 'introspect', { token: String(token) })).body['active'];
}

/** What one person has at Grafana, by a browser of their own. */
async function comeIn(person: OktaPerson) {
  const browser = new HttpBrowser();
  const { status, body } = await signIn(browser, two.acme.app, person);
  expect(status).toBe(200);
  const { sub, sid } = claimsOf(body['id_token']);
  return {
    sub: String(sub),
    sid,
    /** On both nodes: the balancer takes turns. */
    isActive: async () => [await introspect(body['access_token']), await introspect(body['access_token'])],
    refresh: () => refresh(two.acme.app, body['refresh_token']),
    /** What a renewal without anybody being asked comes to. */
    renew: async (): Promise<string> => {
      const silent = authorizationRequest(two.acme.app, { prompt: 'none' });
      const { location } = await travelOurs(browser, two.acme.app, silent.url);
      return location?.searchParams.get('error') ?? 'code';
    },
  };
}

const toldOf = (sid: unknown) => receiver.told.filter(({ claims }) => claims['sid'] === sid);

describe('G5: an operator ends access beside two nodes', () => {
  test('a person’s: nothing of it works any more on either node, applications are told, others go on', async () => {
    const [ada, cat] = [await comeIn(ADA), await comeIn(CAT)];
    expect(await ada.isActive()).toEqual([true, true]);
    expect(await sessions('list', '--user', ADA.username)).toContain(ada.sub);
    expect(await sessions('end', '--user', ADA.username)).toBe('Ended 1 session and 1 grant.\n');
    expect(await ada.isActive()).toEqual([false, false]);
    expect((await ada.refresh()).body['error']).toBe('invalid_grant');
    expect(await ada.renew()).toBe('login_required');
    expect(await ada.renew()).toBe('login_required');
    await until(() => toldOf(ada.sid).length > 0);
    expect(toldOf(ada.sid).map(({ claims }) => claims['sub'])).toEqual([ada.sub]);
    expect(await cat.isActive()).toEqual([true, true]);
    expect((await cat.refresh()).status).toBe(200);
    expect(toldOf(cat.sid)).toEqual([]);
    // It was their access that ended, not they: they sign in anew as the same person.
    expect((await comeIn(ADA)).sub).toBe(ada.sub);
  });

  test('an application’s: its tokens die and it is told, the sessions go on', async () => {
    const ada = await comeIn(ADA);
    await sessions('end', '--application', 'grafana');
    expect(await ada.isActive()).toEqual([false, false]);
    expect((await ada.refresh()).body['error']).toBe('invalid_grant');
    await until(() => toldOf(ada.sid).length > 0);
    expect(await ada.renew()).toBe('code');
  });

  test('a tenant’s: everybody signs in anew', async () => {
    const people = [await comeIn(ADA), await comeIn(CAT)];
    await sessions('end', '--all', '--yes');
    for (const person of people) {
      expect(await person.isActive()).toEqual([false, false]);
      expect(await person.renew()).toBe('login_required');
      await until(() => toldOf(person.sid).length > 0);
    }
    expect(await sessions('list')).toBe('There are no such sessions.\n');
  });
});
