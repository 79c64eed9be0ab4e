import { execFile } from 'node:child_process';
import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { apiClient } from '../support/api.js';
import { startTestNode, type TestNode } from '../support/node.js';

let causeway: TestNode;
let directory: string;

beforeAll(async () => {
  causeway = await startTestNode();
  directory = await mkdtemp(join(tmpdir(), 'causeway-docs-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
  await causeway.stop();
});

/** What the guide shows, as one script. */
async function scriptOf(page: string): Promise<string> {
  const text = await readFile(new URL(`../../docs/guides/${page}`, import.meta.url), 'utf8');
  return [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block).join('\n');
}

test('every example of the management API’s guide runs as it stands there', async () => {
  const { token = '' } = await apiClient(causeway);
  const script = await scriptOf('management-api.md');
  expect(script.split('\n').length).toBeGreaterThan(40);
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: directory,
    env: { ...process.env, CAUSEWAY_URL: causeway.url, CAUSEWAY_TOKEN: token },
  });
  const answers = stdout.replaceAll('}{', '}\n{').split('\n');
  expect(answers.find((line) => line.includes('"clientId":"wiki"'))).toContain('"clientSecret":"');
  expect(stdout).toContain('"name":"Initech Wiki"');
  const made = answers.filter((line) => line.includes('"token":"cw_api_'));
  expect(made).toHaveLength(2);
  expect(made[0]).toBe(made[1]);
  expect(answers.at(-1)).toContain('"plan":[]');
});
