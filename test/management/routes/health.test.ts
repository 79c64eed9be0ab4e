import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ADA, BOB, startAcme, type Acme } from '../../support/acme.js';
import { apiClient, type ApiClient } from '../../support/api.js';
import { Ledger } from '../../support/ledger.js';
import { warm } from '../../op/support/warm.js';

let acme: Acme;
let api: ApiClient;
let ledger: Ledger;

beforeAll(async () => {
  acme = await startAcme();
  await warm(acme);
  api = await apiClient(acme.causeway, { tenant: 'acme', role: 'console:technician' });
  ledger = await Ledger.open(acme.causeway.databaseUrl);
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});

const health = async () => (await api.get('/tenants/acme/health')).body;
const check = async (id: string) =>
  ((await health())['checks'] as readonly { id: string }[]).find((one) => one.id === id);

test('a tenant’s health tells who came in, how old the secret is, and what was given up', async () => {
  expect(await health()).toMatchObject({
    connections: [{ key: 'okta', signedIn: 1, refused: 0, secretSetAt: expect.any(String) }],
    deadDeliveries: 0,
  });
  expect(await check('connection:okta')).toMatchObject({ status: 'ok' });
  await ledger.rows(`UPDATE connections SET secret_updated_at = now() - interval '400 days'`);
  expect(await check('secret:okta')).toMatchObject({
    status: 'warn',
    detail: expect.stringContaining('400 days'),
  });
  await ledger.rows(`UPDATE audit_events SET action = 'sign_in.refused' WHERE action = 'sign_in.succeeded'`);
  expect(await check('connection:okta')).toMatchObject({ status: 'fail' });
  expect(JSON.stringify(await health())).not.toMatch(new RegExp(`${ADA.username}|${BOB.username}`));
});

test('events of older days don’t count', async () => {
  await ledger.rows(`INSERT INTO audit_events (tenant_id, id, at, action, outcome, body, hash, connection)
    SELECT e.tenant_id, ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, e.at, 'sign_in.succeeded',
      'success', e.body, e.hash, 'okta'
    FROM (SELECT * FROM audit_events WHERE connection = 'okta' LIMIT 1) e, generate_series(1, 50) n`);
  expect(await health()).toMatchObject({ connections: [{ signedIn: 0 }] });
});
