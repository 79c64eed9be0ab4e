import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ConnectionId, TenantId } from '../../src/core/ids.js';
import type { LoginTransaction } from '../../src/domain/sign-in/login-transaction.js';
import { PostgresLoginTransactionStore } from '../../src/storage/login-transaction-store.js';
import { sweep } from '../../src/storage/sweeper.js';
import { bytes, setStage, type Stage } from './stage.js';

let stage: Stage;
let store: PostgresLoginTransactionStore;
let acme: TenantId;
let connectionId: ConnectionId;

beforeAll(async () => {
  stage = await setStage();
  store = new PostgresLoginTransactionStore(stage.database);
  acme = await stage.tenant('acme');
  connectionId = await stage.connection('acme', 'okta');
});
afterAll(() => stage.close());

/** A trip that has begun. */
async function begun(change: Partial<LoginTransaction> = {}): Promise<LoginTransaction> {
  const transaction: LoginTransaction = {
    stateHash: bytes(),
    browserHash: bytes(),
    interactionHash: bytes(),
    connectionId,
    connectionVersion: 3,
    issuer: 'https://okta.acme.example',
    redirectUri: 'https://sso.example/t/acme/callback/okta',
    request: { acrValues: ['phr'], maxAgeSeconds: 300, freshly: true },
    ...change,
  };
  await store.begin(acme, transaction);
  return transaction;
}

const take = ({ stateHash, browserHash }: LoginTransaction) => store.take(acme, stateHash, browserHash);
const expire = ({ stateHash }: LoginTransaction, seconds = 1) =>
  stage.ledger.rows(
    'UPDATE login_transactions SET expires_at = now() - make_interval(secs => $2) WHERE state_hash = $1',
    [stateHash, seconds],
  );

describe('a trip to an upstream', () => {
  test('comes back as it was begun, with its age', async () => {
    const transaction = await begun();
    await stage.ledger.rows(
      `UPDATE login_transactions SET expires_at = expires_at - interval '200 s' WHERE state_hash = $1`,
      [transaction.stateHash],
    );
    const taken = await take(transaction);
    expect(taken).toMatchObject({ taken: true, transaction, interaction: undefined });
    expect(taken.taken && taken.ageSeconds).toBeGreaterThanOrEqual(200);
    expect(taken.taken && taken.ageSeconds).toBeLessThan(210);
  });

  test('brings the interaction that waits for it, while that lives', async () => {
    const transaction = await begun();
    await stage.ledger.rows(
      `INSERT INTO oidc_artifacts (tenant_id, hash, kind, payload, expires_at)
      VALUES ($1, $2, 'Interaction', '{"a":1}', now() + interval '1 hour')`,
      [acme, transaction.interactionHash],
    );
    expect(await take(transaction)).toMatchObject({
      interaction: { hash: transaction.interactionHash, kind: 'Interaction', payload: { a: 1 } },
    });
    const late = await begun({ interactionHash: transaction.interactionHash });
    await stage.ledger.rows(`UPDATE oidc_artifacts SET expires_at = now()`);
    expect(await take(late)).toMatchObject({ taken: true, interaction: undefined });
  });

  test('A-22 invariant 3: is taken once, of 20 at the same time', async () => {
    const transaction = await begun();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => take(transaction)));
    expect(outcomes.filter(({ taken }) => taken)).toHaveLength(1);
    for (const outcome of outcomes.filter(({ taken }) => !taken))
      expect(outcome).toEqual({ taken: false, reason: 'used' });
  });

  test.each<[what: string, browserHash: () => Buffer | null]>([
    ['with another secret', bytes],
    ['with none', () => null],
  ])('A-19 stays for the right browser when one comes %s', async (_what, browserHash) => {
    const transaction = await begun();
    expect(await store.take(acme, transaction.stateHash, browserHash())).toEqual({
      taken: false,
      reason: 'other_browser',
    });
    expect(await take(transaction)).toMatchObject({ taken: true });
    expect(await store.take(acme, transaction.stateHash, null)).toEqual({ taken: false, reason: 'used' });
  });

  test('that took too long says so, to whatever browser', async () => {
    const transaction = await begun();
    await expire(transaction);
    expect(await take(transaction)).toEqual({ taken: false, reason: 'expired' });
    expect(await store.take(acme, transaction.stateHash, null)).toEqual({ taken: false, reason: 'expired' });
  });

  test('A-53 isn’t another tenant’s, and nobody’s is unknown', async () => {
    const transaction = await begun();
    const globex = await stage.tenant('globex');
    expect(await store.take(globex, transaction.stateHash, transaction.browserHash)).toEqual({
      taken: false,
      reason: 'unknown',
    });
    expect(await store.take(acme, bytes(), bytes())).toEqual({ taken: false, reason: 'unknown' });
    expect(await take(transaction)).toMatchObject({ taken: true });
  });

  test('is kept an hour after its end, so that who comes late can be told, and then swept', async () => {
    const [recent, old] = [await begun(), await begun()];
    await expire(recent, 3_000);
    await expire(old, 3_700);
    await sweep(stage.database);
    expect(await take(recent)).toEqual({ taken: false, reason: 'expired' });
    expect(await take(old)).toEqual({ taken: false, reason: 'unknown' });
  });
});
