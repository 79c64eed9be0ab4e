import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KeyRing } from '../../src/keys/sealing.js';
import { runHere } from '../cli/support.js';
import { CAT, startAcme, type Acme } from '../support/acme.js';
import { claimsOf, post, refresh, signIn, type TokenAnswer } from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { HttpBrowser } from '../support/okta-sign-in.js';

const secret = randomBytes(32);
let acme: Acme;
let ledger: Ledger;

beforeAll(async () => {
  acme = await startAcme({
    keyRing: new KeyRing([{ id: 'test', secret }]),
    tenant: { roleMappings: [] },
  });
  ledger = await Ledger.open(acme.causeway.databaseUrl);
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});

async function roles(verb: string, role: string): Promise<void> {
  const words = ['roles', verb, '--tenant', 'acme', '--user', CAT.username, '--role', role];
  const { code, stderr } = await runHere(words, {
    DATABASE_URL: acme.causeway.databaseUrl,
    ENCRYPTION_KEYS: `test:${secret.toString('base64')}`,
    PUBLIC_URL: acme.causeway.url,
  });
  expect([code, stderr]).toEqual([0, '']);
}

const rolesIn = ({ body }: TokenAnswer): unknown => claimsOf(body['id_token'])['roles'];

async function isActive({ body }: TokenAnswer): Promise<unknown> {
  return (await post(acme.app, 'introspect', { token: String(body['access_token']) })).body['active'];
}

describe('D3: an operator gives roles beside a person who is signed in', () => {
  test('the next renewal tells of them; losing the last one where that is denied ends all access at once', async () => {
    const cat = await signIn(new HttpBrowser(), acme.app, CAT);
    expect(rolesIn(cat)).toEqual([]);
    await roles('assign', 'viewer');
    await roles('assign', 'admin');
    const renewed = await refresh(acme.app, cat.body['refresh_token']);
    expect(rolesIn(renewed)).toEqual(['admin', 'viewer']);

    // Whom the operator gave a role stays when nobody may be without one any more.
    await acme.causeway.apply([{ ...acme.tenant, whenNoRole: 'deny' }]);
    expect(await isActive(renewed)).toBe(true);
    await roles('unassign', 'viewer');
    expect(await isActive(renewed)).toBe(true);
    const again = await refresh(acme.app, renewed.body['refresh_token']);
    expect(rolesIn(again)).toEqual(['admin']);

    await roles('unassign', 'admin');
    expect(await isActive(again)).toBe(false);
    expect((await refresh(acme.app, again.body['refresh_token'])).body['error']).toBe('invalid_grant');
    expect(await ledger.liveSessions()).toBe(0);
    const [last] = await ledger.audit('acme', { action: 'access.ended' });
    expect(last).toMatchObject({ reason: 'no_role', actor: { type: 'operator' } });
  });

  test('given and taken while the person renews, roles never outlast what the operator said', async () => {
    await roles('assign', 'admin');
    const cat = await signIn(new HttpBrowser(), acme.app, CAT);
    const [renewed] = await Promise.all([
      refresh(acme.app, cat.body['refresh_token']),
      roles('unassign', 'admin'),
    ]);
    const after = renewed.status === 200 ? await refresh(acme.app, renewed.body['refresh_token']) : renewed;
    expect(after.body['error']).toBe('invalid_grant');
    expect(await isActive(cat)).toBe(false);
  });
});
