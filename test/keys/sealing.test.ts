import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { KeyRing, SealError } from '../../src/keys/sealing.js';

const TENANT = '0199a000-0000-7000-8000-000000000001';
const OTHER = '0199a000-0000-7000-8000-000000000002';
const key = (id: string) => ({ id, secret: randomBytes(32) });
const place = { tenantId: TENANT, table: 'connections', column: 'client_secret', row: 'r1' };

describe('sealing', () => {
  const ring = new KeyRing([key('k1')]);
  const wrapped = ring.createDataKey(TENANT);
  const vault = ring.openDataKey(TENANT, wrapped);

  test('what is sealed opens at its place, and is different each time', () => {
    const sealed = vault.seal(place, 'secret');
    expect(vault.open(place, sealed)).toBe('secret');
    expect(vault.seal(place, 'secret')).not.toBe(sealed);
    expect(sealed).not.toContain('secret');
  });

  test.each([
    ['row', { ...place, row: 'r2' }],
    ['column', { ...place, column: 'secondary_secret' }],
    ['table', { ...place, table: 'applications' }],
    ['boundary between the parts', { ...place, table: 'connectionsclient', column: '_secret' }],
  ])('A-130 a value moved to another %s does not open', (_what, elsewhere) => {
    expect(() => vault.open(elsewhere, vault.seal(place, 'secret'))).toThrow(SealError);
  });

  test('A-130 a value of another tenant does not open, nor does its data key', () => {
    const other = ring.openDataKey(OTHER, ring.createDataKey(OTHER));
    expect(() => other.open({ ...place, tenantId: OTHER }, vault.seal(place, 'secret'))).toThrow(SealError);
    expect(() => ring.openDataKey(OTHER, wrapped)).toThrow(SealError);
    expect(() => vault.seal({ ...place, tenantId: OTHER }, 'secret')).toThrow(TypeError);
  });

  test('an altered value does not open', () => {
    const sealed = vault.seal(place, 'secret');
    for (const at of [5, sealed.length - 2]) {
      const letter = sealed[at] === 'A' ? 'B' : 'A';
      expect(() => vault.open(place, sealed.slice(0, at) + letter + sealed.slice(at + 1))).toThrow(SealError);
    }
    for (const text of ['', 'cw1', 'cw2.a.b', 'cw1.a.b.c'])
      expect(() => vault.open(place, text)).toThrow(SealError);
  });

  test('A-131 another ring opens nothing; a ring with the old key as its second does', () => {
    const old = key('old');
    const sealed = new KeyRing([old]).createDataKey(TENANT);
    expect(() => new KeyRing([key('new')]).openDataKey(TENANT, sealed)).toThrow(/ENCRYPTION_KEYS/);
    expect(() => new KeyRing([{ ...key('x'), id: 'old' }]).openDataKey(TENANT, sealed)).toThrow(SealError);
    expect(() => new KeyRing([key('new'), old]).openDataKey(TENANT, sealed)).not.toThrow();
  });

  test('a ring refuses what is no key ring', () => {
    expect(() => new KeyRing([])).toThrow(TypeError);
    expect(() => new KeyRing([key('a'), key('a')])).toThrow(TypeError);
    expect(() => new KeyRing([{ id: 'a', secret: randomBytes(16) }])).toThrow(TypeError);
  });

  test('derived keys differ by purpose and tenant, and are the same on every node', () => {
    const again = ring.openDataKey(TENANT, wrapped);
    expect(again.derive('cookies').equals(vault.derive('cookies'))).toBe(true);
    expect(vault.derive('other').equals(vault.derive('cookies'))).toBe(false);
  });
});
