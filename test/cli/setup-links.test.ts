import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { KeyRing } from '../../src/keys/sealing.js';
import { apiClient } from '../support/api.js';
import { startTestNode, type TestNode } from '../support/node.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { runHere, type Ended } from './support.js';

const secret = randomBytes(32);
let node: TestNode;
let token: string;

beforeAll(async () => {
  node = await startTestNode({ keyRing: new KeyRing([{ id: 'test', secret }]) });
  await node.apply([
    { slug: 'northwind', name: 'Northwind Portal' },
    { slug: 'acme', name: 'Acme Inc.', parent: 'northwind' },
  ]);
  token = (await apiClient(node)).token ?? '';
});
afterAll(() => node.stop());

type Where = 'here' | 'there';

const links = (where: Where, ...words: readonly string[]): Promise<Ended> =>
  runHere(
    ['setup-link', ...words, '--tenant', 'acme'],
    where === 'there'
      ? { CAUSEWAY_URL: node.url, CAUSEWAY_TOKEN: token }
      : {
          DATABASE_URL: node.databaseUrl,
          ENCRYPTION_KEYS: `test:${secret.toString('base64')}`,
          PUBLIC_URL: node.url,
        },
  );

test.each(['here', 'there'] as const)('%s a link is made, opened, listed and taken back', async (where) => {
  const wish = ['--part', 'sign-in', 'domains', '--note', 'Dana', '--expires-in', '3600', '--json'];
  const made = await links(where, 'create', ...wish);
  expect([made.code, made.stderr]).toEqual([0, '']);
  const link = JSON.parse(made.stdout) as { readonly id: string; readonly url: string };
  expect(link).toMatchObject({ connection: 'okta', parts: ['sign-in', 'domains'], mayTurnOn: false });
  const browser = new HttpBrowser();
  expect((await browser.open(link.url)).text).toContain('to <bdi>Northwind Portal</bdi>');
  expect((await browser.open(link.url, { form: {} })).status).toBe(303);

  const listed = await links(where, 'list');
  expect(listed.stdout.split('\n')[0]).toMatch(new RegExp(`^${link.id}  open  okta  .*Dana.*at step app`));
  expect(listed.stdout).not.toContain('cw_setup');
  expect((await links(where, 'revoke', link.id)).code).toBe(0);
  expect((await browser.open(`${node.url}/setup/`)).status).toBe(410);
  expect((await links(where, 'revoke', link.id)).code).not.toBe(0);
});

test('what can be no link is said before anything is done', async () => {
  for (const words of [
    ['--part', 'all'],
    ['--connection', 'No Key'],
    ['--expires-in', 'soon'],
  ])
    expect((await links('here', 'create', ...words)).code).toBe(64);
  expect((await links('here', 'revoke', 'x')).code).toBe(64);
});
