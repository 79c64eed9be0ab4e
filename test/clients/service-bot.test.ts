import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { initialAccess } from '../op/support/registration.js';
import { startAcme, type Acme } from '../support/acme.js';
import { claimsOf } from '../support/application.js';
import { SNIPPETS } from './support/program.js';

const API = 'https://metadata.acme.example';

let acme: Acme;
let folder: string;

beforeAll(async () => {
  acme = await startAcme();
  folder = await mkdtemp(join(tmpdir(), 'causeway-bot-'));
  await acme.causeway.apply([
    {
      slug: 'acme',
      apis: [{ identifier: API, scopes: [{ name: 'ingest', default: true }, { name: 'lineage' }] }],
      accessPolicies: [{ api: API, clients: 'all', grants: ['client_credentials'], scopes: ['ingest'] }],
    },
  ]);
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await acme.stop();
});

async function runBot(state: string, token: string): Promise<Readonly<Record<string, string>>> {
  const env = {
    PATH: process.env['PATH'] ?? '',
    ISSUER: acme.app.issuer,
    API,
    INITIAL_ACCESS_TOKEN: token,
    STATE_FILE: state,
  };
  const { stdout } = await promisify(execFile)(process.execPath, [`${SNIPPETS}service-bot.mjs`], { env });
  return JSON.parse(stdout);
}

test('the guide’s bot registers once, keeps its key to itself, and gets tokens from then on', async () => {
  const { token } = await initialAccess(acme.causeway, 'acme', { apis: [API] });
  const state = join(folder, 'bot.json');
  const first = await runBot(state, token);
  expect(first['scope']).toBe('ingest');
  expect(claimsOf(first['token'])).toMatchObject({ aud: API, client_id: first['client'], scope: 'ingest' });
  expect((await stat(state)).mode & 0o777).toBe(0o600);
  const second = await runBot(state, 'not needed any more');
  expect(second['client']).toBe(first['client']);
  expect(second['token']).not.toBe(first['token']);
}, 60_000);
