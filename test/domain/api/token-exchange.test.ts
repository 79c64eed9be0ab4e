import { describe, expect, test } from '@jest/globals';
import type { AccessPolicy } from '../../../src/domain/api/api.js';
import { ACTORS_MAX, actClaim, countActors, mayBring } from '../../../src/domain/api/token-exchange.js';

const policy = (change: Partial<AccessPolicy> = {}): AccessPolicy => ({
  api: 'orders',
  clients: ['backend'],
  grants: ['token_exchange'],
  scopes: [],
  ...change,
});
const TOKEN = { clientId: 'web', audience: 'orders' };

describe('whose tokens an application may bring to an exchange', () => {
  test('its own, whatever the policies', () => {
    expect(mayBring([], 'web', TOKEN)).toBe(true);
    expect(mayBring([], 'web', { clientId: 'web', audience: undefined })).toBe(true);
  });

  test('those for an API whose policy names it for the grant', () => {
    expect(mayBring([policy()], 'backend', TOKEN)).toBe(true);
  });

  test.each<[string, AccessPolicy, string]>([
    ['a policy for all', policy({ clients: 'all' }), 'backend'],
    ['a policy for others', policy({ clients: ['other'] }), 'backend'],
    ['a policy of another API', policy({ api: 'billing' }), 'backend'],
    ['a policy for another grant', policy({ grants: ['client_credentials'] }), 'backend'],
  ])('not by %s', (_case, one, clientId) => {
    expect(mayBring([one], clientId, TOKEN)).toBe(false);
    expect(mayBring([one], clientId, { clientId: 'web', audience: undefined })).toBe(false);
  });
});

describe('act', () => {
  test('nests, stays without a new actor, is absent where nobody acted', () => {
    expect(actClaim(undefined, undefined)).toBeUndefined();
    expect(actClaim({ sub: 'a' }, undefined)).toEqual({ sub: 'a' });
    expect(actClaim({ sub: 'a' }, 'b')).toEqual({ sub: 'b', act: { sub: 'a' } });
  });

  test('is counted to its end', () => {
    let act = actClaim(undefined, 'first');
    for (let count = 1; count < ACTORS_MAX; count += 1) act = actClaim(act, 'next');
    expect([countActors(undefined), countActors('text'), countActors(act)]).toEqual([0, 0, ACTORS_MAX]);
  });
});
