import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Testing } from '../broker/connection-test-kit.js';
import { ADA, startAcme, UPSTREAM_SECRET, type Acme } from '../support/acme.js';
import { apiClient, type ApiClient } from '../support/api.js';
import { signIn } from '../support/application.js';
import { HttpBrowser } from '../support/okta-sign-in.js';

let acme: Acme;
let api: ApiClient;
let directory: string;

beforeAll(async () => {
  acme = await startAcme();
  api = await apiClient(acme.causeway);
  directory = await mkdtemp(join(tmpdir(), 'causeway-docs-'));
  await signIn(new HttpBrowser(), acme.app, ADA);
});
afterAll(async () => {
  await rm(directory, { recursive: true });
  await acme.stop();
});

/** What a guide shows, block by block; addresses and secrets are those of the test. */
async function blocksOf(page: string): Promise<readonly string[]> {
  const text = await readFile(new URL(`../../docs/guides/${page}`, import.meta.url), 'utf8');
  const { url } = acme.causeway;
  return [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) =>
    block
      .replaceAll('https://sso.example', url)
      .replaceAll('http://localhost:3000', url)
      .replaceAll('https://acme.okta.com', acme.okta.issuer)
      .replaceAll('"0oa…"', '"0oacauseway000000001"')
      .replaceAll('"00…"', '"00an-api-token-of-okta"')
      .replaceAll('"…"', `"${UPSTREAM_SECRET}"`),
  );
}

/** Commands are tested elsewhere: here they only say what a script goes on with. A call that is refused ends the script. */
const TOOLS = `
curl() { command curl --fail-with-body "$@"; }
causeway() { if [ "$1 $2" = 'token create' ]; then printf '{"token": "%s"}' "$CAUSEWAY_TOKEN"; fi; }
npm() { while [ "$1" != -- ]; do shift; done; shift; causeway "$@"; }
`;

/** Runs it as it stands there. @returns what it prints */
async function run(script: string, tools = TOOLS): Promise<string> {
  const token = api.token ?? '';
  const env = { ...process.env, CAUSEWAY_URL: acme.causeway.url, CAUSEWAY_TOKEN: token, TOKEN: token };
  const words = ['-euo', 'pipefail', '-c', `${tools}${script}`];
  return (await promisify(execFile)('bash', words, { cwd: directory, env })).stdout;
}

test('every example of the management API’s guide runs as it stands there', async () => {
  const script = (await blocksOf('management-api.md')).join('\n');
  expect(script.split('\n').length).toBeGreaterThan(40);
  const stdout = await run(script, '');
  const answers = stdout.replaceAll('}{', '}\n{').split('\n');
  expect(answers.find((line) => line.includes('"clientId":"wiki"'))).toContain('"clientSecret":"');
  expect(stdout).toContain('"name":"Initech Wiki"');
  const made = answers.filter((line) => line.includes('"token":"cw_api_'));
  expect(made).toHaveLength(2);
  expect(made[0]).toBe(made[1]);
  expect(answers.at(-1)).toContain('"plan":[]');
});

test('roles.md: why, what a change would do, made, taken back, staged, applied', async () => {
  const told = await run((await blocksOf('roles.md')).join('\n'));
  expect(told).toContain('Ada Byron has admin in Grafana because they are in the Okta group Engineering');
  expect(told).toContain('1 person matches; 1 gets a role; 0 get none.');
  expect(told.match(/"state": ?"(applied|undone)"/g)).toHaveLength(3);
});

test('operators.md: somebody is invited', async () => {
  expect(await run((await blocksOf('operators.md')).join('\n'))).toMatch(/\/console\/enrol\/\S+\n/);
});

test('test-connection.md: a test, up to what takes a person at Okta', async () => {
  const told = await run((await blocksOf('test-connection.md')).join('\n'));
  expect(told).toContain('"state": "waiting"');
  expect(told).toMatch(/\/t\/acme\/test-sign-in\//);
});

test('connections.md: from a draft to its end, with a sign-in of a person’s in between', async () => {
  await acme.causeway.apply([{ slug: 'acme', connections: [], domains: [] }]);
  const [prelude = '', create = '', enable = '', ...blocks] = await blocksOf('connections.md');
  const step = (block: string) => run(prelude + block);
  const find = (words: string): string => blocks.find((block) => block.includes(words)) ?? 'exit 9';
  const enabled = async (): Promise<void> => {
    await step(create);
    const testing = new Testing(acme, api);
    await testing.signIn(await testing.start(), ADA);
    expect(await step(enable)).toContain('"status":"enabled"');
  };
  await enabled();
  expect(await step(find('{sentence, confirmation}'))).toContain('From now on okta is the way to sign in.');
  expect(await step(find('impact?status=deleted'))).toContain('"status":"enforced"');
  expect((await api.get('/tenants/acme/connections/okta')).status).toBe(404);
  await enabled();
  const candidate = find('/candidate/serve');
  // Only another address of the same org could be served.
  const untested = await run(prelude + candidate, '');
  expect(untested).toContain('"candidate":{');
  expect(untested).toContain('"code":"not_tested"');
  const rotated = find('/secret-rotation/finish').replace(
    UPSTREAM_SECRET,
    'next-secret-with-32-characters-001',
  );
  expect(await step(rotated)).toMatch(/"secondarySecret":\{"set":true.*"secondarySecret":\{"set":false/s);
  expect(await step(find('grafana/secret-rotation'))).toMatch(/^\S{40,}\n$/);
  expect(await step(find('upstream-groups'))).toContain('"not_set_up"');
  expect(await step(find('groups-api'))).toContain('"kind":"api-token"');
  expect(await step(find('connections/okta/outage'))).toContain('"reason":"Okta incident 4711"');
});
