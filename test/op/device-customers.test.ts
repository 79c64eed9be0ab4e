import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '../events/support/receiver.js';
import { startWebhook, type WebhookReceiver } from '../events/support/webhook.js';
import { stopServers } from '../outbound/support/servers.js';
import { authorizationRequest, walk } from '../support/application.js';
import { approve, ask, deviceApplication, deviceOf, poll } from '../support/device.js';
import { Ledger } from '../support/ledger.js';
import { ADA, startMsp, type Msp } from '../support/msp.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { initialAccess, ask as askClients, register } from './support/registration.js';

let msp: Msp;
let hook: WebhookReceiver;
let ledger: Ledger;

beforeAll(async () => {
  msp = await startMsp();
  hook = await startWebhook();
  ledger = await Ledger.open(msp.causeway.databaseUrl);
  await msp.causeway.apply([
    {
      slug: 'northwind',
      applications: [
        ...(msp.tenants.northwind.applications ?? []),
        { ...deviceApplication, audience: 'tenant-and-customers', deviceWebhookUri: hook.uri },
      ],
    },
  ]);
});
afterAll(async () => {
  await ledger.close();
  await msp.stop();
  await stopServers();
});

test('E4: an MSP is told of a customer’s person, of which customer they are, and their roles at the MSP', async () => {
  const tv = deviceOf(msp.app('tickets').issuer);
  let browser = new HttpBrowser();
  // The first trip fetches what later ones keep, against a deadline that a busy machine may miss.
  await until(async () => {
    browser = new HttpBrowser();
    const { url } = authorizationRequest(msp.app('tickets'), { login_hint: ADA.username });
    const { end } = await walk(browser, msp.app('tickets'), url, ADA);
    return end?.searchParams.has('code') === true;
  });
  const asked = await ask(tv, { scope: 'openid profile' });
  await approve(browser, tv, asked.userCode, undefined);
  expect((await poll(tv, asked)).status).toBe(200);
  msp.causeway.node.logoutDeliveries.start();
  await until(() => hook.told.length === 1);
  expect(hook.told[0]?.json['data']).toEqual({
    tenant: 'acme',
    clientId: 'tv',
    user: { sub: expect.any(String), userName: ADA.username, name: expect.any(String) },
    roles: ['admin'],
    groups: expect.arrayContaining(['Engineering']),
    deviceReference: null,
  });
  const [row] = await ledger.rows<{ slug: string; row: string }>(
    'SELECT t.slug, o::text AS row FROM outbox o JOIN tenants t ON t.id = o.tenant_id',
  );
  expect(row?.slug).toBe('northwind');
  expect(row?.row).not.toContain('ada@');
});

test('a client of the FAPI 2.0 profile gets no grant for devices by changing itself', async () => {
  const { issuer } = msp.app('tickets');
  const grants = ['authorization_code', 'device_code'] as const;
  const { token } = await initialAccess(msp.causeway, 'northwind', { types: ['web'], grants });
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256' };
  const metadata = {
    client_name: 'Bank',
    redirect_uris: ['https://bank.example/cb'],
    grant_types: ['authorization_code'],
    token_endpoint_auth_method: 'private_key_jwt',
    id_token_signed_response_alg: 'ES256',
    jwks: { keys: [jwk] },
  };
  const client = await register(issuer, token, metadata);
  await ledger.rows(
    `UPDATE applications SET settings = settings || '{"profile": "fapi2"}' WHERE client_id = $1`,
    [client['client_id']],
  );
  const change = (grantTypes: readonly string[]) =>
    askClients(String(client['registration_client_uri']), {
      method: 'PUT',
      token: String(client['registration_access_token']),
      body: { ...metadata, client_id: client['client_id'], grant_types: grantTypes },
    });
  const { status, body } = await change([
    'authorization_code',
    'urn:ietf:params:oauth:grant-type:device_code',
  ]);
  expect([status, body['error']]).toEqual([400, 'invalid_client_metadata']);
  expect(body['error_description']).toMatch(
    /^grant_types: the profile fapi2 has neither \S+:device_code nor/,
  );
  expect((await change(['authorization_code'])).status).toBe(200);
});
