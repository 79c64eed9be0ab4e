import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CLIENT_ID } from '../../../src/domain/application/application.js';
import { receiverKey, receiverKeysOf, receiverOfKey } from '../../../src/domain/delivery/delivery.js';

const clientIds = fc.stringMatching(CLIENT_ID);

test('a receiver is found again by its name, and shares it with nobody', () => {
  fc.assert(
    fc.property(clientIds, clientIds, (one, other) => {
      for (const kind of ['logout', 'device'] as const)
        expect(receiverOfKey(receiverKey({ kind, clientId: one }))).toEqual({ kind, clientId: one });
      const names = [...receiverKeysOf(one), ...receiverKeysOf(other)];
      expect(new Set(names).size).toBe(one === other ? 2 : 4);
    }),
  );
});
