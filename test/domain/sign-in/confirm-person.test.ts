import { describe, expect, test } from '@jest/globals';
import { FixedClock } from '../../../src/core/clock.js';
import type { GroupId, TenantId, UserId } from '../../../src/core/ids.js';
import { openTenantScope } from '../../../src/core/scope.js';
import type { AuditRecord } from '../../../src/domain/audit/audit-record.js';
import type { ConnectionSettings } from '../../../src/domain/connection/connection.js';
import type { Membership } from '../../../src/domain/role/person-groups.js';
import {
  confirmPerson,
  revokePerson,
  type RevalidationDeps,
} from '../../../src/domain/sign-in/confirm-person.js';
import type { Acquaintance, KnownPerson, PersonChanges } from '../../../src/domain/sign-in/people-store.js';
import type { UpstreamPerson } from '../../../src/domain/sign-in/upstream-identity.js';
import { DEFAULT_TENANT_SETTINGS, type TenantSettings } from '../../../src/domain/tenant/tenant.js';
import { aConnection } from '../../rp/kit.js';
import { openVault } from '../../support/audit.js';
import { testIds } from '../../support/deployment.js';

const scope = openTenantScope(testIds.uuid<TenantId>());
const [ADA, EVE] = [testIds.uuid<UserId>(), testIds.uuid<UserId>()];
const PROFILE = { userName: 'ada@acme.example', name: 'Ada', email: 'ada@acme.example', emailVerified: true };

const connectionWith = (settings: Partial<ConnectionSettings> = {}) =>
  aConnection({ issuer: 'https://a.example', clientId: 'c' }, { settings });

const group = (name: string, source: Membership['source'] = 'token'): Membership => ({
  id: `id of ${name}` as GroupId,
  name,
  upstreamId: null,
  source,
  judgedByScim: false,
});

const never = (): never => {
  throw new TypeError('nobody asks for this here');
};

/** Stores that remember what they were told. */
function memory(acquaintance: Acquaintance, grantStands = true) {
  const told = {
    written: undefined as PersonChanges | undefined,
    confirmed: [] as unknown[],
    ended: [] as unknown[],
    audit: [] as AuditRecord[],
  };
  const deps: RevalidationDeps = {
    people: {
      meet: () => Promise.resolve(acquaintance),
      change: (_scope, changes) => void (told.written = changes),
    },
    upstreamGrants: {
      keep: never,
      claim: never,
      look: never,
      release: never,
      confirm: (_scope, userId, claim, rotated) => void told.confirmed.push([userId, claim, rotated]),
      stands: () => Promise.resolve(grantStands),
    },
    access: {
      end: (_scope, target, reason) => {
        told.ended.push([target, reason]);
        return Promise.resolve({ sessions: 1, grants: 1 });
      },
    },
    audit: {
      append: (_scope, records) => void told.audit.push(...records),
      appendAbove: never,
      appendAlone: never,
    },
    auditTools: { ids: testIds, clock: new FixedClock('2026-11-22T00:00:00Z'), vault: openVault },
  };
  return { deps, told };
}

interface Case {
  readonly settings?: Partial<ConnectionSettings>;
  readonly tenant?: Partial<TenantSettings>;
  readonly person?: Partial<KnownPerson> | null;
  readonly groups?: UpstreamPerson['groups'];
  readonly name?: string;
}

async function confirm({ settings, tenant, person = {}, groups, name = 'Ada' }: Case) {
  const known: KnownPerson = {
    userId: ADA,
    active: true,
    source: 'just_in_time',
    profile: PROFILE,
    externalId: '00u1',
    linked: true,
    groups: [],
    assignments: [],
    ...person,
  };
  const { deps, told } = memory({
    person: person === null ? undefined : known,
    tokenGroups: [],
    scimNames: [],
    departed: false,
  });
  const nothing = {
    givenName: undefined,
    familyName: undefined,
    middleName: undefined,
    nickname: undefined,
    locale: undefined,
    zoneinfo: undefined,
    phoneNumber: undefined,
    picture: undefined,
  };
  const outcome = await confirmPerson(deps, scope, {
    connection: connectionWith(settings),
    userId: ADA,
    person: {
      issuer: 'https://a.example',
      subject: '00u1',
      joinValue: '00u1',
      profile: { ...nothing, ...PROFILE, name },
      groups,
    },
    tenant: { ...DEFAULT_TENANT_SETTINGS, ...tenant },
    roleMappings: [{ group: { name: 'Mapped' }, role: 'admin', application: null }],
    claim: 'the claim',
    rotated: 'the next one',
  });
  return { outcome, ...told };
}

const actions = (records: readonly AuditRecord[]): readonly string[] => records.map(({ action }) => action);

describe('a yes of the upstream', () => {
  test('that says nothing new is a confirmation, and no event', async () => {
    const { outcome, confirmed, written, audit } = await confirm({
      person: { groups: [group('Mapped')] },
      groups: undefined,
    });
    expect([outcome, written, audit]).toEqual(['unchanged', undefined, []]);
    expect(confirmed).toEqual([[ADA, 'the claim', 'the next one']]);
  });

  test('takes over groups, with an event', async () => {
    const { outcome, written } = await confirm({
      person: { groups: [group('Mapped'), group('Pushed', 'scim')] },
      groups: [{ id: undefined, name: 'New' }],
    });
    expect(outcome).toBe('changed');
    expect(written).toMatchObject({ newGroups: [{ name: 'New' }], leaveGroups: ['id of Mapped'] });
    expect(actions(written?.audit ?? [])).toEqual(['access.revalidated']);
  });

  test('takes over the profile as a sign-in does', async () => {
    const { outcome, written } = await confirm({ name: 'Ada Byron' });
    expect([outcome, written?.profile?.name, actions(written?.audit ?? [])]).toEqual([
      'changed',
      'Ada Byron',
      ['user.updated'],
    ]);
    expect(await confirm({ name: 'Ada Byron', settings: { provisioning: 'create' } })).toMatchObject({
      outcome: 'unchanged',
    });
    expect(await confirm({ name: 'Ada Byron', person: { source: 'scim' } })).toMatchObject({
      outcome: 'unchanged',
    });
  });

  test('says nothing of groups where SCIM alone is asked', async () => {
    expect(
      await confirm({ settings: { groupSource: 'scim' }, groups: [{ id: undefined, name: 'New' }] }),
    ).toMatchObject({ outcome: 'unchanged' });
  });

  test.each<[outcome: string, what: string, case_: Case]>([
    ['ended', 'and no role is left', { person: { groups: [group('Mapped')] }, groups: [] }],
    ['unchanged', 'and there is a default', { tenant: { defaultRole: 'viewer' } }],
    [
      'unchanged',
      'and a role was given directly',
      { person: { assignments: [{ key: 'a', application: null }] } },
    ],
    [
      'unchanged',
      'and SCIM’s groups give one',
      { person: { groups: [group('Mapped', 'scim')] }, groups: [] },
    ],
  ])('is %s where no role means no access %s', async (outcome, _what, { tenant, ...rest }) => {
    const done = await confirm({ ...rest, tenant: { whenNoRole: 'deny', ...tenant } });
    expect([done.outcome, done.ended]).toEqual([
      outcome,
      outcome === 'ended' ? [[{ user: ADA }, 'no_role']] : [],
    ]);
  });

  test.each<[what: string, person: Partial<KnownPerson> | null]>([
    ['nobody', null],
    ['somebody else', { userId: EVE }],
    ['who is only like them', { linked: false }],
    ['who is switched off', { active: false }],
  ])('about %s ends the access', async (_what, person) => {
    const { outcome, ended, confirmed, written } = await confirm({ person, groups: [] });
    expect([outcome, confirmed, written]).toEqual(['ended', [], undefined]);
    expect(ended).toEqual([[{ user: ADA }, 'upstream_revoked']]);
  });
});

const revoke = async (stands: boolean) => {
  const { deps, told } = memory(
    { person: undefined, tokenGroups: [], scimNames: [], departed: false },
    stands,
  );
  const request = {
    connection: connectionWith(),
    userId: ADA,
    cause: 'upstream_refused',
    claim: 'c',
  } as const;
  return { revoked: await revokePerson(deps, scope, request), ...told };
};

describe('a no of the upstream', () => {
  test('ends all access, with both events', async () => {
    const { revoked, ended, audit } = await revoke(true);
    expect([revoked, ended]).toEqual([true, [[{ user: ADA }, 'upstream_revoked']]]);
    expect(audit.map(({ action, outcome }) => [action, outcome])).toEqual([
      ['access.revalidated', 'refused'],
      ['access.ended', 'success'],
    ]);
  });

  test('that a new sign-in has overtaken ends nothing', async () => {
    expect(await revoke(false)).toMatchObject({ revoked: false, ended: [], audit: [] });
  });
});
