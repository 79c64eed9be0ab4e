import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { GroupId } from '../../../src/core/ids.js';
import type { GroupSource } from '../../../src/domain/connection/connection.js';
import { countingGroups, type Membership } from '../../../src/domain/role/person-groups.js';

const membership = (name: string, source: 'scim' | 'token', judgedByScim = false): Membership => ({
  id: name as GroupId,
  name,
  upstreamId: null,
  source,
  judgedByScim,
});
const all = [
  membership('pushed', 'scim'),
  membership('told', 'token'),
  membership('taken over', 'token', true),
];

describe('which groups of a person count', () => {
  test.each<[GroupSource, readonly string[]]>([
    ['auto', ['pushed', 'told']],
    ['token', ['told', 'taken over']],
    ['scim', ['pushed']],
  ])('by %s: %j', (source, names) => {
    expect(countingGroups(all, source).map(({ name }) => name)).toEqual(names);
  });

  test('none that wasn’t there, and whatever counts by SCIM alone counts by auto', () => {
    const memberships = fc.array(
      fc.record({
        name: fc.string(),
        source: fc.constantFrom('scim' as const, 'token' as const),
        judged: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(memberships, (list) => {
        const given = list.map(({ name, source, judged }) =>
          membership(name, source, judged && source === 'token'),
        );
        const auto = countingGroups(given, 'auto');
        expect(given).toEqual(expect.arrayContaining([...auto]));
        expect(auto).toEqual(expect.arrayContaining([...countingGroups(given, 'scim')]));
      }),
    );
  });
});
