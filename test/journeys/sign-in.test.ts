import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import { claimsOf, refresh, signIn } from '../support/application.js';
import { HttpBrowser } from '../support/okta-sign-in.js';

let acme: Acme;

beforeAll(async () => {
  acme = await startAcme();
});
afterAll(() => acme.stop());

describe('signing in to an application through the tenant’s Okta', () => {
  test('gives tokens that tell who, which roles, how and when', async () => {
    const answer = await signIn(new HttpBrowser(), acme.app, ADA);
    expect(answer.status).toBe(200);
    const claims = claimsOf(answer.body['id_token']);
    expect(claims).toMatchObject({
      iss: acme.app.issuer,
      aud: 'grafana',
      tenant: 'acme',
      idp: 'okta',
      roles: ['admin'],
    });
  });

  test('refreshes', async () => {
    const answer = await signIn(new HttpBrowser(), acme.app, ADA);
    const again = await refresh(acme.app, answer.body['refresh_token']);
    expect(again.status).toBe(200);
  });
});
