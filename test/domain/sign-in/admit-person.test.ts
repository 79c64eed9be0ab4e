import { describe, expect, test } from '@jest/globals';
import { FixedClock } from '../../../src/core/clock.js';
import type { GroupId, TenantId, UserId } from '../../../src/core/ids.js';
import { openTenantScope } from '../../../src/core/scope.js';
import { NO_ORIGIN } from '../../../src/domain/audit/audit-event.js';
import type { ConnectionSettings } from '../../../src/domain/connection/connection.js';
import { admitPerson, type Admission } from '../../../src/domain/sign-in/admit-person.js';
import type { Acquaintance, PersonChanges } from '../../../src/domain/sign-in/people-store.js';
import type { UpstreamIdentity } from '../../../src/domain/sign-in/upstream-identity.js';
import { DEFAULT_TENANT_SETTINGS, type TenantSettings } from '../../../src/domain/tenant/tenant.js';
import type { Membership } from '../../../src/domain/role/person-groups.js';
import { aConnection } from '../../rp/kit.js';
import { openVault } from '../../support/audit.js';
import { testIds } from '../../support/deployment.js';

const scope = openTenantScope(testIds.uuid<TenantId>());
const ADA = testIds.uuid<UserId>();

interface Case {
  readonly settings?: Partial<ConnectionSettings>;
  readonly tenant?: Partial<TenantSettings>;
  readonly person?: Partial<NonNullable<Acquaintance['person']>> | undefined;
  readonly tokenGroups?: Acquaintance['tokenGroups'];
  readonly scimNames?: readonly string[];
  readonly groups?: UpstreamIdentity['groups'];
  readonly joinValue?: string | undefined;
}

interface Outcome {
  readonly admission: Admission;
  /** undefined: nothing was written. */
  readonly written: PersonChanges | undefined;
  readonly ended: readonly object[];
}

const profile = {
  userName: 'ada@acme.example',
  name: 'Ada',
  email: 'ada@acme.example',
  emailVerified: true,
} as const;

const group = (name: string, source: 'scim' | 'token' = 'token', judgedByScim = false): Membership => ({
  id: `id of ${name}` as GroupId,
  name,
  upstreamId: null,
  source,
  judgedByScim,
});

/** Admits against stores that only remember what they were told. */
async function admit({
  settings,
  tenant,
  person,
  groups,
  joinValue = '00u1',
  ...acquaintance
}: Case): Promise<Outcome> {
  let written: PersonChanges | undefined;
  const ended: object[] = [];
  const known = {
    userId: ADA,
    active: true,
    source: 'just_in_time',
    profile,
    externalId: '00u1',
    linked: true,
    groups: [],
    assignments: [],
    ...person,
  } as const;
  const admission = await admitPerson(
    {
      people: {
        meet: () =>
          Promise.resolve({
            tokenGroups: [],
            scimNames: [],
            departed: false,
            ...acquaintance,
            person: person === undefined ? undefined : known,
          }),
        change: (_scope, changes) => {
          written = changes;
        },
      },
      access: {
        end: (_scope, target, reason) => {
          ended.push({ target, reason });
          return Promise.resolve({ sessions: 1, grants: 1 });
        },
      },
      audit: { append: () => undefined, appendAbove: () => undefined, appendAlone: () => Promise.resolve() },
      auditTools: { ids: testIds, clock: new FixedClock('2026-11-22T00:00:00Z'), vault: openVault },
    },
    scope,
    {
      connection: aConnection(
        { issuer: 'https://a.example', clientId: 'c' },
        { ...(settings && { settings }) },
      ),
      identity: {
        issuer: 'https://a.example',
        subject: '00u1',
        joinValue,
        profile: { ...noProfile, ...profile },
        groups,
        acr: undefined,
        amr: undefined,
        authTime: undefined,
        sessionReference: undefined,
        idp: undefined,
        sessionExpiry: undefined,
        idToken: 'not kept here',
      },
      tenant: { ...DEFAULT_TENANT_SETTINGS, ...tenant },
      roleMappings: [{ group: { name: 'Mapped' }, role: 'admin', application: null }],
      origin: NO_ORIGIN,
    },
  );
  return { admission, written, ended };
}

const noProfile: UpstreamIdentity['profile'] = {
  userName: undefined,
  name: undefined,
  givenName: undefined,
  familyName: undefined,
  middleName: undefined,
  nickname: undefined,
  email: undefined,
  emailVerified: false,
  locale: undefined,
  zoneinfo: undefined,
  phoneNumber: undefined,
  picture: undefined,
};

const named = (...names: string[]) => names.map((name) => ({ id: undefined, name }));
const deny = { whenNoRole: 'deny' } as const;

describe('who comes in', () => {
  test.each<
    [what: string, given: Case, outcome: 'admitted' | 'scim_deprovisioned' | 'provisioning_off' | 'no_role']
  >([
    ['a newcomer', {}, 'admitted'],
    ['a newcomer where nobody is made', { settings: { provisioning: 'off' } }, 'provisioning_off'],
    ['a known person where nobody is made', { settings: { provisioning: 'off' }, person: {} }, 'admitted'],
    ['somebody who was switched off', { person: { active: false } }, 'scim_deprovisioned'],
    [
      'somebody who was switched off, with a role',
      { person: { active: false }, groups: named('Mapped') },
      'scim_deprovisioned',
    ],
    ['a newcomer without a role where one is needed', { tenant: deny }, 'no_role'],
    ['a newcomer with one', { tenant: deny, groups: named('Mapped') }, 'admitted'],
    ['whoever there is a default role for', { tenant: { ...deny, defaultRole: 'viewer' } }, 'admitted'],
    [
      'somebody with a role of their own',
      { tenant: deny, person: { assignments: [{ key: 'x', application: null }] } },
      'admitted',
    ],
    [
      'somebody by what SCIM says',
      { tenant: deny, person: { groups: [group('Mapped', 'scim')] } },
      'admitted',
    ],
    [
      'not by what SCIM says where the token decides',
      { tenant: deny, settings: { groupSource: 'token' }, person: { groups: [group('Mapped', 'scim')] } },
      'no_role',
    ],
    [
      'not by a token’s group that SCIM has taken over',
      { tenant: deny, person: { groups: [group('Mapped', 'token', true)] } },
      'no_role',
    ],
    [
      'not by a token’s word for a group of SCIM’s',
      { tenant: deny, person: {}, groups: named('Mapped'), scimNames: ['Mapped'] },
      'no_role',
    ],
  ])('%s', async (_what, given, outcome) => {
    const { admission } = await admit(given);
    expect(admission.admitted ? 'admitted' : admission.reason).toBe(outcome);
  });

  test.each<[what: string, given: Case]>([
    ['provisioning is off', { settings: { provisioning: 'off' } }],
    ['no role', { tenant: deny }],
    ['switched off', { person: { active: false } }],
  ])('A9 A-13 nothing is written of who is refused: %s', async (_what, given) => {
    const { written, ended } = await admit(given);
    expect([written, ended]).toEqual([undefined, []]);
  });

  test('who has lost the last role: what the token says is kept, and what they had ends', async () => {
    const { admission, written, ended } = await admit({
      tenant: deny,
      person: { groups: [group('Mapped')] },
      tokenGroups: [group('Mapped')],
      groups: [],
    });
    expect(admission).toEqual({ admitted: false, reason: 'no_role', userId: ADA });
    expect(written?.leaveGroups).toEqual(['id of Mapped']);
    expect(ended).toEqual([{ target: { user: ADA }, reason: 'no_role' }]);
  });
});

describe('what is written of who comes in', () => {
  test('of a newcomer: a user with the join value, an identity, an event', async () => {
    const { written } = await admit({ joinValue: 'employee-7' });
    expect(written?.create).toMatchObject({
      userName: 'ada@acme.example',
      fallbackName: '00u1',
      externalId: 'employee-7',
    });
    expect(written?.link).toMatchObject({ issuer: 'https://a.example', subject: '00u1' });
    expect(written?.audit.map(({ action }) => action)).toEqual(['user.created']);
  });

  test.each<[what: string, person: Case['person'], settings: Partial<ConnectionSettings>, updates: boolean]>([
    ['the same profile, in another order', { profile: reversed() }, {}, false],
    ['another name', { profile: { ...profile, name: 'Countess' } }, {}, true],
    ['a member that is gone', { profile: { ...profile, nickname: 'A' } }, {}, true],
    ['another name of SCIM’s', { source: 'scim', profile: { ...profile, name: 'Countess' } }, {}, false],
    [
      'another name, where nothing is updated',
      { profile: { ...profile, name: 'Countess' } },
      { provisioning: 'create' },
      false,
    ],
  ])('%s', async (_what, person, settings, updates) => {
    const { written } = await admit({ person, settings });
    expect([written?.profile !== undefined, written?.create, written?.link]).toEqual([
      updates,
      undefined,
      undefined,
    ]);
    expect(written?.audit.map(({ action }) => action)).toEqual(updates ? ['user.updated'] : []);
  });

  test.each<[what: string, given: Case, plan: { create: string[]; join: string[]; leave: string[] }]>([
    ['no claim: nothing', { person: { groups: [group('A')] } }, { create: [], join: [], leave: [] }],
    [
      'an empty one: out of all',
      { person: { groups: [group('A')] }, groups: [] },
      { create: [], join: [], leave: ['id of A'] },
    ],
    [
      'the same: nothing',
      { person: { groups: [group('A')] }, tokenGroups: [group('A')], groups: named('A') },
      { create: [], join: [], leave: [] },
    ],
    [
      'a known one: into it',
      { person: {}, tokenGroups: [group('A')], groups: named('A') },
      { create: [], join: ['id of A'], leave: [] },
    ],
    [
      'an unknown one: it is made',
      { person: {}, groups: named('A') },
      { create: ['A'], join: ['A'], leave: [] },
    ],
    [
      'another case: another group',
      { person: { groups: [group('a')] }, tokenGroups: [group('a')], groups: named('A') },
      { create: ['A'], join: ['A'], leave: ['id of a'] },
    ],
    [
      'the same twice: once',
      { person: {}, groups: named('A', 'A') },
      { create: ['A'], join: ['A'], leave: [] },
    ],
    [
      'SCIM’s: out of the token’s',
      { person: { groups: [group('A')] }, groups: named('A'), scimNames: ['A'] },
      { create: [], join: [], leave: ['id of A'] },
    ],
    [
      'SCIM’s own memberships stay',
      { person: { groups: [group('A', 'scim')] }, groups: [] },
      { create: [], join: [], leave: [] },
    ],
    [
      'where SCIM decides: nothing',
      { settings: { groupSource: 'scim' }, person: {}, groups: named('A') },
      { create: [], join: [], leave: [] },
    ],
  ])('groups: %s', async (_what, given, plan) => {
    const { written } = await admit(given);
    const nameOf = (id: GroupId): string => written?.newGroups.find((made) => made.id === id)?.name ?? id;
    expect({
      create: written?.newGroups.map(({ name }) => name),
      join: written?.joinGroups.map(nameOf),
      leave: written?.leaveGroups,
    }).toEqual(plan);
  });
});

function reversed(): typeof profile {
  return Object.fromEntries(Object.entries(profile).toReversed()) as unknown as typeof profile;
}
