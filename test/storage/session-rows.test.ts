import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { TenantId } from '../../src/core/ids.js';
import type {
  ArtifactCommit,
  CommitOutcome,
  StoredSession,
} from '../../src/domain/artifact/artifact-store.js';
import type { PostgresArtifactStore } from '../../src/storage/artifact-store.js';
import type { Ledger } from '../support/ledger.js';
import { application, hashOf, NOTHING, openStage, session, type ArtifactStage } from './support/artifacts.js';

let stage: ArtifactStage;
let ledger: Ledger;
let store: PostgresArtifactStore;
let other: PostgresArtifactStore;
let tenantId: TenantId;
let elsewhere: TenantId;

beforeAll(async () => {
  stage = await openStage();
  ({ ledger, store, other, tenantId, elsewhere } = stage);
});
afterAll(() => stage.stop());
beforeEach(async () => {
  await stage.clear();
});

const commit = (work: Partial<ArtifactCommit>, by = store): Promise<CommitOutcome> =>
  by.commit(tenantId, { ...NOTHING, ...work });

const stored = (): Promise<StoredSession | undefined> => store.sessionByUid(tenantId, 'session');
const seconds = async (): Promise<number> => (await stored())?.remainingSeconds ?? 0;

describe('a session', () => {
  test('never rises once it has ended', async () => {
    await commit({ session: session({ payload: { round: 1 } }) });
    await ledger.rows('UPDATE sessions SET ended_at = now()');
    expect(await commit({ session: session({ payload: { round: 2 }, cookieHash: hashOf('new') }) })).toBe(
      'ended',
    );
    expect(await stored()).toBeUndefined();
    expect(await ledger.rows('SELECT payload, ended_at IS NULL AS alive FROM sessions')).toEqual([
      { payload: { round: 1 }, alive: false },
    ]);
  });

  test('of two tabs that saw the same, none loses the other’s application', async () => {
    await commit({ session: session({ applications: [application('first')] }) });
    const outcomes = await Promise.all(
      ['one', 'two', 'three', 'four'].map((clientId, index) =>
        commit(
          { session: session({ applications: [application(clientId)] }) },
          index % 2 === 0 ? store : other,
        ),
      ),
    );
    expect(new Set(outcomes)).toEqual(new Set(['committed']));
    expect((await stored())?.applications.map(({ clientId }) => clientId).toSorted()).toEqual(
      ['first', 'four', 'one', 'three', 'two'].toSorted(),
    );
  });

  test('an application changes and leaves', async () => {
    await commit({ session: session({ applications: [application('one'), application('two')] }) });
    await commit({
      session: session({
        applications: [application('one', { sid: 'changed', persistsLogout: true })],
        leftApplications: ['two'],
      }),
    });
    expect((await stored())?.applications).toMatchObject([
      { clientId: 'one', sid: 'changed', persistsLogout: true },
    ]);
  });

  test('is found by its cookie of now, and by no earlier one', async () => {
    await commit({ session: session() });
    await commit({ session: session({ cookieHash: hashOf('next') }) });
    expect(await store.sessionByCookie(tenantId, hashOf('cookie'))).toBeUndefined();
    expect((await store.sessionByCookie(tenantId, hashOf('next')))?.uid).toBe('session');
    expect(await store.sessionByCookie(elsewhere, hashOf('next'))).toBeUndefined();
  });

  test('lives on with use, not past its absolute end; who signs in anew begins anew', async () => {
    await commit({ session: session({ idleSeconds: 600, absoluteSeconds: 900 }) });
    expect(await seconds()).toBe(600);
    await commit({ session: session({ idleSeconds: 2_000, absoluteSeconds: 2_000 }) });
    expect(await seconds()).toBe(900);
    const origin = {
      connectionId: null,
      upstreamSession: null,
      sealedUpstreamIdToken: null,
      ip: null,
      userAgent: null,
    };
    await commit({ session: session({ idleSeconds: 2_000, absoluteSeconds: 1_200, origin }) });
    expect(await seconds()).toBe(1_200);
    await commit({ session: session({ idleSeconds: 600, absoluteSeconds: 300, origin }) });
    expect(await seconds()).toBe(300);
  });

  test('keeps where it came from when it is written again', async () => {
    const origin = {
      connectionId: null,
      upstreamSession: 'okta-session',
      sealedUpstreamIdToken: 'sealed',
      ip: '192.0.2.1',
      userAgent: 'browser',
    };
    await commit({ session: session({ origin }) });
    await commit({ session: session() });
    expect(await stored()).toMatchObject({
      upstreamSession: 'okta-session',
      sealedUpstreamIdToken: 'sealed',
    });
  });
});
