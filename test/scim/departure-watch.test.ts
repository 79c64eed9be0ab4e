import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { silentLogger } from '../../src/core/logger.js';
import { Ledger } from '../support/ledger.js';
import { startTestNode, type TestNode } from '../support/node.js';
import { oktaUser, ScimClient } from '../support/scim-client.js';

const TOKEN = 'a-scim-token-of-the-tests-0123456789';
const warnings: string[] = [];
let it: TestNode;
let ledger: Ledger;

beforeAll(async () => {
  it = await startTestNode({ log: { ...silentLogger, warn: (event) => void warnings.push(event) } });
  await it.apply(
    ['acme', 'globex'].map((slug) => ({
      slug,
      connections: [
        { key: 'okta', issuer: `https://${slug}.okta.com`, clientId: '0oa1', status: 'enforced' },
      ],
      scimTokens: [{ name: 'okta', token: `${slug}-${TOKEN}` }],
    })),
  );
  ledger = await Ledger.open(it.databaseUrl);
});
afterAll(async () => {
  await ledger.close();
  await it.stop();
});

const alarms = async (slug: string) => ledger.audit(slug, { action: 'provisioning.mass_deactivation' });

/** So many people of the tenant, by ids. */
async function people(slug: string, count: number): Promise<{ scim: ScimClient; ids: readonly string[] }> {
  const scim = new ScimClient(`${it.url}/t/${slug}/scim/v2`, `${slug}-${TOKEN}`);
  const replies = await Promise.all(
    Array.from({ length: count }, (_, n) => scim.post('/Users', oktaUser(`person-${n}@${slug}.example`))),
  );
  return { scim, ids: replies.map(({ body }) => JSON.stringify(body['id']).slice(1, -1)) };
}

async function deactivate(scim: ScimClient, ids: readonly string[]): Promise<readonly number[]> {
  const replies = await Promise.all(
    ids.map((id) => scim.patch(`/Users/${id}`, [{ op: 'replace', value: { active: false } }])),
  );
  return replies.map(({ status }) => status);
}

test('A-98 a push that switches off a fifth of all people is told once, and nobody is held back', async () => {
  const { scim, ids } = await people('acme', 40);
  expect(await deactivate(scim, ids.slice(0, 8))).not.toContain(503);
  expect(await alarms('acme')).toEqual([]);
  expect(new Set(await deactivate(scim, ids.slice(8)))).toEqual(new Set([200]));
  const [alarm, ...others] = await alarms('acme');
  expect(others).toEqual([]);
  expect(alarm).toMatchObject({ target: 'connection:okta', connection: 'okta' });
  expect(warnings).toContain('scim.mass_deactivation');
  const { body } = await scim.get(`/Users?count=0&filter=${encodeURIComponent('active eq true')}`);
  expect(body['totalResults']).toBe(0);
});

test('A-98 deletions count as well; a few of many are no alarm', async () => {
  const { scim, ids } = await people('globex', 100);
  await Promise.all(ids.slice(0, 12).map((id) => scim.delete(`/Users/${id}`)));
  expect(await alarms('globex')).toEqual([]);
  await Promise.all(ids.slice(12, 40).map((id) => scim.delete(`/Users/${id}`)));
  expect(await alarms('globex')).toHaveLength(1);
});
