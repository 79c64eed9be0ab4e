import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { RefreshToken } from '../../demo/okta/grants.js';
import type { TenantSettings } from '../../src/domain/tenant/tenant.js';
import { createLogger } from '../../src/server/logger.js';
import { startTwoNodes, type TwoNodes } from '../races/two-nodes.js';
import { ApiClient, apiClient } from '../support/api.js';
import { authorizationRequest, claimsOf, post, refresh, signIn, walk } from '../support/application.js';
import { HttpBrowser, type OktaPerson } from '../support/okta-sign-in.js';
import { connectionTo } from '../support/organization.js';

const EVERY_SECONDS = 300;
const GRACE_SECONDS = 3_600;

let two: TwoNodes;
const lines: string[] = [];
/** Every refresh token that the upstream has handed out. */
const upstreamTokens = new Set<string>();

beforeAll(async () => {
  const log = createLogger('debug', { write: (line) => void lines.push(line) });
  two = await startTwoNodes({ log });
  const { grants } = two.acme.okta.org;
  const issue = grants.issueRefreshToken.bind(grants);
  grants.issueRefreshToken = (token) => {
    const value = issue(token);
    upstreamTokens.add(value);
    return value;
  };
  await configure({});
});
afterAll(() => two.stop());
afterEach(async () => {
  two.acme.okta.org.heal();
  two.acme.okta.org.app('Causeway').refreshTokens = 'static';
  await configure({});
});

/** Acme as it is when every test begins, with a change. */
async function configure(
  connection: Parameters<typeof connectionTo>[1],
  tenant: Partial<Pick<TenantSettings, 'whenNoRole'>> = { whenNoRole: 'allow' },
): Promise<void> {
  await two.acme.causeway.apply([
    {
      slug: 'acme',
      ...tenant,
      connections: [
        connectionTo(two.acme.okta, {
          scopes: ['openid', 'profile', 'email', 'groups', 'offline_access'],
          revalidateSeconds: EVERY_SECONDS,
          revalidateGraceSeconds: GRACE_SECONDS,
          ...connection,
        }),
      ],
    },
  ]);
}

let people = 0;

/** Somebody in Engineering who has the app by a group of everybody's. */
class Somebody {
  readonly browser = new HttpBrowser();
  readonly okta: OktaPerson;
  readonly oktaId: string;
  userId = '';
  token: unknown;

  constructor() {
    people += 1;
    const login = `person${people}@acme.example`;
    this.okta = { username: login, password: 'Okta-demo-1', otp: '123456' };
    const { org } = two.acme.okta;
    this.oktaId = org.addUser({ login, groups: ['Engineering'] }).id;
    org.assign('Causeway', login);
  }

  static async signedIn(): Promise<Somebody> {
    const one = new Somebody();
    await one.signIn();
    return one;
  }

  /** Tokens of another sign-in: by the session where there is one. */
  async signIn(): Promise<Readonly<Record<string, unknown>>> {
    const { body } = await signIn(this.browser, two.acme.app, this.okta);
    this.userId = String(claimsOf(body['id_token'])['sub']);
    this.token = body['refresh_token'];
    return body;
  }

  /** Their refresh tokens at Okta, past its interfaces. */
  get atOkta(): [string, RefreshToken][] {
    const { refreshTokens } = two.acme.okta.org.grants;
    return [...upstreamTokens].flatMap((value): [string, RefreshToken][] => {
      const found = refreshTokens.get(value);
      return found?.userId === this.oktaId ? [[value, found]] : [];
    });
  }

  /** Lets the upstream's last word grow older. */
  async age(seconds: number): Promise<void> {
    await two.ledger.rows(
      `UPDATE upstream_grants SET checked_at = checked_at - make_interval(secs => $2) WHERE user_id::text = $1`,
      [this.userId, seconds],
    );
  }

  async refresh(): Promise<Awaited<ReturnType<typeof refresh>>> {
    const answer = await refresh(two.acme.app, this.token);
    if (answer.status === 200) this.token = answer.body['refresh_token'];
    return answer;
  }

  get hasSession(): Promise<boolean> {
    return two.ledger
      .count('sessions', 'user_id::text = $1 AND ended_at IS NULL', [this.userId])
      .then((n) => n > 0);
  }

  get row(): Promise<{ sealed: string; checked: Date; claimed: Date | null } | undefined> {
    return two.ledger
      .rows<{ sealed: string; checked: Date; claimed: Date | null }>(
        `SELECT refresh_token_sealed AS sealed, checked_at AS checked, claimed_until AS claimed
        FROM upstream_grants WHERE user_id::text = $1`,
        [this.userId],
      )
      .then(([row]) => row);
  }

  /** What the trail says of them since they came, without the sign-ins. */
  async trail(): Promise<readonly (string | null)[][]> {
    const rows = await two.ledger.rows<{ action: string; outcome: string; reason: string | null }>(
      `SELECT action, outcome, (body::jsonb ->> 'reason') AS reason FROM audit_events
      WHERE body LIKE '%' || $1 || '%' AND action IN ('access.revalidated', 'access.ended') ORDER BY at, id`,
      [this.userId],
    );
    return rows.map(({ action, outcome, reason }) => [action, outcome, reason]);
  }
}

/** Refreshes that reached Okta since. */
const asked = () =>
  two.acme.okta.org.log.to('token').filter(({ params }) => params.get('grant_type') === 'refresh_token');

describe('A19 a refresh where nobody pushes', () => {
  test('asks Okta no more often than the connection says, and nobody else asks', async () => {
    const ann = await Somebody.signedIn();
    two.acme.okta.org.log.clear();
    expect((await ann.refresh()).status).toBe(200);
    await ann.age(EVERY_SECONDS - 30);
    expect((await ann.refresh()).status).toBe(200);
    expect(asked()).toEqual([]);
    await ann.age(31);
    const { status, body } = await ann.refresh();
    expect([status, asked().length]).toEqual([200, 1]);
    expect((await ann.refresh()).status).toBe(200);
    await ann.age(EVERY_SECONDS + 1);
    const token = String(body['access_token']);
    const introspected = await post(two.acme.app, 'introspect', { token });
    expect(introspected.body).toMatchObject({ active: true });
    const userinfo = await post(two.acme.app, 'userinfo', {}, { authorization: `Bearer ${token}` });
    expect(userinfo.status).toBe(200);
    expect(asked()).toHaveLength(1);
    expect(await ann.trail()).toEqual([]);
  });

  test('a person who is deactivated at Okta has nothing left at the next one', async () => {
    const ann = await Somebody.signedIn();
    const { body } = await ann.refresh();
    const spa = await signIn(ann.browser, two.acme.spa, undefined);
    two.acme.okta.org.deactivate(ann.okta.username);
    expect((await ann.refresh()).status).toBe(200);
    await ann.age(EVERY_SECONDS);
    expect(await ann.refresh()).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });

    const told = await post(two.acme.app, 'introspect', { token: String(body['access_token']) });
    expect(told.body).toEqual({ active: false });
    expect(await refresh(two.acme.spa, spa.body['refresh_token'])).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
    const silent = authorizationRequest(two.acme.app, { prompt: 'none' });
    const { end } = await walk(ann.browser, two.acme.app, silent.url, undefined);
    expect(end?.searchParams.get('error')).toBe('login_required');
    expect([await ann.hasSession, await ann.row]).toEqual([false, undefined]);
    expect(await ann.trail()).toEqual([
      ['access.revalidated', 'refused', 'upstream_refused'],
      ['access.ended', 'success', 'upstream_revoked'],
    ]);
  });

  test('so has one who lost the app, or whose refresh token was revoked there', async () => {
    const { org } = two.acme.okta;
    const ends: ((one: Somebody) => void)[] = [
      (one) => org.unassign('Causeway', one.okta.username),
      (one) => org.setStatus(one.okta.username, 'SUSPENDED'),
      (one) => org.grants.revoke({ userId: one.oktaId }),
    ];
    for (const end of ends) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const one = await Somebody.signedIn();
      // People who are in Engineering have the app by that group.
      org.leaveGroup(one.okta.username, 'Engineering');
      end(one);
      // oxlint-disable-next-line no-await-in-loop -- as above
      await one.age(EVERY_SECONDS);
      // oxlint-disable-next-line no-await-in-loop -- as above
      expect([(await one.refresh()).body['error'], await one.hasSession]).toEqual(['invalid_grant', false]);
    }
  });

  test('a group that is gone at Okta takes its role with it', async () => {
    const ann = await Somebody.signedIn();
    expect(claimsOf((await ann.refresh()).body['id_token'])).toMatchObject({ roles: ['admin'] });
    two.acme.okta.org.leaveGroup(ann.okta.username, 'Engineering');
    two.acme.okta.org.joinGroup(ann.okta.username, 'Support');
    await ann.age(EVERY_SECONDS);
    expect(claimsOf((await ann.refresh()).body['id_token'])).toMatchObject({
      roles: ['viewer'],
      groups: ['Everyone', 'Support'],
    });
    expect(await ann.trail()).toEqual([['access.revalidated', 'success', null]]);
  });

  test('who has no role left is out where the tenant denies that', async () => {
    await configure({}, { whenNoRole: 'deny' });
    const ann = await Somebody.signedIn();
    two.acme.okta.org.leaveGroup(ann.okta.username, 'Engineering');
    await ann.age(EVERY_SECONDS);
    expect((await ann.refresh()).body['error']).toBe('invalid_grant');
    expect([await ann.hasSession, await ann.row]).toEqual([false, undefined]);
    expect((await ann.trail()).at(-1)).toEqual(['access.ended', 'success', 'no_role']);
  });

  test('an answer about another subject ends the access and is told loudly', async () => {
    const [ann, eve] = [await Somebody.signedIn(), await Somebody.signedIn()];
    for (const [value, grant] of ann.atOkta)
      two.acme.okta.org.grants.refreshTokens.set(value, { ...grant, userId: eve.oktaId }, 3_600);
    lines.length = 0;
    await ann.age(EVERY_SECONDS);
    expect((await ann.refresh()).body['error']).toBe('invalid_grant');
    expect([await ann.hasSession, await eve.hasSession]).toEqual([false, true]);
    expect(await ann.trail()).toEqual([
      ['access.revalidated', 'refused', 'someone_else'],
      ['access.ended', 'success', 'upstream_revoked'],
    ]);
    expect(lines.filter((line) => line.includes('revalidation.someone_else'))).toEqual([
      expect.stringContaining('"level":50'),
    ]);
  });
});

describe('A14 A19 an Okta that is away', () => {
  test('its last word counts within the grace, which failures don’t prolong; then refreshes wait for it', async () => {
    const ann = await Somebody.signedIn();
    two.acme.okta.org.fail('token.http_500');
    await ann.age(GRACE_SECONDS - 60);
    expect((await ann.refresh()).status).toBe(200);
    await ann.age(61);
    const refused = await ann.refresh();
    expect([refused.status, refused.body['error']]).toEqual([503, 'temporarily_unavailable']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await ann.refresh()).status).toBe(503);
    expect(await ann.hasSession).toBe(true);
    expect((await ann.row)?.claimed).toBeNull();

    two.acme.okta.org.heal();
    expect((await ann.refresh()).status).toBe(200);
    expect(await ann.trail()).toEqual([]);
  });

  test('no settings of ours that are wrong end anybody’s access', async () => {
    const ann = await Somebody.signedIn();
    await configure({ clientSecret: 'another-secret-of-32-characters-01' });
    await ann.age(EVERY_SECONDS);
    expect((await ann.refresh()).status).toBe(200);
    await ann.age(GRACE_SECONDS);
    expect((await ann.refresh()).status).toBe(503);
    expect(await ann.hasSession).toBe(true);
    await configure({ clientSecret: 'upstream-secret_with-32-characters-1' });
    expect((await ann.refresh()).status).toBe(200);
  });

  test('without grace there is none', async () => {
    await configure({ revalidateGraceSeconds: 0 });
    const ann = await Somebody.signedIn();
    two.acme.okta.org.fail('token.http_500');
    expect((await ann.refresh()).status).toBe(200);
    await ann.age(EVERY_SECONDS);
    expect((await ann.refresh()).status).toBe(503);
    // A18 But somebody may say that it is Okta's fault.
    const { token } = await apiClient(two.acme.causeway);
    const api = new ApiClient(`${new URL(two.acme.app.issuer).origin}/api/v1`, token);
    const refreshedAs = async (status: number): Promise<boolean> => {
      // The other node learns of it in its own time.
      for (let tries = 0; tries < 100; tries += 1) {
        // oxlint-disable-next-line no-await-in-loop -- until it is so
        if ((await ann.refresh()).status === status) return true;
        // oxlint-disable-next-line no-await-in-loop -- as above
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return false;
    };
    const outage = (body: object) => api.post('/tenants/acme/connections/okta/outage', body);
    expect((await outage({ on: true, reason: 'Okta is down' })).status).toBe(200);
    expect(await refreshedAs(200)).toBe(true);
    expect((await outage({ on: false })).status).toBe(200);
    expect(await refreshedAs(503)).toBe(true);
  });
});

describe('one asks for all', () => {
  test('20 refreshes on two nodes ask Okta once, and all see what it said', async () => {
    two.acme.okta.org.app('Causeway').refreshTokens = 'rotate';
    const ann = await Somebody.signedIn();
    const tokens = [ann.token];
    while (tokens.length < 20) {
      // oxlint-disable-next-line no-await-in-loop -- one browser, one sign-in after the other
      const { body } = await signIn(ann.browser, two.acme.app, undefined);
      tokens.push(body['refresh_token']);
    }
    two.acme.okta.org.leaveGroup(ann.okta.username, 'Engineering');
    two.acme.okta.org.joinGroup(ann.okta.username, 'Support');
    await ann.age(EVERY_SECONDS);
    two.acme.okta.org.log.clear();
    const answers = await Promise.all(tokens.map((token) => refresh(two.acme.app, token)));
    expect(asked()).toHaveLength(1);
    expect(answers.map(({ status }) => status)).toEqual(tokens.map(() => 200));
    expect(answers.map(({ body }) => claimsOf(body['id_token'])['roles'])).toEqual(
      tokens.map(() => ['viewer']),
    );
  }, 30_000);

  test('20 refreshes of somebody who is gone get nothing', async () => {
    const ann = await Somebody.signedIn();
    const tokens = [ann.token];
    while (tokens.length < 20) {
      // oxlint-disable-next-line no-await-in-loop -- as above
      const { body } = await signIn(ann.browser, two.acme.app, undefined);
      tokens.push(body['refresh_token']);
    }
    two.acme.okta.org.deactivate(ann.okta.username);
    await ann.age(EVERY_SECONDS);
    two.acme.okta.org.log.clear();
    const answers = await Promise.all(tokens.map((token) => refresh(two.acme.app, token)));
    expect(asked()).toHaveLength(1);
    expect(answers.map(({ body }) => body['error'])).toEqual(tokens.map(() => 'invalid_grant'));
  }, 30_000);

  test('a refresh token that rotates is followed, also when the answer that brought it was no use', async () => {
    two.acme.okta.org.app('Causeway').refreshTokens = 'rotate';
    const ann = await Somebody.signedIn();
    const sealed = [(await ann.row)?.sealed];
    const once = async (): Promise<number> => {
      await ann.age(EVERY_SECONDS);
      const { status } = await ann.refresh();
      sealed.push((await ann.row)?.sealed);
      return status;
    };
    expect(await once()).toBe(200);
    two.acme.okta.org.fail('id_token.wrong_audience');
    expect(await once()).toBe(200);
    two.acme.okta.org.heal();
    expect(await once()).toBe(200);
    expect(new Set(sealed).size).toBe(4);
    expect(await ann.trail()).toEqual([]);
  });
});

describe('who has nothing to be asked by', () => {
  test('signed in before it was switched on: is let on for the grace, then signs in again', async () => {
    await configure({ revalidateSeconds: null });
    const ann = await Somebody.signedIn();
    expect(await ann.row).toBeUndefined();
    await configure({});
    expect((await ann.refresh()).status).toBe(200);
    await two.ledger.rows(
      `UPDATE oidc_artifacts SET payload = jsonb_set(payload, '{iiat}', to_jsonb((payload ->> 'iiat')::int - $2::int))
      WHERE kind = 'RefreshToken' AND user_id::text = $1`,
      [ann.userId, GRACE_SECONDS + 1],
    );
    expect((await ann.refresh()).body['error']).toBe('invalid_grant');
    expect(await ann.hasSession).toBe(false);
    expect(await ann.trail()).toEqual([
      ['access.revalidated', 'refused', 'never_confirmed'],
      ['access.ended', 'success', 'upstream_revoked'],
    ]);
    await ann.signIn();
    expect(await ann.row).toMatchObject({ claimed: null });
    expect((await ann.refresh()).status).toBe(200);
  });

  test('a sign-in is a word of the upstream’s too', async () => {
    const ann = await Somebody.signedIn();
    await ann.age(EVERY_SECONDS);
    const before = (await ann.row)?.checked ?? new Date(0);
    await signIn(new HttpBrowser(), two.acme.app, ann.okta);
    two.acme.okta.org.log.clear();
    expect((await ann.row)?.checked.getTime()).toBeGreaterThan(before.getTime());
    expect((await ann.refresh()).status).toBe(200);
    expect(asked()).toEqual([]);
  });
});

test('A-39 no refresh token of Okta’s is anywhere in clear: not in a table, not in a line of the log', async () => {
  expect(upstreamTokens.size).toBeGreaterThan(10);
  const tables = await two.ledger.rows<{ name: string }>(
    `SELECT quote_ident(table_name) AS name FROM information_schema.tables
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
  );
  const dumps = await Promise.all(
    tables.map(({ name }) => two.ledger.rows<{ row: string }>(`SELECT t::text AS row FROM ${name} t`)),
  );
  const everything = [...dumps.flat().map(({ row }) => row), ...lines].join('\n');
  expect(everything).toContain('upstream_revoked');
  for (const token of upstreamTokens) {
    expect(everything).not.toContain(token);
    expect(everything).not.toContain(Buffer.from(token).toString('hex'));
    expect(everything).not.toContain(Buffer.from(token).toString('base64').replace(/=+$/, ''));
  }
});
