import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { APP_SECRET } from '../support/acme.js';
import { claimsOf, post, signIn } from '../support/application.js';
import { ADA, startMsp, type Msp } from '../support/msp.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { ACCESS, BILLING, GRANT, ORDERS } from './support/exchange-stage.js';

let msp: Msp;
beforeAll(async () => {
  msp = await startMsp();
  const [tickets] = msp.tenants.northwind.applications ?? [];
  if (tickets === undefined) throw new Error('the MSP has applications');
  const service = { type: 'service', clientSecret: APP_SECRET, apis: [BILLING] } as const;
  await msp.causeway.apply([
    {
      slug: 'northwind',
      apis: [
        { identifier: ORDERS, scopes: [{ name: 'read', default: true }] },
        { identifier: BILLING, scopes: [{ name: 'invoices', default: true }] },
      ],
      accessPolicies: [
        { api: ORDERS, clients: 'all', grants: ['authorization_code'], scopes: ['read'] },
        { api: ORDERS, clients: ['all-ours', 'own'], grants: ['token_exchange'], scopes: ['read'] },
        { api: BILLING, clients: 'all', grants: ['token_exchange'], scopes: ['invoices'] },
      ],
      applications: [
        { ...tickets, apis: [ORDERS] },
        {
          ...service,
          clientId: 'all-ours',
          audience: 'tenant-and-customers',
          grantTypes: ['client_credentials', 'token_exchange'],
        },
        { ...service, clientId: 'own', grantTypes: ['client_credentials', 'token_exchange'] },
      ],
    },
  ]);
});
afterAll(() => msp.stop());

test('E4: a token of a customer’s person is exchanged by an application that is for customers, and by no other', async () => {
  const { body } = await signIn(new HttpBrowser(), msp.app('tickets'), ADA, {
    login_hint: ADA.username,
    resource: ORDERS,
    scope: 'openid read',
  });
  const at = (clientId: string) => ({ ...msp.app('tickets'), clientId });
  const form = {
    grant_type: GRANT,
    subject_token: String(body['access_token']),
    subject_token_type: ACCESS,
    resource: BILLING,
  };
  const given = await post(at('all-ours'), 'token', form);
  expect([given.status, given.body]).toEqual([200, expect.anything()]);
  expect(claimsOf(given.body['access_token'])).toMatchObject({
    sub: claimsOf(body['id_token'])['sub'],
    tenant: 'acme',
    client_id: 'all-ours',
  });
  const introspect = () => post(at('all-ours'), 'introspect', { token: String(given.body['access_token']) });
  expect((await introspect()).body['active']).toBe(true);
  const refused = await post(at('own'), 'token', form);
  expect([refused.status, refused.body['error']]).toEqual([400, 'invalid_request']);
  await msp.causeway.apply([{ slug: 'acme', status: 'suspended' }]);
  expect((await introspect()).body['active']).toBe(false);
});
