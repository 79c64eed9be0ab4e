import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { DesiredConnection, DesiredTenant } from '../../src/domain/configuration/desired.js';
import { KeptLog } from '../rp/kit.js';
import { startAcme, type Acme } from '../support/acme.js';
import { claimsOf, refresh, signIn } from '../support/application.js';
import { Ledger, type UserRow } from '../support/ledger.js';
import { HttpBrowser, type OktaPerson, type Page } from '../support/okta-sign-in.js';
import { connectionTo } from '../support/organization.js';
import { arrive, goAndReturn, headingOf, linkOf, referenceOf, travelOurs } from '../support/trip.js';

const log = new KeptLog();
let acme: Acme;
let ledger: Ledger;

beforeAll(async () => {
  acme = await startAcme({ log });
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  acme.okta.org.assignGroup('Causeway', 'Everyone');
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});
beforeEach(async () => {
  acme.okta.org.heal();
  acme.okta.org.settings.idToken = 'fat';
  acme.okta.org.app('Causeway').groupsClaim = ALL_GROUPS;
  await configure();
});

const ALL_GROUPS = { name: 'groups', type: 'FILTER', match: 'REGEX', value: '(?!Everyone).*' } as const;

/** The connection and the tenant as they are at first, with these changes. */
async function configure(
  connection: Partial<DesiredConnection> = {},
  tenant: Partial<DesiredTenant> = {},
): Promise<void> {
  const settings = {
    provisioning: 'create-and-update',
    groupSource: 'auto',
    join: { claim: 'sub' },
  } as const;
  await acme.causeway.apply([
    {
      slug: 'acme',
      defaultRole: null,
      whenNoRole: 'allow',
      ...tenant,
      connections: [connectionTo(acme.okta, { ...settings, ...connection })],
    },
  ]);
}

interface Person extends OktaPerson {
  readonly id: string;
}

let made = 0;

/** Somebody new at Acme's Okta, in these groups. */
function somebody(groups: readonly string[] = []): Person {
  made += 1;
  const username = `newcomer-${made}@acme.example`;
  const { id } = acme.okta.org.addUser({ login: username, groups });
  return { username, password: 'Okta-demo-1', otp: '123456', id };
}

/** A sign-in that succeeds: the ID Token's claims, and the user as stored. */
async function comesIn(
  person: Person,
): Promise<{ claims: Readonly<Record<string, unknown>>; user: UserRow; refreshToken: unknown }> {
  const { body } = await signIn(new HttpBrowser(), acme.app, person);
  const claims = claimsOf(body['id_token']);
  return { claims, user: await ledger.user('acme', claims['sub']), refreshToken: body['refresh_token'] };
}

/** A sign-in that ends with a page. */
async function isRefused(person: Person): Promise<{ page: Page; browser: HttpBrowser }> {
  const browser = new HttpBrowser();
  const { callback } = await goAndReturn(browser, acme.app, person);
  const page = await arrive(browser, acme.app, callback);
  expect(page.location).toBeUndefined();
  return { page, browser };
}

const rowsOf = async (): Promise<Record<string, number>> => ({
  users: await ledger.count('users'),
  identities: await ledger.count('identities'),
  groups: await ledger.count('groups'),
  members: await ledger.count('group_members'),
  sessions: await ledger.count('sessions'),
});

describe('A9 provisioning', () => {
  test('create-and-update makes a user, and writes only what changed', async () => {
    const person = somebody();
    const { user } = await comesIn(person);
    expect(user).toMatchObject({
      source: 'just_in_time',
      user_name: person.username,
      external_id: person.id,
      active: true,
      version: 1,
      profile: { email: person.username, emailVerified: true },
    });
    expect((await comesIn(person)).user.version).toBe(1);
    acme.okta.org.directory.change(acme.okta.org.user(person.id), { firstName: 'Changed' });
    const { user: changed, claims } = await comesIn(person);
    expect(changed).toMatchObject({ version: 2, profile: { givenName: 'Changed' } });
    expect(claims['sub']).toBe(user.id);
    const events = await ledger.audit('acme');
    expect(events.filter(({ target }) => target === `user:${user.id}`).map(({ action }) => action)).toEqual([
      'user.created',
      'user.updated',
    ]);
  });

  test('create makes a user and leaves them as they were', async () => {
    await configure({ provisioning: 'create' });
    const person = somebody();
    const { user } = await comesIn(person);
    acme.okta.org.directory.change(acme.okta.org.user(person.id), { firstName: 'Changed' });
    expect((await comesIn(person)).user).toEqual(user);
  });

  test('off lets in who is known, by SCIM or by an earlier sign-in, and changes nothing of them', async () => {
    const early = somebody();
    const { user } = await comesIn(early);
    const pushed = somebody();
    const id = await ledger.addUser({
      tenant: 'acme',
      connection: 'okta',
      userName: pushed.username,
      externalId: pushed.id,
    });
    await configure({ provisioning: 'off' });
    acme.okta.org.directory.change(acme.okta.org.user(early.id), { firstName: 'Changed' });
    expect((await comesIn(early)).user).toEqual(user);
    expect((await comesIn(pushed)).claims['sub']).toBe(id);
  });

  test.each<
    [
      what: string,
      connection: Partial<DesiredConnection>,
      tenant: Partial<DesiredTenant>,
      heading: string,
      reason: string,
    ]
  >([
    ['off', { provisioning: 'off' }, {}, "Your account isn't here yet", 'provisioning_off'],
    [
      'no role, where one is needed',
      {},
      { whenNoRole: 'deny' },
      'You have no role in Grafana yet',
      'no_role',
    ],
  ])(
    '%s: a newcomer who is refused leaves no row, but an event',
    async (_what, connection, tenant, heading, reason) => {
      await configure(connection, tenant);
      const person = somebody(['Nobody maps this']);
      const before = await rowsOf();
      const { page, browser } = await isRefused(person);
      expect([page.status, headingOf(page)]).toEqual([403, heading]);
      expect(await rowsOf()).toEqual(before);
      const [event] = await ledger.audit('acme', { reference: referenceOf(page) });
      expect(event).toMatchObject({
        action: 'sign_in.refused',
        outcome: 'refused',
        reason,
        connection: 'okta',
        application: 'grafana',
      });
      const { location } = await travelOurs(browser, acme.app, linkOf(page, 'Back to Grafana') ?? '');
      expect(location?.searchParams.get('error_description')).toBe(reason);
    },
  );

  test('who loses the last role where one is needed loses what they had', async () => {
    const person = somebody(['Engineering']);
    await configure({}, { whenNoRole: 'deny' });
    const { user, refreshToken } = await comesIn(person);
    acme.okta.org.leaveGroup(person.id, 'Engineering');
    acme.okta.org.app('Causeway').emptyGroups = 'empty';
    const { page } = await isRefused(person);
    acme.okta.org.app('Causeway').emptyGroups = 'absent';
    expect(headingOf(page)).toBe('You have no role in Grafana yet');
    expect(await ledger.liveSessions(user.id)).toBe(0);
    expect((await refresh(acme.app, refreshToken)).body['error']).toBe('invalid_grant');
  });

  test('a default role is enough where one is needed', async () => {
    await configure({}, { whenNoRole: 'deny', defaultRole: 'viewer' });
    expect((await comesIn(somebody())).claims['roles']).toEqual(['viewer']);
  });
});

/** Somebody whose token carries this nickname. */
const named = (nickname?: string): Person => {
  const person = somebody();
  if (nickname !== undefined)
    acme.okta.org.directory.change(acme.okta.org.user(person.id), { profile: { nickname } });
  return person;
};

describe('A10 the join value', () => {
  const byNickname = { join: { claim: 'nickname' } } as const;
  test('joins by another claim, where the connection says so', async () => {
    await configure(byNickname);
    const person = named('employee-7');
    const id = await ledger.addUser({
      tenant: 'acme',
      connection: 'okta',
      userName: 'e7',
      externalId: 'employee-7',
    });
    expect((await comesIn(person)).claims['sub']).toBe(id);
  });

  test('a second person with the same value doesn’t become the first, whom no SCIM vouches for', async () => {
    await configure(byNickname);
    const first = await comesIn(named('employee-8'));
    const other = await comesIn(named('employee-8'));
    expect(other.user.id).not.toBe(first.user.id);
    expect([first.user.external_id, other.user.external_id]).toEqual(['employee-8', null]);
  });

  test('a subject doesn’t stand in for a value that is missing', async () => {
    await configure(byNickname);
    const first = await comesIn(named());
    const attacker = await comesIn(named(first.user.subjects[0]));
    expect(first.user.external_id).toBeNull();
    expect(attacker.user.id).not.toBe(first.user.id);
  });
});

/** The roles that somebody in these groups gets. */
const rolesFor = async (groups: readonly string[]): Promise<unknown> =>
  (await comesIn(somebody(groups))).claims['roles'];

describe('A-14 groups and roles', () => {
  test('only mapped groups give roles; the default role is for those without any', async () => {
    expect(await rolesFor(['Engineering'])).toEqual(['admin']);
    expect(await rolesFor(['Engineering', 'Support', 'Admins'])).toEqual(['admin', 'viewer']);
    expect(await rolesFor(['admin', 'engineering', 'Engineering ', 'console:owner', '.*'])).toEqual([]);
    await configure({}, { defaultRole: 'viewer' });
    expect(await rolesFor(['Nobody maps this'])).toEqual(['viewer']);
  });

  test('D3 roles never accumulate: they follow the groups of the last token', async () => {
    const person = somebody(['Engineering']);
    expect((await comesIn(person)).claims['roles']).toEqual(['admin']);
    acme.okta.org.leaveGroup(person.id, 'Engineering');
    acme.okta.org.joinGroup(person.id, 'Support');
    const { claims, user, refreshToken } = await comesIn(person);
    expect(claims['roles']).toEqual(['viewer']);
    expect(user.groups).toEqual(['token:Support']);
    const mappings = [{ group: { name: 'Support' }, role: 'admin' }];
    await configure({}, { roleMappings: mappings });
    const { body } = await refresh(acme.app, refreshToken);
    expect(claimsOf(body['id_token'])['roles']).toEqual(['admin']);
    await configure({}, { roleMappings: acme.tenant.roleMappings ?? [] });
  });

  test('A3 an absent claim changes nothing, an empty one removes', async () => {
    const person = somebody(['Engineering']);
    const app = acme.okta.org.app('Causeway');
    await comesIn(person);
    app.groupsClaim = undefined;
    expect((await comesIn(person)).claims['roles']).toEqual(['admin']);
    app.groupsClaim = { ...ALL_GROUPS, value: 'nothing-fits' };
    expect((await comesIn(person)).claims['roles']).toEqual(['admin']);
    app.emptyGroups = 'empty';
    const { claims, user } = await comesIn(person);
    app.emptyGroups = 'absent';
    expect([claims['roles'], user.groups]).toEqual([[], []]);
  });

  test.each([
    ['names', 'user.getGroups({"x": 1}).![name]', ['token:Engineering', 'token:Everyone']],
    ['objects', 'user.getGroups({"x": 1}).![{name, id}]', ['token:Engineering', 'token:Everyone']],
    ['one name', 'user.nickname', ['token:Engineering']],
  ])('A-16 as %s', async (_form, expression, groups) => {
    const person = somebody(['Engineering']);
    acme.okta.org.directory.change(acme.okta.org.user(person.id), { profile: { nickname: 'Engineering' } });
    acme.okta.org.app('Causeway').groupsClaim = { name: 'groups', type: 'EXPRESSION', expression };
    const { claims, user } = await comesIn(person);
    expect(claims['roles']).toEqual(['admin']);
    expect(user.groups).toEqual(groups);
  });

  test('D1 a mapping by the upstream’s id follows a rename', async () => {
    const group = acme.okta.org.addGroup({ name: 'Platform' });
    await configure({}, { roleMappings: [{ group: { upstream: group.id }, role: 'admin' }] });
    const expression = 'user.getGroups({"x": 1}).![{name, id}]';
    acme.okta.org.app('Causeway').groupsClaim = { name: 'groups', type: 'EXPRESSION', expression };
    const person = somebody(['Platform']);
    expect((await comesIn(person)).claims['roles']).toEqual(['admin']);
    acme.okta.org.directory.renameGroup(group, 'Platform Team');
    expect((await comesIn(person)).claims['roles']).toEqual(['admin']);
    await configure({}, { roleMappings: acme.tenant.roleMappings ?? [] });
  });

  test('A-15 a new group of an old name doesn’t inherit what a mapping by id gave to the old one', async () => {
    const { org } = acme.okta;
    const old = org.addGroup({ name: 'Payroll' });
    await configure({}, { roleMappings: [{ group: { upstream: old.id }, role: 'admin' }] });
    const expression = 'user.getGroups({"x": 1}).![{name, id}]';
    org.app('Causeway').groupsClaim = { name: 'groups', type: 'EXPRESSION', expression };
    expect((await comesIn(somebody(['Payroll']))).claims['roles']).toEqual(['admin']);
    org.directory.deleteGroup(old);
    const { claims, user } = await comesIn(somebody(['Payroll']));
    expect(user.groups).toContain('token:Payroll');
    expect(claims['roles']).toEqual([]);
    await configure({}, { roleMappings: acme.tenant.roleMappings ?? [] });
  });

  test('A-16 10,000 groups: the claim is ignored as a whole, what was stays, and it is noted', async () => {
    const person = somebody(['Engineering']);
    await comesIn(person);
    const many = Array.from({ length: 10_000 }, (_, index) => `g${index}`);
    acme.okta.org.directory.change(acme.okta.org.user(person.id), { profile: { nickname: many } });
    acme.okta.org.app('Causeway').groupsClaim = {
      name: 'groups',
      type: 'EXPRESSION',
      expression: 'user.nickname',
    };
    const { claims, user } = await comesIn(person);
    expect(claims['roles']).toEqual(['admin']);
    expect(user.groups).toEqual(['token:Engineering']);
    const noted = log.lines.filter(({ event }) => event === 'sign_in.notes').at(-1);
    expect(noted?.fields).toMatchObject({ tenant: 'acme', connection: 'okta', notes: ['groups_too_many'] });
  });

  test('1,000 groups come in, and go again', async () => {
    const person = somebody();
    const many = Array.from({ length: 1_000 }, (_, index) => `team ${index}`);
    const { org } = acme.okta;
    org.directory.change(org.user(person.id), { profile: { nickname: many } });
    org.app('Causeway').groupsClaim = { name: 'groups', type: 'EXPRESSION', expression: 'user.nickname' };
    expect((await comesIn(person)).user.groups).toHaveLength(1_000);
    org.directory.change(org.user(person.id), { profile: { nickname: many.slice(0, 3) } });
    expect((await comesIn(person)).user.groups).toEqual(['token:team 0', 'token:team 1', 'token:team 2']);
  });
});

describe('what SCIM says of groups counts before what tokens say', () => {
  test('a token neither gives nor takes a group that SCIM has pushed', async () => {
    const [member, stranger] = [somebody(['Support']), somebody(['Engineering', 'Support'])];
    const { user } = await comesIn(member);
    const group = await ledger.addScimGroup('acme', 'okta', 'Engineering', [user.id]);
    const asMember = await comesIn(member);
    expect(asMember.claims['roles']).toEqual(['admin', 'viewer']);
    expect(asMember.user.groups).toEqual(['scim:Engineering', 'token:Support']);
    const asStranger = await comesIn(stranger);
    expect(asStranger.claims['roles']).toEqual(['viewer']);
    expect(asStranger.user.groups).toEqual(['token:Support']);
    await ledger.forgetScimGroup(group);
  });

  test('a group of a token doesn’t count any more once SCIM pushes one of its name', async () => {
    const person = somebody(['Engineering']);
    const { claims, refreshToken } = await comesIn(person);
    expect(claims['roles']).toEqual(['admin']);
    const group = await ledger.addScimGroup('acme', 'okta', 'Engineering');
    const { body } = await refresh(acme.app, refreshToken);
    expect(claimsOf(body['id_token'])['roles']).toEqual([]);
    expect((await comesIn(person)).user.groups).toEqual([]);
    await ledger.forgetScimGroup(group);
  });

  test.each<['token' | 'scim', unknown, readonly string[]]>([
    ['token', ['viewer'], ['scim:Engineering', 'token:Support']],
    ['scim', ['admin'], ['scim:Engineering', 'token:Support']],
  ])('groupSource %s: only that counts', async (groupSource, roles, stored) => {
    const person = somebody(['Support']);
    const { user } = await comesIn(person);
    const group = await ledger.addScimGroup('acme', 'okta', 'Engineering', [user.id]);
    await configure({ groupSource });
    const { claims, user: after } = await comesIn(person);
    await ledger.forgetScimGroup(group);
    expect(claims['roles']).toEqual(roles);
    expect(after.groups).toEqual(stored);
  });
});
