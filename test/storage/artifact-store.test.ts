import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../src/core/clock.js';
import type { TenantId, UserId } from '../../src/core/ids.js';
import type { ArtifactCommit, CommitOutcome, Consumption } from '../../src/domain/artifact/artifact-store.js';
import { endAccess } from '../../src/domain/session/end-access.js';
import { PostgresAccessStore } from '../../src/storage/access-store.js';
import type { PostgresArtifactStore } from '../../src/storage/artifact-store.js';
import { PostgresAuditStore } from '../../src/storage/audit-store.js';
import { anAuditRecord, openVault } from '../support/audit.js';
import { testIds } from '../support/deployment.js';
import type { Ledger } from '../support/ledger.js';
import {
  application,
  artifact,
  hashOf,
  NOTHING,
  openStage,
  session,
  type ArtifactStage,
} from './support/artifacts.js';

let stage: ArtifactStage;
let ledger: Ledger;
let store: PostgresArtifactStore;
let other: PostgresArtifactStore;
let tenantId: TenantId;
let elsewhere: TenantId;
let userId: string;

beforeAll(async () => {
  stage = await openStage();
  ({ ledger, store, other, tenantId, elsewhere } = stage);
});
afterAll(() => stage.stop());
beforeEach(async () => {
  userId = await stage.clear();
});

const consumption = (name: string, more: Partial<Consumption> = {}): Consumption => ({
  hash: hashOf(name),
  grantHash: hashOf('grant'),
  replay: undefined,
  ...more,
});

const commit = (work: Partial<ArtifactCommit>, by = store): Promise<CommitOutcome> =>
  by.commit(tenantId, { ...NOTHING, ...work });

/** A grant, with a token that hangs on it. */
async function aFamily(token = 'token'): Promise<void> {
  await commit({
    artifacts: [artifact('grant', { kind: 'Grant' }), artifact(token, { grantHash: hashOf('grant') })],
  });
}

const lives = async (name: string, at = tenantId): Promise<boolean> =>
  (await store.load(at, [hashOf(name)])).length > 0;

const audited = (action: string): Promise<number> => ledger.count('audit_events', 'action = $1', [action]);

const record = (grantHash: Buffer | null) => ({ hash: hashOf('jti'), grantHash, lifetimeSeconds: 60 });
const recordLives = async (at = tenantId, name = 'jti'): Promise<boolean> =>
  (await store.tokenRecord(at, hashOf(name))) !== undefined;

describe('an artifact', () => {
  test('comes with its grant, its session and its person', async () => {
    await commit({ session: session({ applications: [application('app')] }) });
    await commit({
      artifacts: [
        artifact('grant', { kind: 'Grant', payload: { what: 'grant' } }),
        artifact('token', { grantHash: hashOf('grant'), sessionUid: 'session', userId }),
      ],
    });
    const [found] = await store.load(tenantId, [hashOf('token'), hashOf('unknown')]);
    expect(found).toMatchObject({
      kind: 'RefreshToken',
      payload: { name: 'token' },
      consumed: false,
      grant: { payload: { what: 'grant' } },
      session: { uid: 'session', applications: [{ clientId: 'app', sid: 'sid-app' }] },
      account: { userId, active: true },
      replay: undefined,
    });
    expect(found?.remainingSeconds).toBeGreaterThan(595);
    expect(found?.remainingSeconds).toBeLessThanOrEqual(600);
  });

  test.each([
    ['its time is over', `UPDATE oidc_artifacts SET expires_at = now() WHERE kind = 'RefreshToken'`],
    ['its grant is gone', `DELETE FROM oidc_artifacts WHERE kind = 'Grant'`],
    ['its grant’s time is over', `UPDATE oidc_artifacts SET expires_at = now() WHERE kind = 'Grant'`],
  ])('is not there when %s', async (_case, change) => {
    await aFamily();
    expect(await lives('token')).toBe(true);
    await ledger.rows(change);
    expect(await lives('token')).toBe(false);
  });

  test('is not there when the first of the grants is gone that its own came from, by exchange of an exchanged token', async () => {
    await commit({
      artifacts: [
        artifact('first', { kind: 'Grant' }),
        artifact('second', { kind: 'Grant', grantHash: hashOf('first') }),
        artifact('grant', { kind: 'Grant', grantHash: hashOf('second') }),
        artifact('token', { grantHash: hashOf('grant') }),
        artifact('stranger', {}),
      ],
    });
    const both = [hashOf('token'), hashOf('stranger')];
    expect(await store.load(tenantId, both)).toHaveLength(2);
    await ledger.rows(`UPDATE oidc_artifacts SET expires_at = now() WHERE hash = $1`, [hashOf('first')]);
    expect((await store.load(tenantId, both)).map(({ hash }) => hash)).toEqual([hashOf('stranger')]);
  });

  test('A-53: is not there for another tenant', async () => {
    await aFamily();
    expect(await lives('token', elsewhere)).toBe(false);
    await store.commit(elsewhere, {
      ...NOTHING,
      revokeGrants: [hashOf('grant')],
      destroy: [hashOf('token')],
    });
    expect(await lives('token')).toBe(true);
  });

  test('goes with its grant, and alone', async () => {
    await aFamily();
    await commit({ artifacts: [artifact('second', { grantHash: hashOf('grant') })] });
    await commit({ destroy: [hashOf('token')] });
    expect([await lives('token'), await lives('second')]).toEqual([false, true]);
    await commit({ revokeGrants: [hashOf('grant')] });
    expect(await lives('second')).toBe(false);
    expect(await ledger.count('oidc_artifacts')).toBe(0);
  });
});

describe('invariant 3: what is taken once', () => {
  test('is taken together with all others that the request takes, or nothing is written', async () => {
    await commit({ artifacts: [artifact('one', {}), artifact('two', {}), artifact('three', {})] });
    const takes = (one: string, another: string, writes: string): Promise<CommitOutcome> =>
      commit({
        consume: [consumption(one, { grantHash: null }), consumption(another, { grantHash: null })],
        session: session({ uid: writes }),
        artifacts: [artifact(writes, {})],
      });
    expect([await takes('one', 'two', 'both'), await lives('both')]).toEqual(['committed', true]);
    expect([await takes('two', 'three', 'half'), await lives('half')]).toEqual(['taken', false]);
    expect(await ledger.count('sessions')).toBe(1);
  });

  test('is committed once, then taken; the second attempt ends the grant and writes nothing', async () => {
    await aFamily();
    const work = (name: string): Partial<ArtifactCommit> => ({
      consume: [consumption('token')],
      artifacts: [artifact(name, { grantHash: hashOf('grant') })],
      tokenRecords: [{ hash: hashOf(`jwt ${name}`), grantHash: hashOf('grant'), lifetimeSeconds: 60 }],
      audit: [anAuditRecord(tenantId, `test.${name}`)],
    });
    expect(await commit(work('winner'))).toBe('committed');
    expect([await lives('winner'), (await store.load(tenantId, [hashOf('token')]))[0]?.consumed]).toEqual([
      true,
      true,
    ]);
    expect(await commit(work('loser'), other)).toBe('taken');
    expect([await lives('winner'), await lives('loser'), await lives('grant')]).toEqual([
      false,
      false,
      false,
    ]);
    expect(await recordLives(tenantId, 'jwt winner')).toBe(false);
    expect([await audited('test.winner'), await audited('test.loser')]).toEqual([1, 0]);
  });

  test('has one winner among twenty on two nodes', async () => {
    for (let round = 0; round < 5; round += 1) {
      await aFamily(`token ${round}`);
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          commit(
            {
              consume: [consumption(`token ${round}`)],
              artifacts: [artifact(`successor ${round} ${index}`, { grantHash: hashOf('grant') })],
            },
            index % 2 === 0 ? store : other,
          ),
        ),
      );
      expect(outcomes.filter((outcome) => outcome === 'committed').length).toBe(1);
      expect(
        outcomes.filter((outcome) => outcome !== 'committed').every((outcome) => outcome === 'taken'),
      ).toBe(true);
      expect(await lives('grant')).toBe(false);
      for (let index = 0; index < 20; index += 1)
        expect(await lives(`successor ${round} ${index}`)).toBe(false);
    }
  });

  test('with an answer for the leeway, losing the race ends nothing, and the answer is there', async () => {
    await aFamily();
    const replay = { sealed: 'sealed', leewaySeconds: 10, successor: hashOf('successor') };
    const take = (by: PostgresArtifactStore): Promise<CommitOutcome> =>
      commit(
        {
          consume: [consumption('token', { grantHash: null, replay })],
          artifacts: [artifact('successor', { grantHash: hashOf('grant') })],
        },
        by,
      );
    expect((await Promise.all([take(store), take(other)])).toSorted()).toEqual(['committed', 'taken']);
    const replayOf = async (): Promise<string | undefined> =>
      (await store.load(tenantId, [hashOf('token')]))[0]?.replay;
    expect([await replayOf(), await lives('successor')]).toEqual(['sealed', true]);
    await commit({ consume: [consumption('successor')] });
    expect(await replayOf()).toBeUndefined();
  });

  test('an answer is not there after its leeway', async () => {
    await aFamily();
    const replay = { sealed: 'sealed', leewaySeconds: 10, successor: hashOf('successor') };
    await commit({ consume: [consumption('token', { grantHash: null, replay })] });
    await ledger.rows(`UPDATE oidc_artifacts SET replay_until = now()`);
    expect((await store.load(tenantId, [hashOf('token')]))[0]?.replay).toBeUndefined();
  });

  test('is not taken when its time is over, or it is another tenant’s', async () => {
    await aFamily();
    expect(await store.commit(elsewhere, { ...NOTHING, consume: [consumption('token')] })).toBe('taken');
    expect((await store.load(tenantId, [hashOf('token')]))[0]?.consumed).toBe(false);
    await ledger.rows('UPDATE oidc_artifacts SET expires_at = now()');
    expect(await commit({ consume: [consumption('token')] })).toBe('taken');
  });

  test('a mark is set once, by one of twenty; again when its time is over; for each tenant apart', async () => {
    const mark = { hash: hashOf('jti'), kind: 'ReplayDetection', lifetimeSeconds: 60 };
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? store : other).claim(tenantId, mark)),
    );
    expect(claims.filter(Boolean).length).toBe(1);
    expect(await store.claim(elsewhere, mark)).toBe(true);
    await ledger.rows('UPDATE oidc_artifacts SET expires_at = now()');
    expect(await store.claim(tenantId, mark)).toBe(true);
    expect(await other.claim(tenantId, mark)).toBe(false);
  });
});

describe('invariant 5: what needs somebody or something that lives', () => {
  const CAUSES: readonly (readonly [string, string, Partial<ArtifactCommit>])[] = [
    ['the person was switched off', 'UPDATE users SET active = false', {}],
    ['the person was deleted', 'DELETE FROM users', {}],
    [
      'the person was read as one of a connection, and is a local account now that may come in itself',
      `WITH l AS (INSERT INTO local_accounts (tenant_id, user_id, purpose) SELECT tenant_id, id, 'break-glass' FROM users)
        UPDATE users SET connection_id = NULL, connection_version = NULL`,
      { connected: true },
    ],
    ['the session has ended', 'UPDATE sessions SET ended_at = now()', { requiredSession: 'session' }],
    ['the session’s time is over', 'UPDATE sessions SET expires_at = now()', { requiredSession: 'session' }],
    ['there is no such session', 'DELETE FROM sessions', { requiredSession: 'session' }],
    [
      'the grant is gone',
      `DELETE FROM oidc_artifacts WHERE kind = 'Grant'`,
      { requiredGrant: hashOf('grant') },
    ],
    [
      'the grant’s time is over',
      'UPDATE oidc_artifacts SET expires_at = now()',
      { requiredGrant: hashOf('grant') },
    ],
  ];

  test.each(CAUSES)('%s: nothing is written', async (_case, change, required) => {
    await aFamily();
    await commit({ session: session() });
    await ledger.rows(change);
    const before = await ledger.count('oidc_artifacts');
    const work: Partial<ArtifactCommit> = {
      userId,
      ...required,
      artifacts: [artifact('new')],
      consume: [consumption('token', { grantHash: null })],
      tokenRecords: [{ hash: hashOf('jwt'), grantHash: null, lifetimeSeconds: 60 }],
      audit: [anAuditRecord(tenantId, 'test.ended')],
      session: session({ uid: 'second', cookieHash: hashOf('second'), userId: null }),
    };
    expect(await commit(work)).toBe('ended');
    expect(await lives('new')).toBe(false);
    expect(await ledger.count('oidc_artifacts')).toBe(before);
    expect(await ledger.count('oidc_artifacts', 'consumed_at IS NOT NULL')).toBe(0);
    expect(await recordLives(tenantId, 'jwt')).toBe(false);
    expect([await audited('test.ended'), await ledger.count('sessions', `uid = 'second'`)]).toEqual([0, 0]);
  });

  test('whoever comes in while access ends: afterwards nothing of theirs lives, in 60 races', async () => {
    const deps = {
      access: new PostgresAccessStore(stage.otherDatabase),
      audit: new PostgresAuditStore(stage.otherDatabase),
      auditTools: { ids: testIds, clock: systemClock, vault: openVault },
    };
    const outcomes = new Set<CommitOutcome>();
    for (let round = 0; round < 60; round += 1) {
      await ledger.rows('UPDATE users SET active = true');
      const uid = `race ${round}`;
      const [outcome] = await Promise.all([
        sleep(round % 6).then(() =>
          commit({
            userId,
            artifacts: [
              artifact(`grant ${uid}`, { kind: 'Grant', userId }),
              artifact(uid, { grantHash: hashOf(`grant ${uid}`) }),
            ],
            session: session({ uid, userId, cookieHash: hashOf(uid) }),
          }),
        ),
        sleep((round * 7) % 5).then(() =>
          stage.otherDatabase.withTenant(tenantId, async (scope) => {
            await stage.otherDatabase.transaction(scope).send([
              {
                text: 'UPDATE users SET active = false WHERE tenant_id = $1 AND id = $2',
                values: [tenantId, userId],
              },
            ]);
            await endAccess(deps, scope, {
              target: { user: userId as UserId },
              reason: 'scim_deprovisioned',
              actor: { type: 'system', id: 'test' },
            });
          }),
        ),
      ]);
      outcomes.add(outcome);
      expect([await lives(uid), await ledger.liveSessions(userId), await ledger.grants(userId)]).toEqual([
        false,
        0,
        0,
      ]);
    }
    // Both orders must have been seen, else nothing was raced.
    expect(outcomes.size).toBe(2);
  });
});

describe('a JWT’s record', () => {
  test('lives with its grant, and for its tenant', async () => {
    await aFamily();
    await commit({ tokenRecords: [record(hashOf('grant'))] });
    expect([await recordLives(), await recordLives(elsewhere)]).toEqual([true, false]);
    await commit({ revokeGrants: [hashOf('grant')] });
    expect(await recordLives()).toBe(false);
  });

  test.each([
    ['its time is over', 'UPDATE access_token_records SET expires_at = now()'],
    ['it is gone', 'DELETE FROM access_token_records'],
  ])('is dead when %s', async (_case, change) => {
    await commit({ tokenRecords: [record(null)] });
    expect(await recordLives()).toBe(true);
    await ledger.rows(change);
    expect(await recordLives()).toBe(false);
  });

  test('tells its grant when it is deleted', async () => {
    await aFamily();
    await commit({ tokenRecords: [record(hashOf('grant'))] });
    expect(await store.deleteTokenRecord(elsewhere, hashOf('jti'))).toBeNull();
    expect(await store.deleteTokenRecord(tenantId, hashOf('jti'))).toEqual(hashOf('grant'));
    expect(await store.deleteTokenRecord(tenantId, hashOf('jti'))).toBeNull();
  });
});
