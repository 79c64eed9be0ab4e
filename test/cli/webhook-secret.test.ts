import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { commandLine, type CommandLine } from './support.js';

let here: CommandLine;
let there: CommandLine;
beforeAll(async () => {
  [here, there] = await Promise.all([commandLine(), commandLine()]);
});
afterAll(async () => {
  await here.drop();
  await there.drop();
});

const FILE = `tenants:
  - slug: acme
    applications:
      - clientId: tv
        type: native
        grantTypes: [device_code]
        redirectUris: []
        deviceWebhookUri: https://tv.example/devices
`;

const apply = (at: CommandLine, input: string, env: Readonly<Record<string, string>> = {}) =>
  at.run(['apply', '-f', '-'], { input, env });

test('a webhook’s secret is told once by apply, and never by an export', async () => {
  const first = await apply(here, FILE);
  const [, secret] =
    /^Webhook secret of acme \/ tv, shown this once: (whsec_\S{44})$/m.exec(first.stdout) ?? [];
  expect([first.code, secret]).toEqual([0, expect.any(String)]);
  expect(first.stdout.split(String(secret))).toHaveLength(2);
  const again = await apply(here, FILE);
  expect(again.stdout).not.toContain('whsec_');
  expect(again.stdout).toContain('Nothing to do.');
  const { stdout } = await here.run(['export']);
  expect(stdout).toContain('deviceWebhookUri: https://tv.example/devices');
  expect(stdout).not.toMatch(/whsec_|deviceWebhookSecret/);
  expect((await apply(here, stdout)).stdout).toContain('Nothing to do.');
});

test('an export for another deployment names a variable for it', async () => {
  await apply(here, FILE);
  const { stdout } = await here.run(['export', '--secrets', 'env']);
  const NAME = 'ACME_TV_DEVICE_WEBHOOK_SECRET';
  expect(stdout).toContain(`env: ${NAME}`);
  const secret = `whsec_${'B'.repeat(32)}`;
  const made = await apply(there, stdout, { [NAME]: secret });
  expect([made.code, made.stdout]).toEqual([0, expect.not.stringContaining('whsec_')]);
  expect((await apply(there, stdout, { [NAME]: secret })).stdout).toContain('Nothing to do.');
  const changed = await apply(there, stdout, { [NAME]: `whsec_${'C'.repeat(32)}` });
  expect(changed.stdout).toContain('~ acme: application tv: deviceWebhookSecret');
  const wrong = await apply(there, stdout, { [NAME]: 'not-a-webhook-secret' });
  expect(wrong.code).not.toBe(0);
  expect(wrong.stderr).toContain("deviceWebhookSecret: must be 'whsec_'");
  expect(wrong.stderr).not.toContain('not-a-webhook-secret');
});
