import { describe, expect, test } from '@jest/globals';
import type { ConnectionId, TenantId } from '../../src/core/ids.js';
import type { ListRequest, ListResult } from '../../src/domain/provisioning/provisioning-store.js';
import { PageEnds } from '../../src/storage/page-ends.js';
import { testIds } from '../support/deployment.js';

const list = {
  tenantId: testIds.uuid<TenantId>(),
  of: { connectionId: testIds.uuid<ConnectionId>(), connectionVersion: 1 },
  kind: 'user',
} as const;
const at = (startIndex: number, count = 100): ListRequest => ({
  filter: undefined,
  sort: undefined,
  page: { startIndex, count },
});
const END = { id: testIds.uuid(), sortedBy: null };
const answer = (resources: number): ListResult<unknown> => ({
  resources: Array.from({ length: resources }),
  total: 5_000,
  next: END,
});

describe('pages by index', () => {
  test('a deep page goes on where the page before ended', () => {
    const ends = new PageEnds();
    ends.remember(list, at(901), answer(100));
    expect(ends.seek(list, at(1_001, 50)).page).toEqual({ after: END, count: 50 });
  });

  test('a page near the front is reached by its index', () => {
    const ends = new PageEnds();
    ends.remember(list, at(1), answer(100));
    expect(ends.seek(list, at(101))).toEqual(at(101));
  });

  test('a page that follows none is reached by its index', () =>
    expect(new PageEnds().seek(list, at(1_001))).toEqual(at(1_001)));

  test.each([
    ['another tenant', { ...list, tenantId: testIds.uuid<TenantId>() }],
    ['another connection', { ...list, of: { ...list.of, connectionId: testIds.uuid<ConnectionId>() } }],
    ['another version of the connection', { ...list, of: { ...list.of, connectionVersion: 2 } }],
    ['groups', { ...list, kind: 'group' as const }],
  ])('what ended in a list is not taken for %s', (_name, other) => {
    const ends = new PageEnds();
    ends.remember(list, at(901), answer(100));
    expect(ends.seek(other, at(1_001))).toEqual(at(1_001));
  });

  test('the last page leaves nothing behind', () => {
    const ends = new PageEnds();
    ends.remember(list, at(901), { ...answer(100), next: undefined });
    expect(ends.seek(list, at(1_001))).toEqual(at(1_001));
  });

  test('pages by cursor are left alone', () => {
    const ends = new PageEnds();
    const request = { ...at(1), page: { after: END, count: 10 } };
    ends.remember(list, request, answer(10));
    expect(ends.seek(list, request)).toBe(request);
  });
});
