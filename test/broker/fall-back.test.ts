import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { silentLogger } from '../../src/core/logger.js';
import { fallBackJob } from '../../src/server/fall-back.js';
import { signIn } from '../support/application.js';
import { ADA, startAcme, UPSTREAM_SECRET, type Acme } from '../support/acme.js';
import { apiClient, type ApiClient } from '../support/api.js';
import { testIds } from '../support/deployment.js';
import { Ledger } from '../support/ledger.js';
import { HttpBrowser } from '../support/okta-sign-in.js';

let acme: Acme;
let api: ApiClient;
let ledger: Ledger;
let run: () => Promise<number>;

beforeAll(async () => {
  acme = await startAcme();
  api = await apiClient(acme.causeway);
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  const { node, keyRing, url } = acme.causeway;
  run = fallBackJob({ database: node.database, keyRing, ids: testIds, publicUrl: url, log: silentLogger });
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});

/** As enforcing by the API leaves it: tested, then enforced. */
const enforce = () =>
  ledger.rows(`UPDATE connections SET status = 'enforced', outage = NULL, enforced_at = clock_timestamp(),
    tested_at = now() - interval '1 minute'`);

const fail = async (times: number): Promise<void> => {
  for (let n = 0; n < times; n += 1) await signIn(new HttpBrowser(), acme.app, ADA).catch(() => undefined);
};
const refused = () => ledger.count('audit_events', `action = 'sign_in.refused'`);

test('A18 a connection that lets nobody in after it was enforced falls back, with an outage of an hour', async () => {
  const app = acme.okta.org.app('0oacauseway000000001');
  const [secret] = app.secrets.map(({ value }) => value);
  expect(secret).toBe(UPSTREAM_SECRET);
  await enforce();
  app.secrets.forEach((one) => Object.assign(one, { value: 'another-secret-than-causeway-knows-1' }));
  await fail(4);
  expect([await refused(), await run()]).toEqual([4, 0]);
  await fail(1);
  expect(await run()).toBe(1);
  expect((await api.get('/tenants/acme/connections/okta')).body).toMatchObject({
    status: 'enabled',
    outage: { reason: expect.any(String), until: expect.any(String) },
  });
  expect(await ledger.audit('acme', { action: 'connection.fell_back' })).toHaveLength(1);
  expect(await run()).toBe(0);

  // Somebody came in: what fails for others is theirs.
  app.secrets.forEach((one) => Object.assign(one, { value: UPSTREAM_SECRET }));
  await enforce();
  await signIn(new HttpBrowser(), acme.app, ADA);
  app.secrets.forEach((one) => Object.assign(one, { value: 'another-secret-than-causeway-knows-1' }));
  await fail(6);
  expect(await run()).toBe(0);
});

test('A18 what a file enforces without a test stays as the file says', async () => {
  await enforce();
  await ledger.rows('UPDATE connections SET tested_at = NULL');
  await fail(6);
  expect(await run()).toBe(0);
});
