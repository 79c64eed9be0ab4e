import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ConnectionId, GroupId, TenantId, UserId } from '../../src/core/ids.js';
import type { IdentityKey, PersonChanges } from '../../src/domain/sign-in/people-store.js';
import { PostgresPeopleStore } from '../../src/storage/people-store.js';
import { anAuditRecord } from '../support/audit.js';
import { testIds } from '../support/deployment.js';
import { setStage, type Stage } from './stage.js';

let stage: Stage;
let store: PostgresPeopleStore;
let acme: TenantId;
let okta: ConnectionId;

const ISSUER = 'https://okta.acme.example';

beforeAll(async () => {
  stage = await setStage();
  store = new PostgresPeopleStore(stage.database);
  acme = await stage.tenant('acme');
  okta = await stage.connection('acme', 'okta');
});
afterAll(() => stage.close());

const keyOf = (subject: string, change: Partial<IdentityKey> = {}): IdentityKey => ({
  connectionId: okta,
  connectionVersion: 1,
  issuer: ISSUER,
  subject,
  joinValue: subject,
  ...change,
});

const meet = (key: IdentityKey, names: readonly string[] = []) =>
  stage.database.withTenant(acme, (scope) =>
    store.meet(
      scope,
      key,
      names.map((name) => ({ id: undefined, name })),
    ),
  );
const whoIs = async (key: IdentityKey): Promise<UserId | undefined> => (await meet(key)).person?.userId;

const change = (changes: PersonChanges): Promise<void> =>
  stage.database.withTenant(acme, (scope) => {
    store.change(scope, changes);
    return Promise.resolve();
  });

/** What the first sign-in of a subject writes. */
function newcomer(key: IdentityKey, more: Partial<PersonChanges> = {}): PersonChanges {
  const { connectionId, connectionVersion, issuer, subject } = key;
  return {
    userId: testIds.uuid<UserId>(),
    connectionId,
    connectionVersion,
    create: {
      userName: `${subject}@acme.example`,
      fallbackName: subject,
      externalId: key.joinValue ?? null,
      profile: { userName: subject },
    },
    link: { connectionId, connectionVersion, issuer, subject },
    newGroups: [],
    joinGroups: [],
    leaveGroups: [],
    audit: [],
    ...more,
  };
}

async function admitted(key: IdentityKey): Promise<UserId> {
  const changes = newcomer(key);
  await change(changes);
  return changes.userId;
}

/** Texts that are easily taken for each other, besides any text. */
const subject = fc
  .oneof(
    fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }),
    fc.constantFrom('00u1', 'é', 'ﬁ', 'ss', 'ß', 'I', 'ı', 'K', 'Å', '0', '1', '%', '_', "'", '\\'),
  )
  .filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text))
  .chain((text) =>
    fc.constantFrom(
      text,
      text.toUpperCase(),
      text.toLowerCase(),
      text.normalize('NFC'),
      text.normalize('NFD'),
      text.normalize('NFKC'),
      `${text} `,
      ` ${text}`,
      text + text,
    ),
  );

describe('A-06 A-07 identities at the store', () => {
  test('no two subjects ever lead to one user, and each leads to its own', async () => {
    const model = new Map<string, UserId>();
    await fc.assert(
      fc.asyncProperty(fc.array(subject, { minLength: 1, maxLength: 4 }), async (subjects) => {
        for (const sub of subjects) {
          const known = await whoIs(keyOf(sub));
          expect([sub, known]).toEqual([sub, model.get(sub)]);
          if (known === undefined) model.set(sub, await admitted(keyOf(sub)));
        }
      }),
      { numRuns: 150 },
    );
    expect(model.size).toBeGreaterThan(100);
    expect(new Set(model.values()).size).toBe(model.size);
    expect(await stage.ledger.count('users')).toBe(model.size);
  }, 120_000);

  test('the issuer, the connection, its version and the tenant are part of who it is', async () => {
    const other = await stage.connection('acme', 'other');
    const id = await admitted(keyOf('same'));
    expect(await whoIs(keyOf('same'))).toBe(id);
    const elsewhere: Partial<IdentityKey>[] = [
      { issuer: `${ISSUER}/`, joinValue: undefined },
      { issuer: ISSUER.toUpperCase(), joinValue: undefined },
      { connectionId: other },
      { connectionVersion: 2 },
    ];
    for (const place of elsewhere) expect(await whoIs(keyOf('same', place))).toBeUndefined();
    const globex = await stage.tenant('globex');
    const there = await stage.database.withTenant(globex, (scope) => store.meet(scope, keyOf('same'), []));
    expect(there.person).toBeUndefined();
  });
});

describe('the join with a SCIM user', () => {
  test.each<
    [
      what: string,
      seed: { connection: string | null; source: 'scim' | 'just_in_time' | 'operator' },
      met: boolean,
    ]
  >([
    ['whom SCIM pushed on this connection', { connection: 'okta', source: 'scim' }, true],
    ['whom SCIM pushed on another', { connection: 'other', source: 'scim' }, false],
    ['whom another sign-in made', { connection: 'okta', source: 'just_in_time' }, false],
    ['who is local', { connection: null, source: 'operator' }, false],
  ])('a user %s: %s', async (_what, seed, met) => {
    const value = testIds.secret(8);
    const id = await stage.ledger.addUser({ tenant: 'acme', userName: value, externalId: value, ...seed });
    const { person } = await meet(keyOf('somebody new', { joinValue: value }));
    expect(person?.userId).toBe(met ? id : undefined);
    expect(person?.linked).toBe(met ? false : undefined);
  });

  test('the identity comes before the join value', async () => {
    const mine = await admitted(keyOf('mine', { joinValue: undefined }));
    await stage.user('acme', 'okta', 'theirs');
    expect(await whoIs(keyOf('mine', { joinValue: 'theirs' }))).toBe(mine);
  });

  test('without a value nobody is met', async () => {
    await stage.ledger.addUser({ tenant: 'acme', connection: 'okta', userName: 'no-external-id' });
    expect(await whoIs(keyOf('unknown', { joinValue: undefined }))).toBeUndefined();
  });
});

describe('what a sign-in writes', () => {
  test('the same newcomer twice at once: one is written, the other is told to look again', async () => {
    const key = keyOf('twice');
    const outcomes = await Promise.allSettled([change(newcomer(key)), change(newcomer(key))]);
    const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(lost).toMatchObject([{ reason: { code: 'already_exists' } }]);
    expect(await stage.ledger.count('identities', `sub = 'twice'`)).toBe(1);
  });

  test('invariant 4: nothing, when its audit event can’t be written', async () => {
    const before = await stage.ledger.count('users');
    const record = anAuditRecord(acme, 'user.created', true);
    await stage.database.withTenant(acme, (scope) => {
      store.change(scope, { ...newcomer(keyOf('first of the id')), audit: [record] });
      return Promise.resolve();
    });
    const again = newcomer(keyOf('second of the id'), {
      newGroups: [{ id: testIds.uuid<GroupId>(), name: 'Ghosts', upstreamId: null }],
      audit: [record],
    });
    await expect(change(again)).rejects.toThrow(/audit_events_pkey/);
    expect(await stage.ledger.count('users')).toBe(before + 1);
    expect(await stage.ledger.count('groups', `name = 'Ghosts'`)).toBe(0);
    expect(await whoIs(keyOf('second of the id'))).toBeUndefined();
  });

  test('a group that two bring at once is one, and both are in it', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `shared ${index}`);
    const arrivals = Array.from({ length: 10 }, (_, index) => {
      const order = index % 2 === 0 ? names : names.toReversed();
      const newGroups = order.map((name) => ({ id: testIds.uuid<GroupId>(), name, upstreamId: null }));
      return newcomer(keyOf(`arrival ${index}`), { newGroups });
    });
    await Promise.all(arrivals.map(change));
    expect(await stage.ledger.count('groups', `name LIKE 'shared %'`)).toBe(30);
    const { person, tokenGroups, scimNames } = await meet(keyOf('arrival 3'), names);
    expect(person?.groups).toHaveLength(30);
    expect([tokenGroups.length, scimNames]).toEqual([30, []]);
  });

  test('groups of one name and several upstream ids are several', async () => {
    const groups = ['00g1', '00g2', null].map((upstreamId) => ({
      id: testIds.uuid<GroupId>(),
      name: 'Finance',
      upstreamId,
    }));
    await change(newcomer(keyOf('in three'), { newGroups: groups }));
    const { tokenGroups } = await meet(keyOf('in three'), ['Finance']);
    expect(new Set(tokenGroups.map(({ upstreamId }) => upstreamId))).toEqual(new Set(['00g1', '00g2', null]));
  });

  test('who meets somebody holds their row until the end', async () => {
    const key = keyOf('locked');
    await admitted(key);
    const order: string[] = [];
    await Promise.all([
      stage.database.withTenant(acme, async (scope) => {
        await store.meet(scope, key, []);
        order.push('first met');
        await stage.ledger.rows('SELECT pg_sleep(0.15)');
        order.push('first done');
      }),
      (async () => {
        await stage.ledger.rows('SELECT pg_sleep(0.05)');
        await meet(key);
        order.push('second met');
      })(),
    ]);
    expect(order).toEqual(['first met', 'first done', 'second met']);
  });
});
