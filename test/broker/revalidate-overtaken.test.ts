import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createRevalidate } from '../../src/broker/revalidate.js';
import { sealGrant } from '../../src/broker/upstream-grant.js';
import { epochSeconds, systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import type { UserId } from '../../src/core/ids.js';
import type { Connection } from '../../src/domain/connection/connection.js';
import type { TenantContext } from '../../src/http/tenant-context.js';
import type { Revalidated } from '../../src/op/revalidation.js';
import { UpstreamError } from '../../src/rp/causes.js';
import type { Revalidation } from '../../src/rp/revalidation.js';
import { PostgresAccessStore } from '../../src/storage/access-store.js';
import { PostgresAuditStore } from '../../src/storage/audit-store.js';
import { PostgresGroupsApiStore } from '../../src/storage/groups-api-store.js';
import { PostgresPeopleStore } from '../../src/storage/people-store.js';
import { PostgresUpstreamGrantStore } from '../../src/storage/upstream-grant-store.js';
import { startAcme, type Acme } from '../support/acme.js';
import { testIds } from '../support/deployment.js';
import { Ledger } from '../support/ledger.js';
import { connectionTo } from '../support/organization.js';

const GRACE_SECONDS = 3_600;

let acme: Acme;
let ledger: Ledger;
let tenant: TenantContext;
let connection: Connection;
let ada: UserId;
/** What the upstream says, and what happens meanwhile. */
let upstream: (refreshToken: string) => Promise<Revalidation>;
let asked: string[];

beforeAll(async () => {
  acme = await startAcme();
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  const scopes = ['openid', 'groups', 'offline_access'];
  const settings = { scopes, revalidateSeconds: 300, revalidateGraceSeconds: GRACE_SECONDS };
  await acme.causeway.apply([{ slug: 'acme', connections: [connectionTo(acme.okta, settings)] }]);
  const found = await acme.causeway.node.directory.find('acme');
  const okta = found?.connection('okta');
  if (found === undefined || okta === undefined) throw new Error('no acme');
  [tenant, connection] = [found, okta];
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});
beforeEach(async () => {
  asked = [];
  people += 1;
  const userName = `ada${people}`;
  ada = (await ledger.addUser({ tenant: 'acme', connection: 'okta', userName })) as UserId;
});
let people = 0;

const store = () => new PostgresUpstreamGrantStore(acme.causeway.node.database);

/** A sign-in's refresh token, so many seconds ago. */
async function keep(refreshToken: string, ageSeconds = 0): Promise<void> {
  const sealedRefreshToken = sealGrant(tenant, ada, { subject: '00u1', refreshToken });
  const key = { userId: ada, connectionId: connection.id, connectionVersion: connection.version };
  await acme.causeway.node.database.withTenant(tenant.id, (scope) => {
    store().keep(scope, { ...key, sealedRefreshToken });
    return Promise.resolve();
  });
  await ledger.rows(
    'UPDATE upstream_grants SET checked_at = checked_at - make_interval(secs => $2) WHERE user_id = $1',
    [ada, ageSeconds],
  );
}

/** A refresh, as far as the upstream is concerned. */
function refresh(): Promise<Revalidated> {
  const { database, relyingParty } = acme.causeway.node;
  const revalidate = createRevalidate({
    transactions: database,
    people: new PostgresPeopleStore(database),
    access: new PostgresAccessStore(database),
    audit: new PostgresAuditStore(database),
    upstreamGrants: store(),
    relyingParty: {
      authorizationUrl: (...request) => relyingParty.authorizationUrl(...request),
      completeSignIn: (...request) => relyingParty.completeSignIn(...request),
      logoutUrl: (...request) => relyingParty.logoutUrl(...request),
      readLogoutToken: (...request) => relyingParty.readLogoutToken(...request),
      revalidate: (_party, { refreshToken }) => {
        asked.push(refreshToken);
        return upstream(refreshToken);
      },
    },
    groupsApis: new PostgresGroupsApiStore(database),
    oktaGroups: { groupsOf: () => Promise.reject(new Error('it is not set up')) },
    ids: testIds,
    clock: systemClock,
    log: silentLogger,
  });
  return revalidate(tenant, { connection, userId: ada, since: epochSeconds(systemClock) });
}

/** A refresh while a claim is held that nobody will give back. */
async function refreshBesideDead(ageSeconds: number): Promise<Revalidated> {
  await keep('one', ageSeconds);
  const text = `UPDATE upstream_grants SET claimed_until = now() + interval '1 hour' WHERE user_id = $1`;
  await ledger.rows(text, [ada]);
  return refresh();
}

const no = (): Revalidation => ({
  kind: 'refused',
  error: new UpstreamError('code_invalid', 'token', 'no'),
  refreshToken: undefined,
});
const silence = (seconds?: string): Revalidation => ({
  kind: 'unknown',
  error: new UpstreamError('rate_limited', 'token', 'wait', seconds === undefined ? {} : { seconds }),
  refreshToken: undefined,
});

const events = (): Promise<number> => ledger.count('audit_events', `body LIKE '%' || $1 || '%'`, [ada]);

describe('an answer that comes late', () => {
  test('a no to an old token ends nothing when the person has signed in meanwhile', async () => {
    await keep('old', 300);
    upstream = async () => {
      await keep('new');
      return no();
    };
    expect(await refresh()).toEqual({ kind: 'allowed', changed: true });
    expect([asked, await events()]).toEqual([['old'], 0]);
  });

  test('a no that somebody else has said too is said once', async () => {
    await keep('old', 300);
    upstream = async () => {
      // The claim has run out, another node has asked and ended everything.
      await ledger.rows('DELETE FROM upstream_grants WHERE user_id = $1', [ada]);
      return no();
    };
    expect([await refresh(), await events()]).toEqual([{ kind: 'ended' }, 0]);
  });
});

describe('who waits for another', () => {
  test('goes by the grace when that one learns nothing, and doesn’t ask again', async () => {
    upstream = async () => {
      await sleep(300);
      return silence();
    };
    await keep('one', 300);
    expect(await Promise.all([refresh(), refresh(), refresh()])).toEqual(
      Array.from({ length: 3 }, () => ({ kind: 'allowed', changed: false })),
    );
    expect(asked).toHaveLength(1);
    await keep('two', GRACE_SECONDS + 1);
    expect(await Promise.all([refresh(), refresh(), refresh()])).toEqual(
      Array.from({ length: 3 }, () => ({ kind: 'unavailable', retryAfterSeconds: 10 })),
    );
    expect(asked).toEqual(['one', 'two']);
  });

  test('waits no longer than 5 s for one that died', async () => {
    expect(await refreshBesideDead(300)).toEqual({ kind: 'allowed', changed: false });
    expect(await refreshBesideDead(GRACE_SECONDS + 1)).toMatchObject({ kind: 'unavailable' });
    expect(asked).toEqual([]);
  }, 30_000);
});

test.each([
  ['45', 45],
  ['0', 1],
  ['86400', 120],
  [undefined, 10],
])('an upstream that wants us to wait %s s: come back in %i', async (seconds, retryAfterSeconds) => {
  upstream = () => Promise.resolve(silence(seconds));
  await keep('one', GRACE_SECONDS + 1);
  expect(await refresh()).toEqual({ kind: 'unavailable', retryAfterSeconds });
});

test('A-130 a grant that was put into another person’s row opens nothing', async () => {
  await keep('of Ada', 300);
  const eve = (await ledger.addUser({ tenant: 'acme', connection: 'okta', userName: 'eve' })) as UserId;
  await ledger.rows('UPDATE upstream_grants SET user_id = $2 WHERE user_id = $1', [ada, eve]);
  ada = eve;
  await expect(refresh()).rejects.toThrow();
  expect(asked).toEqual([]);
});
