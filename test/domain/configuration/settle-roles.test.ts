import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { DesiredTenant } from '../../../src/domain/configuration/desired.js';
import { ADA, CAT, startAcme, type Acme } from '../../support/acme.js';
import { refresh, signIn, type TokenAnswer } from '../../support/application.js';
import { HttpBrowser } from '../../support/okta-sign-in.js';

let acme: Acme;
/** Ada is an Engineer (admin), Cat a Supporter (viewer). */
let ada: { readonly app: TokenAnswer; readonly spa: TokenAnswer };
let cat: TokenAnswer;

beforeAll(async () => {
  acme = await startAcme();
});
afterAll(() => acme.stop());

const OFFLINE = { scope: 'openid offline_access' };

beforeEach(async () => {
  // Nobody of an earlier test is still in.
  await acme.causeway.apply([{ ...acme.tenant, connections: connections('disabled') }]);
  await acme.causeway.apply([
    {
      ...acme.tenant,
      connections: connections('enforced'),
      whenNoRole: 'allow',
      applications: assigned('everyone'),
      defaultRole: null,
    },
  ]);
  const browser = new HttpBrowser();
  ada = {
    app: await signIn(browser, acme.app, ADA, OFFLINE),
    spa: await signIn(browser, acme.spa, ADA, OFFLINE),
  };
  cat = await signIn(new HttpBrowser(), acme.app, CAT, OFFLINE);
});

const connections = (status: 'enforced' | 'disabled') =>
  (acme.tenant.connections ?? []).map((connection) => ({
    ...connection,
    status,
    groupSource: 'auto' as const,
  }));

const apply = (change: Partial<DesiredTenant>) => acme.causeway.apply([{ slug: 'acme', ...change }]);

function assigned(assignment: NonNullable<DesiredTenant['applications']>[number]['assignment']) {
  return (acme.tenant.applications ?? []).map((application) =>
    application.clientId === 'grafana' && assignment !== undefined
      ? { ...application, assignment }
      : application,
  );
}

async function rows(text: string): Promise<readonly unknown[]> {
  return acme.causeway.node.database.query({ text, values: [] });
}

/** Sessions of people that are alive, as many as there are. */
const liveSessions = async (): Promise<number> =>
  (await rows('SELECT FROM sessions WHERE user_id IS NOT NULL AND ended_at IS NULL')).length;
const liveGrants = async (): Promise<number> =>
  (await rows(`SELECT FROM oidc_artifacts WHERE kind = 'Grant'`)).length;

async function lives(answer: TokenAnswer, application = acme.app): Promise<boolean> {
  const { status } = await refresh(application, String(answer.body['refresh_token']));
  return status === 200;
}

describe('an apply that takes roles away judges who is in, at once', () => {
  test('a mapping that gave the last role, where that is denied', async () => {
    await apply({ whenNoRole: 'deny' });
    const [sessions, grants] = [await liveSessions(), await liveGrants()];
    expect(await lives(cat)).toBe(true);
    await apply({ roleMappings: [{ group: { name: 'Support' }, role: 'viewer' }] });
    expect(await liveSessions()).toBe(sessions - 1);
    expect(await liveGrants()).toBe(grants - 2);
    expect([await lives(ada.app), await lives(ada.spa, acme.spa)]).toEqual([false, false]);
    const [event] = await rows(
      `SELECT body FROM audit_events WHERE action = 'access.ended' ORDER BY at DESC LIMIT 1`,
    );
    expect(JSON.stringify(event)).toContain('no_role');
  });

  test('denial itself, once nobody has the role of the rest', async () => {
    await apply({ roleMappings: [{ group: { name: 'Support' }, role: 'viewer' }] });
    const sessions = await liveSessions();
    await apply({ whenNoRole: 'deny', defaultRole: 'viewer' });
    expect(await liveSessions()).toBe(sessions);
    await apply({ defaultRole: null });
    expect(await liveSessions()).toBe(sessions - 1);
    expect([await lives(ada.app), await lives(cat)]).toEqual([false, true]);
  });

  test('an application that is not everybody’s any more: it alone is lost', async () => {
    const [sessions, grants] = [await liveSessions(), await liveGrants()];
    await apply({ applications: assigned({ groups: ['Support'] }) });
    expect([await liveSessions(), await liveGrants()]).toEqual([sessions, grants - 1]);
    expect([await lives(ada.app), await lives(ada.spa, acme.spa), await lives(cat)]).toEqual([
      false,
      true,
      true,
    ]);
  });

  test('groups of a token that do not count any more', async () => {
    await apply({ whenNoRole: 'deny' });
    await apply({
      connections: connections('enforced').map((okta) => ({ ...okta, groupSource: 'scim' as const })),
    });
    expect(await liveSessions()).toBe(0);
    expect([await lives(ada.app), await lives(cat)]).toEqual([false, false]);
  });

  test('what gives roles takes nothing', async () => {
    const [sessions, grants] = [await liveSessions(), await liveGrants()];
    await apply({
      roles: [{ key: 'admin' }, { key: 'viewer' }, { key: 'extra' }],
      roleMappings: [
        { group: { name: 'Engineering' }, role: 'admin' },
        { group: { name: 'Engineering' }, role: 'extra' },
        { group: { name: 'Support' }, role: 'viewer' },
      ],
    });
    expect([await liveSessions(), await liveGrants()]).toEqual([sessions, grants]);
  });
});
