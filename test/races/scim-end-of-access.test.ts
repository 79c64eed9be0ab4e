import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  authorizationRequest,
  claimsOf,
  post,
  refresh,
  signIn,
  walk,
  type TestApplication,
  type TokenAnswer,
} from '../support/application.js';
import { HttpBrowser, type OktaPerson } from '../support/okta-sign-in.js';
import { connectionTo } from '../support/organization.js';
import { oktaUser } from '../support/scim-client.js';
import { contradictions } from '../support/soundness.js';
import { redeemAt, travelOurs } from '../support/trip.js';
import {
  adding,
  API,
  idOf,
  removing,
  ROLES_OR_NOTHING,
  startScimStage,
  type ScimStage,
} from './scim-stage.js';

let stage: ScimStage;
let engineering: string;
let support: string;

beforeAll(async () => {
  stage = await startScimStage(ROLES_OR_NOTHING);
  engineering = await stage.pushGroup('Engineering');
  support = await stage.pushGroup('Support');
});
afterAll(() => stage.stop());

/** Somebody who is in: with a JWT, an opaque token, a session. */
interface Insider {
  readonly person: OktaPerson & { readonly id: string };
  readonly id: string;
  readonly browser: HttpBrowser;
  readonly jwt: TokenAnswer;
  readonly opaque: TokenAnswer;
  /** What the other application got. */
  readonly reports: TokenAnswer;
}

let hired = 0;

/** Hires somebody into groups, and signs them in. */
async function letIn(groups: readonly string[]): Promise<Insider> {
  hired += 1;
  const person = stage.hire(`insider-${hired}`);
  const id = await pushPerson(person, groups);
  const browser = new HttpBrowser();
  const { app, spa } = stage.two.acme;
  const jwt = await signIn(browser, app, person, { resource: API });
  const [opaque, reports] = [await renew(browser, app), await renew(browser, spa)];
  expect(String(jwt.body['access_token']).split('.')).toHaveLength(3);
  expect(String(opaque.body['access_token']).split('.')).toHaveLength(1);
  expect(claimsOf(jwt.body['id_token'])['sub']).toBe(id);
  return { person, id, browser, jwt, opaque, reports };
}

/** Silent renewal. */
async function renew(browser: HttpBrowser, application: TestApplication): Promise<TokenAnswer> {
  const silent = authorizationRequest(application, { prompt: 'none' });
  return redeemAt(application, await travelOurs(browser, application, silent.url), silent);
}

async function pushPerson(
  person: OktaPerson & { readonly id: string },
  groups: readonly string[],
): Promise<string> {
  const id = idOf(await stage.scim.post('/Users', oktaUser(person.username, { externalId: person.id })));
  await Promise.all(groups.map((group) => stage.scim.patch(`/Groups/${group}`, [adding([id])])));
  return id;
}

/** Whether one token of each kind is active, on the node that answers. */
async function activity({ jwt, opaque }: Insider): Promise<readonly unknown[]> {
  const answers = [jwt, opaque].flatMap(({ body }) => [body['access_token'], body['refresh_token']]);
  return Promise.all(
    answers.map(async (token) => {
      const { body } = await post(stage.two.acme.app, 'introspect', { token: String(token) });
      return body['active'];
    }),
  );
}

async function silentError({ browser }: Insider): Promise<string | null | undefined> {
  const { app } = stage.two.acme;
  const { location } = await travelOurs(browser, app, authorizationRequest(app, { prompt: 'none' }).url);
  return location?.searchParams.get('error');
}

/** What the contract promises when SCIM has its answer: on every node, all of it. */
async function expectNothingLives(insider: Insider): Promise<void> {
  const { acme, balancer, ledger } = stage.two;
  expect(await ledger.liveSessions(insider.id)).toBe(0);
  expect(await ledger.grants(insider.id)).toBe(0);
  const nodes = balancer.targets;
  for (const node of nodes) {
    balancer.targets = [node];
    // oxlint-disable-next-line no-await-in-loop -- one node after another
    expect(await activity(insider)).toEqual([false, false, false, false]);
    // oxlint-disable-next-line no-await-in-loop -- one node after another
    expect(await silentError(insider)).toBe('login_required');
    // oxlint-disable-next-line no-await-in-loop -- one node after another
    const answers = await Promise.all([
      refresh(acme.app, insider.jwt.body['refresh_token']),
      refresh(acme.app, insider.opaque.body['refresh_token']),
      refresh(acme.spa, insider.reports.body['refresh_token']),
    ]);
    expect(answers.map(({ body }) => body['error'])).toEqual(Array(3).fill('invalid_grant'));
  }
  balancer.targets = nodes;
  expect(await contradictions((text) => ledger.rows(text))).toEqual([]);
}

/** Somebody who signs in at Okta, and is refused here. */
async function expectNoWayIn(person: OktaPerson): Promise<void> {
  const { app } = stage.two.acme;
  const { end, page } = await walk(new HttpBrowser(), app, authorizationRequest(app).url, person);
  expect(end?.searchParams.get('code') ?? null).toBeNull();
  expect([403, 'access_denied']).toContain(end?.searchParams.get('error') ?? page.status);
}

async function subjectOf(person: OktaPerson): Promise<unknown> {
  const { body } = await signIn(new HttpBrowser(), stage.two.acme.app, person);
  return claimsOf(body['id_token'])['sub'];
}

/** Applications that are told of the end of somebody's sessions. */
async function told(id: string): Promise<readonly string[]> {
  const rows = await stage.two.ledger.rows<{ receiver: string }>(
    `SELECT receiver FROM outbox WHERE topic = 'session.ended' AND subject = $1 ORDER BY receiver`,
    [id],
  );
  return rows.map(({ receiver }) => receiver);
}

describe('G1 what SCIM takes, ends at once', () => {
  let insider: Insider;

  beforeEach(async () => {
    insider = await letIn([engineering]);
    expect(await activity(insider)).toEqual([true, true, true, true]);
  });

  test('A-97 active:false; switched on again, they come in as who they were', async () => {
    const user = `/Users/${insider.id}`;
    const off = await stage.scim.patch(user, [{ op: 'replace', value: { active: false } }]);
    expect(off.status).toBe(200);
    await expectNothingLives(insider);
    await expectNoWayIn(insider.person);
    expect(await told(insider.id)).toEqual(['grafana', 'spa']);
    const { body } = await stage.scim.get(user);
    expect((await stage.scim.put(user, { ...body, active: true })).status).toBe(200);
    expect(await activity(insider)).toEqual([false, false, false, false]);
    expect(await silentError(insider)).toBe('login_required');
    expect(await subjectOf(insider.person)).toBe(insider.id);
  }, 60_000);

  test('PUT of the whole user with active:false, as Okta’s classic apps send it', async () => {
    const user = `/Users/${insider.id}`;
    const { body } = await stage.scim.get(user);
    expect((await stage.scim.put(user, { ...body, active: false })).status).toBe(200);
    await expectNothingLives(insider);
    await expectNoWayIn(insider.person);
  }, 60_000);

  test('DELETE; nobody comes back by Okta alone, a new push lets them in as somebody new', async () => {
    expect((await stage.scim.delete(`/Users/${insider.id}`)).status).toBe(204);
    await expectNothingLives(insider);
    expect(await told(insider.id)).toEqual(['grafana', 'spa']);
    await expectNoWayIn(insider.person);
    expect(
      (await stage.two.ledger.users('acme')).filter(({ external_id }) => external_id === insider.person.id),
    ).toEqual([]);
    const id = await pushPerson(insider.person, [engineering]);
    expect(id).not.toBe(insider.id);
    expect(await subjectOf(insider.person)).toBe(id);
  }, 60_000);

  test('removal from the group that gave the last role; added again, they are in again', async () => {
    expect((await stage.scim.patch(`/Groups/${engineering}`, [removing(insider.id)])).status).toBe(204);
    await expectNothingLives(insider);
    await expectNoWayIn(insider.person);
    expect(await told(insider.id)).toEqual(['grafana', 'spa']);
    await stage.scim.patch(`/Groups/${engineering}`, [adding([insider.id])]);
    expect(await subjectOf(insider.person)).toBe(insider.id);
  }, 60_000);

  test('PUT of the group without them, and with its members again', async () => {
    const { body } = await stage.scim.get(`/Groups/${engineering}`);
    expect((await stage.scim.put(`/Groups/${engineering}`, { ...body, members: [] })).status).toBe(200);
    await expectNothingLives(insider);
    expect((await stage.scim.put(`/Groups/${engineering}`, body)).status).toBe(200);
    expect(await subjectOf(insider.person)).toBe(insider.id);
  }, 60_000);

  test('the last of the roles that Okta’s governance had assigned', async () => {
    const user = `/Users/${insider.id}`;
    const given = [{ op: 'add', path: 'roles', value: [{ value: 'viewer' }] }];
    expect((await stage.scim.patch(user, given)).status).toBe(200);
    expect((await stage.scim.patch(`/Groups/${engineering}`, [removing(insider.id)])).status).toBe(204);
    const renewed = await refresh(stage.two.acme.app, insider.jwt.body['refresh_token']);
    expect(claimsOf(renewed.body['id_token'])['roles']).toEqual(['viewer']);
    expect((await stage.scim.patch(user, [{ op: 'remove', path: 'roles' }])).status).toBe(200);
    await expectNothingLives(insider);
    await expectNoWayIn(insider.person);
  }, 60_000);

  test('A-99 deletion of the group', async () => {
    expect((await stage.scim.delete(`/Groups/${engineering}`)).status).toBe(204);
    await expectNothingLives(insider);
    // A new group of the old name inherits nothing: the mapping meant the old one.
    engineering = await stage.pushGroup('Engineering', [insider.id]);
    await expectNoWayIn(insider.person);
    await stage.two.ledger.rows('UPDATE pushed_group_names SET pinned_group_id = $1 WHERE name = $2', [
      engineering,
      'Engineering',
    ]);
    expect(await subjectOf(insider.person)).toBe(insider.id);
  }, 60_000);
});

describe('D4 some role is left, or none', () => {
  test('one of two roles goes: the next refresh tells it, the session stays', async () => {
    const insider = await letIn([engineering, support]);
    const { app } = stage.two.acme;
    expect(claimsOf(insider.jwt.body['id_token'])['roles']).toEqual(['admin', 'viewer']);
    expect((await stage.scim.patch(`/Groups/${engineering}`, [removing(insider.id)])).status).toBe(204);
    const renewed = await refresh(app, insider.jwt.body['refresh_token']);
    expect(claimsOf(renewed.body['id_token'])['roles']).toEqual(['viewer']);
    const again = await renew(insider.browser, app);
    expect(claimsOf(again.body['id_token'])['roles']).toEqual(['viewer']);
    expect(await stage.two.ledger.liveSessions(insider.id)).toBe(1);
    expect(await told(insider.id)).toEqual([]);
  }, 60_000);

  test('two groups that each gave the last role are left at the same moment: access ends, 20 times', async () => {
    const insiders = await Promise.all(Array.from({ length: 20 }, () => letIn([engineering, support])));
    await Promise.all(
      insiders.map(async ({ id }) => {
        const replies = await Promise.all(
          [engineering, support].map((group) => stage.scim.patch(`/Groups/${group}`, [removing(id)])),
        );
        expect(replies.map(({ status }) => status)).toEqual([204, 204]);
        expect(await stage.two.ledger.liveSessions(id)).toBe(0);
        expect(await stage.two.ledger.grants(id)).toBe(0);
      }),
    );
    const [first] = insiders;
    if (first !== undefined) await expectNothingLives(first);
  }, 120_000);
});

describe('what the operator takes, ends for those whom SCIM let in', () => {
  test('a connection that apply disables', async () => {
    const insider = await letIn([support]);
    const { acme, other } = stage.two;
    const configure = async (status: 'disabled' | 'enforced'): Promise<void> => {
      await acme.causeway.apply([{ slug: 'acme', connections: [connectionTo(acme.okta, { status })] }]);
      await other.node.directory.refresh();
    };
    await configure('disabled');
    await expectNothingLives(insider);
    await configure('enforced');
    expect(await subjectOf(insider.person)).toBe(insider.id);
  }, 60_000);

  test('a tenant that begins to deny whoever has no role', async () => {
    const { acme, other } = stage.two;
    const configure = async (whenNoRole: 'allow' | 'deny'): Promise<void> => {
      await acme.causeway.apply([{ slug: 'acme', whenNoRole }]);
      await other.node.directory.refresh();
    };
    await configure('allow');
    const insider = await letIn([]);
    await configure('deny');
    const answer = await refresh(acme.app, insider.jwt.body['refresh_token']);
    expect(answer.body['error']).toBe('invalid_grant');
    expect(['login_required', 'access_denied']).toContain(await silentError(insider));
    await expectNoWayIn(insider.person);
  }, 60_000);
});
