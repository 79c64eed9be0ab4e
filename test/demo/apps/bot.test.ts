import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { startBot, type RunningBot } from '../../../demo/apps/bot/server.js';
import { initialAccess } from '../../op/support/registration.js';
import { startAcme, type Acme } from '../../support/acme.js';
import { formsOf, HttpBrowser } from '../../support/okta-sign-in.js';

const API = { identifier: 'https://reports.acme.example', scope: 'reports:file' } as const;

let acme: Acme;
let folder: string;
let file: string;
let asked: number;
const running: RunningBot[] = [];

beforeAll(async () => {
  acme = await startAcme();
  await acme.causeway.apply([
    {
      slug: 'acme',
      apis: [{ identifier: API.identifier, scopes: [{ name: API.scope }] }],
      accessPolicies: [
        { api: API.identifier, clients: 'all', grants: ['client_credentials'], scopes: [API.scope] },
      ],
    },
  ]);
});
afterAll(() => acme.stop());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-bot-'));
  file = join(folder, 'reporter.json');
  asked = 0;
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((bot) => bot.stop()));
  await rm(folder, { recursive: true });
});

async function start(issuer = acme.app.issuer): Promise<RunningBot> {
  const bot = await startBot({
    look: { tenant: 'Acme', name: 'Reporter', accent: 'teal' },
    issuer,
    port: 0,
    api: API,
    file,
    initialAccessToken: async () => {
      asked += 1;
      const bounds = { apis: [API.identifier], scopes: [API.scope] };
      return (await initialAccess(acme.causeway, 'acme', bounds)).token;
    },
  });
  running.push(bot);
  return bot;
}

const pageOf = async (bot: RunningBot): Promise<string> => (await new HttpBrowser().open(bot.url)).text;

test('what it keeps is for its owner alone, and is what it starts with the next time', async () => {
  const first = await start();
  expect(await pageOf(first)).toContain('201 {&quot;report&quot;:1,');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const second = await start();
  expect([second.clientId, asked]).toEqual([first.clientId, 1]);
  expect(await pageOf(second)).not.toContain(JSON.parse(await readFile(file, 'utf8')).key.d);
});

test.each([
  [
    'is of a client that the issuer does not know',
    (text: string) => text.replace(/("client_id":")[^"]*/, '$1gone'),
  ],
  ['was cut off', (text: string) => text.slice(0, 40)],
  ['is something else', () => '{"client":7}'],
  ['is of another key', (_text: string, other: string) => other],
])('where what it kept %s, it registers anew', async (_name, change) => {
  const other = await start();
  const key = JSON.stringify(JSON.parse(await readFile(file, 'utf8')).key);
  await rm(file);
  const first = await start();
  const text = await readFile(file, 'utf8');
  const mixed = text.replace(JSON.stringify(JSON.parse(text).key), key);
  await writeFile(file, change(text, mixed));
  await chmod(file, 0o644);
  const second = await start();
  expect([first.clientId, other.clientId, undefined]).not.toContain(second.clientId);
  expect(await pageOf(second)).toContain('registered itself');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('an issuer that is away: the page says so, and its button tries again', async () => {
  const bot = await start('http://localhost:1/t/acme');
  const before = await new HttpBrowser().open(bot.url);
  expect(before.text).toContain("It didn't work: ");
  expect(before.text).toContain('It has done nothing yet');
  expect(bot.clientId).toBeUndefined();
  const [form] = formsOf(before);
  expect(form?.action.pathname).toBe('/ask');
  expect((await new HttpBrowser().open(`${bot.url}/ask`, { form: {} })).location?.href).toBe(`${bot.url}/`);
});

test('the button is for its own page: a form of another site presses nothing', async () => {
  const bot = await start();
  const headers = { Origin: 'http://localhost:9' };
  expect((await new HttpBrowser().open(`${bot.url}/ask`, { form: {}, headers })).status).toBe(403);
  expect(await pageOf(bot)).toContain('&quot;report&quot;:1,');
  const { headers: sent } = await new HttpBrowser().open(bot.url);
  expect(sent['content-security-policy']).toMatch(/^default-src 'none'; style-src.*frame-ancestors 'none'$/);
});
