import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ADA, startAcme, UPSTREAM_SECRET, type Acme } from '../support/acme.js';
import { claimsOf, signIn } from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { connectionTo } from '../support/organization.js';

const OLD_SECRET = 'the-secret-of-last-year_with-32-chars';
const NEW_SECRET = 'the-secret-of-this-year_with-32-chars';

let acme: Acme;

beforeAll(async () => {
  acme = await startAcme();
});
afterAll(() => acme.stop());
beforeEach(() => {
  acme.okta.org.heal();
  acme.okta.org.log.clear();
});

const configure = (change: Parameters<typeof connectionTo>[1]): Promise<unknown> =>
  acme.causeway.apply([{ slug: 'acme', connections: [connectionTo(acme.okta, change)] }]);

const comesIn = async (): Promise<number> => (await signIn(new HttpBrowser(), acme.app, ADA)).status;

/** The last request to Okta's token endpoint, as it came in. */
const lastTokenRequest = () => acme.okta.org.log.to('token').at(-1);

describe('A4 how Causeway shows Okta who it is', () => {
  test('client_secret_post', async () => {
    expect(await comesIn()).toBe(200);
    expect(lastTokenRequest()?.params.get('client_secret')).toBe(UPSTREAM_SECRET);
    expect(lastTokenRequest()?.headers['authorization']).toBeUndefined();
  });

  test('client_secret_basic', async () => {
    await configure({ clientAuth: 'client_secret_basic' });
    expect(await comesIn()).toBe(200);
    expect(lastTokenRequest()?.headers['authorization']).toMatch(/^Basic /);
    expect(lastTokenRequest()?.params.has('client_secret')).toBe(false);
  });

  test('private_key_jwt, with keys that Okta fetches from the connection’s address', async () => {
    const jwksUri = `${acme.app.issuer}/connections/okta/jwks.json`;
    await configure({ clientAuth: 'private_key_jwt', clientSecret: null });
    const app = acme.okta.org.app('Causeway');
    Object.assign(app, { authMethod: 'private_key_jwt', jwksUri });
    expect(await comesIn()).toBe(200);
    const asked = lastTokenRequest()?.params;
    expect(asked?.has('client_secret')).toBe(false);
    const { aud, iss, sub, jti, exp, iat } = claimsOf(asked?.get('client_assertion'));
    expect({ aud, iss, sub }).toEqual({
      aud: `${acme.okta.issuer}/oauth2/v1/token`,
      iss: app.clientId,
      sub: app.clientId,
    });
    expect(Number(exp) - Number(iat)).toBeLessThanOrEqual(300);
    expect(await comesIn()).toBe(200);
    expect(claimsOf(lastTokenRequest()?.params.get('client_assertion'))['jti']).not.toBe(jti);
    Object.assign(app, { authMethod: 'client_secret_post', jwksUri: undefined });
  });

  test('A-66 the address shows public members only, and only that connection’s keys', async () => {
    const page = await new HttpBrowser().open(`${acme.app.issuer}/connections/okta/jwks.json`);
    const { keys } = JSON.parse(page.text) as { keys: Record<string, unknown>[] };
    expect(keys).toHaveLength(1);
    expect(Object.keys(keys[0] ?? {}).toSorted()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
    expect(page.headers['cache-control']).toBe('public, max-age=300');
    const issuerKeys = await new HttpBrowser().open(`${acme.app.issuer}/oauth2/v1/keys`);
    expect(issuerKeys.text).not.toContain(String(keys[0]?.['kid']));
    const none = await new HttpBrowser().open(`${acme.app.issuer}/connections/nope/jwks.json`);
    expect(none.status).toBe(404);
  });
});

/** Okta knows the old secret, and later the new one. */
async function start(): Promise<void> {
  const { org } = acme.okta;
  org.app('Causeway').secrets.length = 0;
  org.addSecret('Causeway', OLD_SECRET);
  await configure({
    clientAuth: 'client_secret_post',
    clientSecret: NEW_SECRET,
    secondarySecret: OLD_SECRET,
  });
}

describe('A5 two secrets while one is replaced', () => {
  test('the second is tried where the first is refused; the code is not lost; the right one comes first then', async () => {
    await start();
    expect(await comesIn()).toBe(200);
    const tried = acme.okta.org.log.to('token').map(({ params }) => params.get('client_secret'));
    expect(tried).toEqual([NEW_SECRET, OLD_SECRET]);
    acme.okta.org.log.clear();
    expect(await comesIn()).toBe(200);
    expect(acme.okta.org.log.to('token').map(({ params }) => params.get('client_secret'))).toEqual([
      OLD_SECRET,
    ]);
  });

  test('when Okta has the new one and drops the old one, sign-ins go on', async () => {
    const { org } = acme.okta;
    org.addSecret('Causeway', NEW_SECRET);
    expect(await comesIn()).toBe(200);
    org.setSecretStatus('Causeway', OLD_SECRET, 'INACTIVE');
    expect(await comesIn()).toBe(200);
    await configure({ clientSecret: NEW_SECRET, secondarySecret: null });
    acme.okta.org.log.clear();
    expect(await comesIn()).toBe(200);
    expect(acme.okta.org.log.to('token').map(({ params }) => params.get('client_secret'))).toEqual([
      NEW_SECRET,
    ]);
  });

  test('F-09 a code is never sent twice for another reason', async () => {
    await configure({ clientSecret: NEW_SECRET, secondarySecret: OLD_SECRET });
    for (const failure of ['token.http_500', 'token.invalid_grant', 'token.lost_answer'] as const) {
      acme.okta.org.heal();
      acme.okta.org.log.clear();
      acme.okta.org.fail(failure);
      // oxlint-disable-next-line no-await-in-loop -- one failure at a time
      await expect(comesIn()).rejects.toThrow(/no code/);
      expect(acme.okta.org.log.to('token')).toHaveLength(1);
    }
  });

  test('secrets are sealed where they are kept', async () => {
    const ledger = await Ledger.open(acme.causeway.databaseUrl);
    const rows = JSON.stringify(await ledger.rows('SELECT * FROM connections'));
    await ledger.close();
    for (const secret of [OLD_SECRET, NEW_SECRET, UPSTREAM_SECRET]) expect(rows).not.toContain(secret);
  });
});
