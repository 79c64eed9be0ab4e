import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { exportJWK } from 'jose';
import { testKey } from '../op/support/keys.js';
import { warm } from '../op/support/warm.js';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { freePort, startProgram, type Program } from './support/program.js';
import { signInThrough, told } from './support/visit.js';

let acme: Acme;
let program: Program;

beforeAll(async () => {
  acme = await startAcme();
  await warm(acme);
  const port = await freePort();
  const key = await testKey('ES256');
  await acme.causeway.apply([
    {
      slug: 'acme',
      applications: [
        {
          clientId: 'payments',
          profile: 'fapi2',
          redirectUris: [`http://localhost:${port}/callback`],
          jwks: { keys: [{ ...key.jwk }] },
        },
      ],
    },
  ]);
  const secretKey = JSON.stringify({ ...(await exportJWK(key.privateKey)), kid: key.thumbprint });
  const environment = { ISSUER: acme.app.issuer, CLIENT_ID: 'payments', CLIENT_KEY: secretKey };
  program = await startProgram('web-high-security.mjs', port, environment);
}, 120_000);
afterAll(async () => {
  await program.stop();
  await acme.stop();
});

test('FAPI 2.0: the program of the guide signs in, asks for userinfo and renews', async () => {
  const browser = new HttpBrowser();
  const home = told(await signInThrough(browser, program.url, acme.okta, ADA));
  expect(home).toEqual({ sub: expect.any(String), name: 'Ada Byron', roles: ['admin'] });
  for (const page of ['userinfo', 'renew', 'renew'])
    expect(told(await browser.travel(`${program.url}/${page}`, () => true))).toMatchObject({
      email: ADA.username,
      roles: ['admin'],
    });
});
