import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { RunningOktaOrg } from '../../demo/okta/server.js';
import { ADA, BOB, startAcme, type Acme } from '../support/acme.js';
import { claimsOf, refresh, signIn, type TestApplication } from '../support/application.js';
import { Ledger, type UserRow } from '../support/ledger.js';
import { HttpBrowser, type OktaPerson } from '../support/okta-sign-in.js';
import { addOrganization, anOkta, connectionTo, type Organization } from '../support/organization.js';
import { arrive, goAndReturn, headingOf, linkOf } from '../support/trip.js';

let acme: Acme;
let globex: Organization;
let ledger: Ledger;
const others: RunningOktaOrg[] = [];

beforeAll(async () => {
  acme = await startAcme();
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  globex = await addOrganization(acme, 'globex');
  acme.okta.org.assignGroup('Causeway', 'Everyone');
});
afterAll(async () => {
  await ledger.close();
  await globex.stop();
  await acme.stop();
  await Promise.all(others.map((okta) => okta.stop()));
});
beforeEach(() => {
  acme.okta.org.heal();
  globex.okta.org.heal();
});

let made = 0;

/** Somebody new at an Okta, by default at Acme's. */
function somebody(seed: { id?: string; email?: string } = {}, okta = acme.okta): OktaPerson & { id: string } {
  made += 1;
  const username = `person-${made}@acme.example`;
  const user = okta.org.addUser({ login: username, ...seed });
  return { username, password: 'Okta-demo-1', otp: '123456', id: user.id };
}

/** Signs in and tells as whom. */
async function subjectOf(
  person: OktaPerson,
  application: TestApplication = acme.app,
): Promise<{ sub: string; claims: Readonly<Record<string, unknown>>; refreshToken: unknown }> {
  const { body } = await signIn(new HttpBrowser(), application, person);
  const claims = claimsOf(body['id_token']);
  return { sub: String(claims['sub']), claims, refreshToken: body['refresh_token'] };
}

const bySubject = (users: readonly UserRow[], subject: string): UserRow[] =>
  users.filter(({ subjects }) => subjects.includes(subject));

/** A user whom SCIM has pushed. */
const scimUser = (person: { id: string; username: string }, active = true) =>
  ledger.addUser({
    tenant: 'acme',
    connection: 'okta',
    userName: `${person.username}.scim`,
    externalId: person.id,
    active,
    profile: { name: 'As SCIM says', email: 'scim@acme.example' },
  });

/** Another Okta org, with these people. */
async function moved(users: readonly { id: string; login: string }[]): Promise<RunningOktaOrg> {
  const okta = await anOkta([`${acme.app.issuer}/callback/okta`], { users });
  others.push(okta);
  return okta;
}
/** Makes Acme's connection lead there. */
const pointAt = (okta: RunningOktaOrg) =>
  acme.causeway.apply([{ slug: 'acme', signIn: { default: null }, connections: [connectionTo(okta)] }]);

describe('invariant 2: a person is who the issuer’s subject says, in one tenant, on one version of a connection', () => {
  test('A-01 the same address and the same subject at another tenant’s Okta are another person', async () => {
    const ada = acme.okta.org.user(ADA.username);
    globex.okta.org.addUser({
      login: ADA.username,
      id: ada.id,
      emailVerified: true,
      groups: ['Engineering'],
    });
    const at = { acme: await subjectOf(ADA), globex: await subjectOf(ADA, globex.app) };
    expect(at.globex.sub).not.toBe(at.acme.sub);
    expect(at.globex.claims).toMatchObject({ tenant: 'globex', email: ADA.username });
    const known = bySubject(await ledger.users('acme'), ada.id);
    expect(known.map(({ id }) => id)).toEqual([at.acme.sub]);
    expect((await ledger.users('globex')).map(({ id }) => id)).toEqual([at.globex.sub]);
  });

  test('A-01 a tenant that points its connection at another’s Okta doesn’t reach its people', async () => {
    acme.okta.org.app('Causeway').redirectUris.push(`${globex.app.issuer}/callback/theirs`);
    await acme.causeway.apply([
      {
        slug: 'globex',
        connections: [connectionTo(globex.okta), connectionTo(acme.okta, { key: 'theirs' })],
      },
    ]);
    const before = await ledger.users('acme');
    const { body } = await signIn(new HttpBrowser(), globex.app, ADA, { connection: 'theirs' });
    const { sub } = claimsOf(body['id_token']);
    expect(before.map(({ id }) => id)).not.toContain(sub);
    expect(await ledger.users('acme')).toEqual(before);
    await acme.causeway.apply([{ slug: 'globex', connections: [connectionTo(globex.okta)] }]);
  });

  test.each<
    [form: string, failure: 'id_token.unverified_email' | 'id_token.email_verified_text' | undefined]
  >([
    ['true', undefined],
    ['false', 'id_token.unverified_email'],
    ['the text "true"', 'id_token.email_verified_text'],
  ])('A-02 email_verified %s joins nobody by address', async (_form, failure) => {
    const person = somebody();
    const namesake = await ledger.addUser({
      tenant: 'acme',
      connection: 'okta',
      userName: `${person.username}.scim`,
      externalId: `00u-of-${person.username}`,
      profile: { email: person.username, emailVerified: true },
    });
    if (failure !== undefined) acme.okta.org.fail(failure);
    const { sub, claims } = await subjectOf(person);
    expect(sub).not.toBe(namesake);
    expect(claims['email_verified']).toBe(failure === undefined);
    expect((await ledger.user('acme', namesake)).subjects).toEqual([]);
  });

  test('A-03 a local account of the same name and address is somebody else, and stays as it was', async () => {
    const person = somebody();
    const local = await ledger.addUser({
      tenant: 'acme',
      connection: null,
      source: 'operator',
      userName: person.username,
      externalId: person.id,
      profile: { email: person.username, emailVerified: true },
    });
    const before = await ledger.user('acme', local);
    const { sub } = await subjectOf(person);
    expect(sub).not.toBe(local);
    expect(await ledger.user('acme', local)).toEqual(before);
  });

  test('A-03 nor does a user of another connection count, whatever its externalId', async () => {
    const person = somebody();
    await acme.causeway.apply([
      {
        slug: 'acme',
        signIn: { default: 'okta' },
        connections: [connectionTo(acme.okta), connectionTo(globex.okta, { key: 'second' })],
      },
    ]);
    const other = await ledger.addUser({
      tenant: 'acme',
      connection: 'second',
      userName: person.username,
      externalId: person.id,
    });
    const { sub } = await subjectOf(person);
    expect(sub).not.toBe(other);
    expect((await ledger.user('acme', other)).subjects).toEqual([]);
  });

  test('A-04 an address that changes to a colleague’s changes nothing but the address', async () => {
    const victim = somebody();
    const attacker = somebody();
    const before = { victim: await subjectOf(victim), attacker: await subjectOf(attacker) };
    acme.okta.org.directory.change(acme.okta.org.user(attacker.id), { email: victim.username });
    const after = await subjectOf(attacker);
    expect(after.sub).toBe(before.attacker.sub);
    expect(after.claims['email']).toBe(victim.username);
    expect((await subjectOf(victim)).sub).toBe(before.victim.sub);
  });

  test('A-06 A-07 subjects are compared byte for byte', async () => {
    const subjects = [
      '00uCase',
      '00ucase',
      'é-composed',
      'e\u0301-composed',
      '00u1',
      '00u1 ',
      ' 00u1',
      '00u',
      '0',
    ];
    const seen = new Map<string, string>();
    for (const subject of subjects) {
      // oxlint-disable-next-line no-await-in-loop -- one after another, so that each meets those before it
      seen.set(subject, (await subjectOf(somebody({ id: subject, email: 'shared@acme.example' }))).sub);
    }
    expect(new Set(seen.values()).size).toBe(subjects.length);
    const users = await ledger.users('acme');
    for (const [subject, sub] of seen) expect(bySubject(users, subject).map(({ id }) => id)).toEqual([sub]);
  });

  test('A-08 a subject that reads like somebody’s id here leads to nobody but its own', async () => {
    const { sub: victim } = await subjectOf(somebody());
    const attacker = somebody({ id: victim });
    expect((await subjectOf(attacker)).sub).not.toBe(victim);
    const byExternalId = await ledger.addUser({
      tenant: 'acme',
      connection: 'okta',
      userName: 'scim-8',
      externalId: '1',
    });
    expect((await subjectOf(somebody({ id: '1' }))).sub).toBe(byExternalId);
    expect(byExternalId).not.toBe('1');
  });

  test('A-09 a person who was deleted and made again at Okta is a new person; the name falls back', async () => {
    const first = somebody();
    const old = await subjectOf(first);
    const { org } = acme.okta;
    org.deactivate(first.id);
    org.directory.deleteUser(org.user(first.id));
    const again = org.addUser({ login: first.username });
    const fresh = await subjectOf(first);
    expect(fresh.sub).not.toBe(old.sub);
    expect(await ledger.user('acme', old.sub)).toMatchObject({
      subjects: [first.id],
      user_name: first.username,
    });
    expect(await ledger.user('acme', fresh.sub)).toMatchObject({ subjects: [again.id], user_name: again.id });
  });

  test('people whose names and subjects differ in case alone can all come in', async () => {
    const people = ['ABC-7', 'abc-7', 'Abc-7'].map((id) => somebody({ id }));
    const { org } = acme.okta;
    for (const { id } of people) org.directory.change(org.user(id), { login: 'same-name' });
    const subs: string[] = [];
    for (const { id } of people) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      subs.push((await subjectOf({ username: id, password: 'Okta-demo-1', otp: '123456' })).sub);
    }
    expect(new Set(subs).size).toBe(3);
  });
});

describe('A-13 a user whom SCIM has pushed', () => {
  test('is joined by the subject, once, and never made twice or changed by a token', async () => {
    const person = somebody();
    const id = await scimUser(person);
    expect((await subjectOf(person)).sub).toBe(id);
    const { claims, sub } = await subjectOf(person);
    expect(sub).toBe(id);
    expect(claims['name']).toBe('As SCIM says');
    expect(bySubject(await ledger.users('acme'), person.id)).toHaveLength(1);
    const linked = await ledger.audit('acme', { action: 'identity.linked' });
    expect(linked.filter(({ target }) => target === `user:${id}`)).toHaveLength(1);
  });

  test('and switched off is told so; the application hears scim_deprovisioned; nothing rises again', async () => {
    const person = somebody();
    const id = await scimUser(person, false);
    const before = await ledger.user('acme', id);
    const browser = new HttpBrowser();
    const { callback, request } = await goAndReturn(browser, acme.app, person);
    const page = await arrive(browser, acme.app, callback);
    expect(page.status).toBe(403);
    expect(headingOf(page)).toBe('Your account is switched off');
    const back = linkOf(page, 'Back to Grafana');
    if (back === undefined) throw new Error('no way back to the application');
    const { location } = await arrive(browser, acme.app, back);
    expect(Object.fromEntries(location?.searchParams ?? [])).toEqual({
      error: 'access_denied',
      error_description: 'scim_deprovisioned',
      state: request.state,
      iss: acme.app.issuer,
    });
    expect(await ledger.user('acme', id)).toEqual(before);
    expect(await ledger.liveSessions(id)).toBe(0);
  });

  test('and switched off after having signed in stays off, however often they try', async () => {
    const person = somebody();
    const { sub } = await subjectOf(person);
    await ledger.rows('UPDATE users SET active = false WHERE id = $1', [sub]);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const browser = new HttpBrowser();
      // oxlint-disable-next-line no-await-in-loop -- one after another
      const { callback } = await goAndReturn(browser, acme.app, person);
      // oxlint-disable-next-line no-await-in-loop -- one after another
      expect((await arrive(browser, acme.app, callback)).status).toBe(403);
    }
    expect(await ledger.user('acme', sub)).toMatchObject({ active: false, subjects: [person.id] });
  });
});

describe('A-10 a connection that is pointed at another issuer', () => {
  test('knows nobody of before, even by the same subject or SCIM id; their access has ended', async () => {
    const person = somebody();
    const old = await subjectOf(person);
    const pushed = somebody();
    const scim = await ledger.addUser({
      tenant: 'acme',
      connection: 'okta',
      userName: 'pushed-before',
      externalId: pushed.id,
    });
    const okta = await moved([person, pushed].map(({ id, username }) => ({ id, login: username })));
    await pointAt(okta);
    expect((await refresh(acme.app, old.refreshToken)).body['error']).toBe('invalid_grant');
    expect(await ledger.liveSessions(old.sub)).toBe(0);
    const fresh = await subjectOf(person);
    expect(fresh.sub).not.toBe(old.sub);
    expect((await ledger.user('acme', fresh.sub)).connection_version).toBe(2);
    expect((await subjectOf(pushed)).sub).not.toBe(scim);
    expect((await ledger.user('acme', scim)).subjects).toEqual([]);
    await pointAt(acme.okta);
    expect((await subjectOf(person)).sub).not.toBe(old.sub);
  });

  test('doesn’t let in who came back just before, on a node that doesn’t know yet', async () => {
    const browser = new HttpBrowser();
    const { callback } = await goAndReturn(browser, acme.app, BOB);
    const end = await ledger.withAnswer(
      `UPDATE connections SET version = version + 1 WHERE key = 'okta'`,
      () => arrive(browser, acme.app, callback),
    );
    const bob = bySubject(await ledger.users('acme'), acme.okta.org.user(BOB.username).id).at(-1);
    expect(bob).toBeDefined();
    expect(end.location?.searchParams.get('code') ?? null).toBeNull();
    expect(await ledger.liveSessions(bob?.id)).toBe(0);
    expect(await ledger.grants(bob?.id ?? '')).toBe(0);
  });
});
