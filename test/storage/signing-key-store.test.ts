import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { claimStatement, PostgresSigningKeyStore } from '../../src/storage/signing-key-store.js';
import { freshDeployment, type TestDeployment } from '../support/deployment.js';
import { Ledger } from '../support/ledger.js';

/** What EXPLAIN says of one step. */
interface Step {
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Step[];
}

const TENANTS = 3_000;
const claim = { currentSeconds: 86_400, leaseSeconds: 60, keysMax: 24 };

let it: TestDeployment;
let ledger: Ledger;

beforeAll(async () => {
  it = await freshDeployment();
  ledger = await Ledger.open(it.url);
  await ledger.rows(
    `INSERT INTO tenants (id, slug, name, kind, parent_id, status, settings, data_key)
      SELECT md5('t' || n)::uuid, 't' || n, 'T', 'organization', s.id, 'active', '{}', '' FROM tenants s, generate_series(1, $1) n`,
    [TENANTS],
  );
  await ledger.rows(
    `INSERT INTO signing_keys (tenant_id, id, alg, state, public_jwk, private_jwk_sealed)
      SELECT t.id, state || alg || n, alg, state, '{}', '' FROM tenants t, unnest(ARRAY['RS256', 'ES256', 'EdDSA']) alg,
        unnest(ARRAY['current', 'retired']) state, generate_series(1, 3) n
      WHERE t.kind <> 'system' AND (state <> 'current' OR n = 1)`,
  );
  await ledger.rows('ANALYZE signing_keys');
  await ledger.rows('ANALYZE tenants');
}, 60_000);
afterAll(async () => {
  await ledger.close();
  await it.destroy();
});

/** Rows of tables that PostgreSQL looked at. */
function rowsOf(step: Step): number {
  const own = (step['Actual Rows'] + (step['Rows Removed by Filter'] ?? 0)) * step['Actual Loops'];
  const below = (step.Plans ?? []).map(rowsOf).reduce((sum, rows) => sum + rows, 0);
  return below + (step['Relation Name'] === undefined ? 0 : own);
}

async function rowsRead(): Promise<number> {
  const { text, values } = claimStatement(claim);
  const [plan] = await ledger.rows<{ 'QUERY PLAN': readonly [{ readonly Plan: Step }] }>(
    `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`,
    [...values],
  );
  if (plan === undefined) throw new Error('no plan');
  return rowsOf(plan['QUERY PLAN'][0].Plan);
}

test('invariant 10: a node that asks for keys that are due looks at those, not at those of all tenants', async () => {
  expect(await rowsRead()).toBe(0);
  await ledger.rows(
    `UPDATE signing_keys SET state_changed_at = now() - interval '2 days' WHERE tenant_id IN (md5('t7')::uuid, md5('t8')::uuid)
      AND state = 'current'`,
  );
  await ledger.rows(`UPDATE signing_keys SET state = 'retiring', due_at = now() WHERE tenant_id = md5('t9')::uuid
    AND id = 'currentES256' || 1`);
  // Of a due key also its tenant's others: 7 × 12 of 36,000.
  expect(await rowsRead()).toBeLessThan(200);
});

test('due tenants are told once for each claim', async () => {
  await ledger.rows('UPDATE signing_keys SET claimed_until = NULL');
  const store = new PostgresSigningKeyStore(it.database);
  const claimed = await store.claimDue(claim);
  expect(claimed.map(({ slug }) => slug).toSorted()).toEqual(['t7', 't8', 't9']);
  expect(await store.claimDue(claim)).toEqual([]);
});
