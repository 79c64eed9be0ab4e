import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../src/core/clock.js';
import type { TenantId } from '../../src/core/ids.js';
import type { DesiredTenant } from '../../src/domain/configuration/desired.js';
import { endByUpstream, type UpstreamLogoutTarget } from '../../src/domain/session/upstream-logout.js';
import { PostgresAccessStore } from '../../src/storage/access-store.js';
import { PostgresAuditStore } from '../../src/storage/audit-store.js';
import { PostgresUpstreamSessionStore } from '../../src/storage/upstream-session-store.js';
import { openVault } from '../support/audit.js';
import {
  authorizationRequest,
  claimsOf,
  post,
  refresh,
  signIn,
  walk,
  type TokenAnswer,
} from '../support/application.js';
import { testIds } from '../support/deployment.js';
import { Ledger } from '../support/ledger.js';
import { ACME_SCIM_TOKEN, ADA, BOB, CAL, GUS, startMsp, type Msp } from '../support/msp.js';
import { HttpBrowser, type OktaPerson } from '../support/okta-sign-in.js';
import { oktaGroup, oktaUser, ScimClient, type ScimReply } from '../support/scim-client.js';
import { headingOf, travelOurs } from '../support/trip.js';

let msp: Msp;
let ledger: Ledger;
let scim: ScimClient;

beforeAll(async () => {
  msp = await startMsp();
  ledger = await Ledger.open(msp.causeway.databaseUrl);
  scim = new ScimClient(`${msp.publicUrl}/t/acme/scim/v2`, ACME_SCIM_TOKEN);
});
afterAll(async () => {
  await ledger.close();
  await msp.stop();
});

/** Somebody signed in at two applications of the MSP. */
interface SignedIn {
  readonly browser: HttpBrowser;
  readonly sub: string;
  readonly tickets: TokenAnswer;
}

async function signedIn(person: OktaPerson, second = 'assets'): Promise<SignedIn> {
  const browser = new HttpBrowser();
  const hint = { login_hint: person.username };
  const tickets = await signIn(browser, msp.app('tickets'), person, hint);
  await signIn(browser, msp.app(second), undefined, hint);
  return { browser, sub: String(claimsOf(tickets.body['id_token'])['sub']), tickets };
}

/** What is left of somebody's access to an application. */
async function left({ browser, tickets }: SignedIn): Promise<Record<string, unknown>> {
  const app = msp.app('tickets');
  const { location } = await travelOurs(browser, app, authorizationRequest(app, { prompt: 'none' }).url);
  const opaque = await post(app, 'introspect', { token: String(tickets.body['access_token']) });
  const renewed = await refresh(app, tickets.body['refresh_token']);
  return {
    renewal: location?.searchParams.get('error') ?? 'code',
    active: opaque.body['active'],
    refresh: renewed.body['error'] ?? 'tokens',
  };
}

const NOTHING = { renewal: 'login_required', active: false, refresh: 'invalid_grant' };
const ALL = { renewal: 'code', active: true, refresh: 'tokens' };

/** Applications of the MSP that are told of a person's sessions, and why. */
async function told(sub: string): Promise<string[]> {
  const rows = await ledger.rows<{ line: string }>(
    `SELECT receiver || ' ' || (payload ->> 'reason') AS line FROM outbox o JOIN tenants t ON t.id = o.tenant_id
    WHERE t.slug = 'northwind' AND topic = 'session.ended' AND subject = $1 ORDER BY 1`,
    [sub],
  );
  return rows.map(({ line }) => line);
}

const idOf = ({ body }: ScimReply): string => (body['id'] as string | undefined) ?? '';

const pushed = async (person: OktaPerson): Promise<string> => {
  const { id: externalId } = msp.oktas.acme.org.user(person.username);
  return idOf(await scim.post('/Users', oktaUser(person.username, { externalId })));
};

let support = '';

/** Into the one group of that name: a new one would inherit nothing of what is mapped to the name. */
async function intoSupport(id: string): Promise<string> {
  if (support === '') support = idOf(await scim.post('/Groups', oktaGroup('Support', [id])));
  else await scim.patch(`/Groups/${support}`, [{ op: 'add', path: 'members', value: [{ value: id }] }]);
  return support;
}

const acme = (change: Partial<DesiredTenant>) => msp.causeway.apply([{ ...msp.tenants.acme, ...change }]);

describe('invariant 5, E4: what ends access at the customer ends it at the MSP’s issuer', () => {
  test('active:false, and back: the session stays ended', async () => {
    const id = await pushed(ADA);
    const her = await signedIn(ADA);
    const his = await signedIn(GUS);
    expect(her.sub).toBe(id);
    await scim.patch(`/Users/${id}`, [{ op: 'replace', value: { active: false } }]);
    expect(await ledger.count('sessions', 'brokered_user_id = $1 AND ended_at IS NULL', [id])).toBe(0);
    expect(await ledger.grants(id)).toBe(0);
    expect(await left(her)).toEqual(NOTHING);
    expect(await told(id)).toEqual(['assets scim_deprovisioned', 'tickets scim_deprovisioned']);
    const { url } = authorizationRequest(msp.app('tickets'), { login_hint: ADA.username });
    const { page } = await walk(new HttpBrowser(), msp.app('tickets'), url, ADA);
    expect(headingOf(page)).toBe('Your account is switched off');
    await scim.patch(`/Users/${id}`, [{ op: 'replace', value: { active: true } }]);
    expect(await left(her)).toEqual(NOTHING);
    expect(await left(his)).toEqual(ALL);
    const above = await ledger.audit('northwind', { action: 'access.ended' });
    expect(above.at(-1)).toMatchObject({
      reason: 'scim_deprovisioned',
      target: `user:${id}`,
      details: { sessions: 1, grants: 2 },
    });
    const own = await ledger.audit('acme', { action: 'access.ended' });
    expect(own.some(({ details }) => JSON.stringify(details).includes('"above"'))).toBe(true);
    await scim.delete(`/Users/${id}`);
  });

  test('deletion by SCIM', async () => {
    const id = await pushed(BOB);
    const his = await signedIn(BOB);
    expect(his.sub).toBe(id);
    await scim.delete(`/Users/${id}`);
    expect(await left(his)).toEqual(NOTHING);
  });

  test('the loss of a role or group ends the applications that need it, and no others', async () => {
    const id = await pushed(ADA);
    const group = idOf(await scim.post('/Groups', oktaGroup('Engineering', [id])));
    const her = await signedIn(ADA, 'for-admins');
    await scim.patch(`/Groups/${group}`, [{ op: 'remove', path: `members[value eq "${id}"]` }]);
    expect(await ledger.grants(id)).toBe(1);
    expect((await told(id)).filter((line) => line.startsWith('for-admins'))).toEqual([
      'for-admins not_assigned',
    ]);
    const renewed = await refresh(msp.app('tickets'), her.tickets.body['refresh_token']);
    expect(claimsOf(renewed.body['id_token'])).toMatchObject({ roles: ['guest'] });
    await scim.delete(`/Users/${id}`);
  });

  test('a customer that refuses whoever has no role, when the last one goes', async () => {
    await acme({ whenNoRole: 'deny' });
    const id = await pushed(BOB);
    const group = await intoSupport(id);
    const his = await signedIn(BOB, 'for-support');
    await scim.patch(`/Groups/${group}`, [{ op: 'remove', path: `members[value eq "${id}"]` }]);
    expect(await left(his)).toEqual(NOTHING);
    await acme({ whenNoRole: 'allow' });
    await scim.delete(`/Users/${id}`);
  });

  test('a session without any application, too', async () => {
    await acme({ whenNoRole: 'deny' });
    const id = await pushed(BOB);
    const group = await intoSupport(id);
    const { url } = authorizationRequest(msp.app('for-admins'), { login_hint: BOB.username });
    await walk(new HttpBrowser(), msp.app('for-admins'), url, BOB);
    const live = () => ledger.count('sessions', 'brokered_user_id = $1 AND ended_at IS NULL', [id]);
    expect([await live(), await ledger.grants(id)]).toEqual([1, 0]);
    await scim.patch(`/Groups/${group}`, [{ op: 'remove', path: `members[value eq "${id}"]` }]);
    expect(await live()).toBe(0);
    await acme({ whenNoRole: 'allow' });
    await scim.delete(`/Users/${id}`);
  });

  test('a mapping that the customer’s operator takes away', async () => {
    const his = await signedIn(GUS);
    await msp.causeway.apply([
      {
        ...msp.tenants.globex,
        whenNoRole: 'deny',
        roles: [{ key: 'viewer', name: 'Viewer' }],
        roleMappings: [{ group: { name: 'Nobody' }, role: 'viewer' }],
      },
    ]);
    expect(await left(his)).toEqual(NOTHING);
    await msp.causeway.apply([{ ...msp.tenants.globex, whenNoRole: 'allow', roleMappings: [], roles: [] }]);
  });

  test('a suspended customer, whose people are told so; its siblings go on', async () => {
    const his = await signedIn(GUS);
    const hers = await signedIn(CAL);
    await msp.causeway.apply([{ ...msp.tenants.globex, status: 'suspended' }]);
    expect(await left(his)).toEqual(NOTHING);
    const { url } = authorizationRequest(msp.app('tickets'), { login_hint: GUS.username });
    const { page } = await walk(new HttpBrowser(), msp.app('tickets'), url, GUS);
    expect({ status: page.status, code: page.location }).toEqual({ status: 403, code: undefined });
    expect((await ledger.audit('globex', { action: 'sign_in.refused' })).at(-1)).toMatchObject({
      reason: 'tenant_suspended',
      application: 'tickets',
      details: { issuer: 'northwind' },
    });
    expect(await left(hers)).toEqual(ALL);
    await msp.causeway.apply([{ ...msp.tenants.globex, status: 'active' }]);
    expect(await left(his)).toEqual(NOTHING);
  });

  test('a connection of the customer that is switched off', async () => {
    const his = await signedIn(GUS);
    const [connection] = msp.tenants.globex.connections ?? [];
    if (connection === undefined) throw new Error('no connection');
    await msp.causeway.apply([
      { ...msp.tenants.globex, connections: [{ ...connection, status: 'disabled' }] },
    ]);
    expect(await left(his)).toEqual(NOTHING);
    expect(await told(his.sub)).toContain('tickets connection_disabled');
    await msp.causeway.apply([msp.tenants.globex]);
    expect(await left(his)).toEqual(NOTHING);
  });

  test('a customer that goes to another MSP leaves nothing behind, and brings nothing along', async () => {
    const his = await signedIn(GUS);
    await msp.causeway.apply([{ ...msp.tenants.globex, parent: 'contoso' }]);
    expect(await left(his)).toEqual(NOTHING);
    expect(await told(his.sub)).toContain('tickets parent_changed');
    await msp.causeway.apply([msp.tenants.globex]);
    expect(await left(his)).toEqual(NOTHING);
  });

  test('the word of the customer’s own sign-in service, about a session or a person', async () => {
    const his = await signedIn(GUS);
    const [row] = await ledger.rows<{ tenant: TenantId; reference: string }>(
      `SELECT brokered_tenant_id AS tenant, upstream_session AS reference FROM sessions
      WHERE brokered_user_id = $1 AND ended_at IS NULL ORDER BY created_at DESC LIMIT 1`,
      [his.sub],
    );
    if (row === undefined) throw new Error('no session');
    const globex = await msp.causeway.node.directory.find('globex');
    const connection = globex?.connection('okta');
    if (connection === undefined) throw new Error('no connection');
    const { database } = msp.causeway.node;
    const deps = {
      upstreamSessions: new PostgresUpstreamSessionStore(database),
      access: new PostgresAccessStore(database),
      audit: new PostgresAuditStore(database),
      auditTools: { ids: testIds, clock: systemClock, vault: openVault },
    };
    const tell = (target: UpstreamLogoutTarget) =>
      database.withTenant(row.tenant, (scope) => endByUpstream(deps, scope, connection, target));
    await tell({ session: 'another' });
    expect(await left(his)).toMatchObject({ renewal: 'code' });
    await tell({ session: row.reference.slice(connection.id.length + 1) });
    expect(await left(his)).toMatchObject({ renewal: 'login_required' });
    expect(await told(his.sub)).toContain('tickets upstream_logout');
    const again = await signedIn(GUS);
    const { id: subject } = msp.oktas.globex.org.user(GUS.username);
    await tell({ subject });
    expect(await left(again)).toMatchObject({ renewal: 'login_required' });
  });

  test('an application that is for the MSP alone again', async () => {
    const his = await signedIn(GUS);
    const applications = (msp.tenants.northwind.applications ?? []).map((one) =>
      one.clientId === 'tickets' ? { ...one, audience: 'tenant' as const } : one,
    );
    await msp.causeway.apply([{ ...msp.tenants.northwind, applications }]);
    const { refresh: refreshed, renewal } = await left(his);
    expect({ refreshed, renewal }).toEqual({ refreshed: 'invalid_grant', renewal: 'access_denied' });
    await msp.causeway.apply([msp.tenants.northwind]);
  });

  test('a sign-out at the MSP ends the session there, and tells its other applications', async () => {
    const his = await signedIn(GUS);
    const hint = String(his.tickets.body['id_token']);
    await his.browser.open(`${msp.app('tickets').issuer}/oauth2/v1/logout?id_token_hint=${hint}`);
    expect((await left(his))['renewal']).toBe('login_required');
    expect(await told(his.sub)).toContain('assets signed_out');
  });
});
