import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { webhookHeaders } from '../../src/keys/webhook-signature.js';
import { until } from '../events/support/receiver.js';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import { approve, ask, deviceApplication, deviceOf, poll } from '../support/device.js';
import { Ledger } from '../support/ledger.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { warm } from '../op/support/warm.js';
import { freePort, startProgram, type Program } from './support/program.js';

const SECRET = `whsec_${randomBytes(32).toString('base64')}`;

let acme: Acme;
let receiver: Program;
let ledger: Ledger;

beforeAll(async () => {
  acme = await startAcme();
  await warm(acme);
  receiver = await startProgram('device-webhook.mjs', await freePort(), { WEBHOOK_SECRET: SECRET });
  await acme.causeway.apply([
    {
      slug: 'acme',
      applications: [
        {
          ...deviceApplication,
          deviceWebhookUri: `${receiver.url.replace('localhost', '127.0.0.1')}/devices`,
          deviceWebhookSecret: SECRET,
        },
      ],
    },
  ]);
  ledger = await Ledger.open(acme.causeway.databaseUrl);
}, 60_000);
afterAll(async () => {
  await receiver.stop();
  await ledger.close();
  await acme.stop();
});

test('the receiver of the guide takes what Causeway sends', async () => {
  const tv = deviceOf(acme.app.issuer);
  const asked = await ask(tv, { device_reference: 'kitchen-7' });
  await approve(new HttpBrowser(), tv, asked.userCode, ADA);
  expect((await poll(tv, asked)).status).toBe(200);
  acme.causeway.node.logoutDeliveries.start();
  await until(async () => (await ledger.count('outbox', `outcome = 'delivered'`)) === 1);
});

test('A-115 and nothing else: what was made up, altered, or kept for later', async () => {
  const body = JSON.stringify({ type: 'other', timestamp: '', data: {} });
  const now = Math.floor(Date.now() / 1_000);
  const post = async (headers: Readonly<Record<string, string>>, sent = body): Promise<number> => {
    const request = {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: sent,
    };
    // oxlint-disable-next-line no-restricted-globals -- a test's client is not Causeway's
    return (await fetch(`${receiver.url}/devices`, request)).status;
  };
  const good = webhookHeaders(SECRET, { id: 'm1', timestamp: now, body });
  expect(await post(good)).toBe(204);
  expect(await post(good)).toBe(204);
  const other = `whsec_${randomBytes(32).toString('base64')}`;
  for (const [headers, sent] of [
    [{}, body],
    [{ ...good, 'webhook-id': 'm2' }, body],
    [{ ...good, 'webhook-timestamp': String(now + 1) }, body],
    [{ ...good, 'webhook-timestamp': 'NaN' }, body],
    [{ ...good, 'webhook-signature': 'v1,' }, body],
    [{ ...good, 'webhook-signature': good['webhook-signature']?.replace('v1', 'v2') ?? '' }, body],
    [good, `${body} `],
    [webhookHeaders(other, { id: 'm1', timestamp: now, body }), body],
    [webhookHeaders(SECRET, { id: 'm1', timestamp: now - 301, body }), body],
    [webhookHeaders(SECRET, { id: 'm1', timestamp: now + 320, body }), body],
  ] as const)
    expect(await post(headers, sent)).toBe(401);
  // Signatures by an old and a new secret, while one takes the place of the other.
  const two = `v1,${randomBytes(32).toString('base64')} ${good['webhook-signature'] ?? ''}`;
  expect(await post({ ...good, 'webhook-signature': two })).toBe(204);
});
