import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { importJWK, SignJWT } from 'jose';
import { createSigningKey, type PrivateJwk } from '../../src/keys/signing-keys.js';
import { until } from '../events/support/receiver.js';
import { send, type Answer } from '../op/support/http.js';
import { cookiesOf, sessionOf } from '../op/support/session.js';
import { ADA, APP_SECRET, CAT, startAcme, type Acme } from '../support/acme.js';
import { claimsOf, refresh, signIn, type TestApplication, type TokenAnswer } from '../support/application.js';
import { framesOf } from '../support/frames.js';
import { Ledger } from '../support/ledger.js';
import { HttpBrowser } from '../support/okta-sign-in.js';

/** Acme's issuer is the upstream of a second tenant: another Causeway sends what Okta doesn't. */
const UPSTREAM_CLIENT = 'second-tenant';
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const FRAME = 'https://wiki.example/out';

type Claims = Readonly<Record<string, unknown>>;

let acme: Acme;
let ledger: Ledger;
let issuer: string;
let key: PrivateJwk;

const application = (clientId: string): TestApplication => ({
  issuer,
  clientId,
  clientSecret: APP_SECRET,
  redirectUri: `https://${clientId}.example/cb`,
});
const [mail, wiki] = [() => application('mail'), () => application('wiki')];

const second = (status: 'enforced' | 'disabled' = 'enforced') => ({
  slug: 'second',
  name: 'Second',
  connections: [
    {
      key: 'up',
      type: 'oidc' as const,
      name: 'Acme',
      issuer: acme.app.issuer,
      clientId: UPSTREAM_CLIENT,
      clientSecret: APP_SECRET,
      scopes: ['openid', 'profile', 'email'],
      status,
    },
  ],
  applications: ['mail', 'wiki'].map((clientId) => ({
    clientId,
    name: clientId,
    type: 'web' as const,
    clientSecret: APP_SECRET,
    redirectUris: [`https://${clientId}.example/cb`],
    frontchannelLogoutUri: clientId === 'wiki' ? FRAME : null,
  })),
});

beforeAll(async () => {
  acme = await startAcme();
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  issuer = acme.app.issuer.replace(/acme$/, 'second');
  await acme.causeway.apply([
    {
      slug: 'acme',
      applications: [
        ...(acme.tenant.applications ?? []),
        {
          clientId: UPSTREAM_CLIENT,
          name: 'Second tenant',
          type: 'web',
          clientSecret: APP_SECRET,
          redirectUris: [`${issuer}/callback/up`],
          backchannelLogoutUri: `${issuer}/backchannel-logout/up`,
          frontchannelLogoutUri: `${issuer}/frontchannel-logout/up`,
        },
      ],
    },
    second(),
  ]);
  const keys = (await acme.causeway.node.directory.find('acme'))?.signingKeys(null) ?? [];
  const found = keys.find(({ alg }) => alg === 'RS256');
  if (found === undefined) throw new Error('no key');
  key = found;
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});

interface Sitting {
  readonly browser: HttpBrowser;
  readonly answer: TokenAnswer;
  /** What the upstream calls its session and its person. */
  readonly upstream: { readonly sid: string; readonly sub: string };
  readonly state: () => Promise<string>;
}

/** Signed in at the second tenant through Acme. */
async function sitting(person = ADA, scope = 'openid'): Promise<Sitting> {
  const browser = new HttpBrowser();
  const answer = await signIn(browser, mail(), person, { scope });
  const cookies = cookiesOf(browser, mail());
  const [row] = await ledger.rows<{ sid: string; sub: string }>(
    `SELECT s.upstream_session AS sid, i.sub FROM sessions s
      JOIN identities i ON i.tenant_id = s.tenant_id AND i.user_id = s.user_id
      WHERE s.user_id = $1 ORDER BY s.created_at DESC LIMIT 1`,
    [claimsOf(answer.body['id_token'])['sub']],
  );
  if (row === undefined) throw new Error('no session');
  return { browser, answer, upstream: row, state: () => sessionOf(cookies, wiki()) };
}

const now = (): number => Math.floor(Date.now() / 1_000);

const honest = (upstream: { readonly sid?: string; readonly sub?: string }): Claims => ({
  iss: acme.app.issuer,
  aud: UPSTREAM_CLIENT,
  iat: now(),
  exp: now() + 120,
  jti: randomUUID(),
  events: { [EVENT]: {} },
  ...upstream,
});

async function sign(
  claims: Claims,
  header: Readonly<Record<string, unknown>> = { typ: 'logout+jwt' },
  signer = key,
): Promise<string> {
  const defined = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
  return new SignJWT(defined)
    .setProtectedHeader({ alg: signer.alg, kid: signer.kid, ...header })
    .sign(await importJWK(signer, signer.alg));
}

const tell = (
  token: string,
  more: Readonly<Record<string, string>> = {},
  through?: string,
): Promise<Answer> =>
  send(`${issuer}/backchannel-logout/up`, {
    form: { logout_token: token, ...more },
    ...(through === undefined ? {} : { through }),
  });

const lastEnd = async () => (await ledger.audit('second', { action: 'access.ended' })).at(-1);

describe('A13 another Causeway is the upstream', () => {
  test('a sign-out there ends the session here, and applications here are to be told', async () => {
    acme.causeway.node.logoutDeliveries.start();
    const { browser, state, upstream } = await sitting();
    const there = await signIn(browser, acme.app, undefined);
    const waiting = `topic = 'session.ended' AND receiver = 'mail'`;
    const before = await ledger.count('outbox', waiting);
    const url = new URL(`${acme.app.issuer}/oauth2/v1/logout`);
    url.searchParams.set('id_token_hint', String(there.body['id_token']));
    const page = await browser.open(url);
    await until(async () => (await state()) === 'login_required');
    expect(await ledger.count('outbox', waiting)).toBe(before + 1);
    expect(await lastEnd()).toMatchObject({
      reason: 'upstream_logout',
      actor: { type: 'system', id: 'upstream:up' },
    });
    const [frame = ''] = framesOf(page);
    expect(frame.split('?')[0]).toBe(`${issuer}/frontchannel-logout/up`);
    expect(new URL(frame).searchParams.get('sid')).toBe(upstream.sid);
  });
});

describe('A-69 back-channel logout from the upstream (Back-Channel Logout 1.0)', () => {
  test('by the session: it alone ends; the answer is kept by nobody', async () => {
    const [one, other] = [await sitting(), await sitting()];
    const { status, headers, text } = await tell(await sign(honest({ sid: one.upstream.sid })));
    expect([status, text, headers['cache-control']]).toEqual([200, '', 'no-store']);
    expect([await one.state(), await other.state()]).toEqual(['login_required', 'open']);
  });

  test('by session and person: the session counts', async () => {
    const [one, other] = [await sitting(), await sitting()];
    expect((await tell(await sign(honest(one.upstream)))).status).toBe(200);
    expect([await one.state(), await other.state()]).toEqual(['login_required', 'open']);
  });

  test('by the person: every session of theirs, nobody else’s; what is for offline access stays (section 2.7)', async () => {
    const [one, other, cat] = [
      await sitting(ADA, 'openid offline_access'),
      await sitting(),
      await sitting(CAT),
    ];
    expect((await tell(await sign(honest({ sub: one.upstream.sub })))).status).toBe(200);
    expect([await one.state(), await other.state(), await cat.state()]).toEqual([
      'login_required',
      'login_required',
      'open',
    ]);
    expect((await refresh(mail(), one.answer.body['refresh_token'])).status).toBe(200);
  });

  test.each([
    ['typed as it should be', { typ: 'logout+jwt' }],
    ['typed in full', { typ: 'application/logout+jwt' }],
    ['not typed: that is only recommended', {}],
    ['typed as any JWT', { typ: 'JWT' }],
  ])('is taken %s', async (_case, header) => {
    const { upstream, state } = await sitting();
    expect((await tell(await sign(honest(upstream), header))).status).toBe(200);
    expect(await state()).toBe('login_required');
  });

  test('of a session that is over already, or never was, it succeeds and writes nothing', async () => {
    const before = await lastEnd();
    for (const whom of [{ sid: 'nobody' }, { sub: 'nobody' }])
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await tell(await sign(honest(whom)))).status).toBe(200);
    expect(await lastEnd()).toEqual(before);
  });

  type Change = (claims: Claims) => Claims;
  test.each<[string, Change]>([
    ['no event', (claims) => ({ ...claims, events: undefined })],
    ['another event', (claims) => ({ ...claims, events: { 'https://example.com/other': {} } })],
    ['an event that is no object', (claims) => ({ ...claims, events: { [EVENT]: true } })],
    ['events in a list', (claims) => ({ ...claims, events: [EVENT] })],
    ['a nonce', (claims) => ({ ...claims, nonce: 'n' })],
    ['neither session nor person', (claims) => ({ ...claims, sid: undefined, sub: undefined })],
    ['a session of another type', (claims) => ({ ...claims, sid: 7, sub: undefined })],
    ['an empty session', (claims) => ({ ...claims, sid: '' })],
    ['no id', (claims) => ({ ...claims, jti: undefined })],
    ['no iat', (claims) => ({ ...claims, iat: undefined })],
    ['an iat in the future', (claims) => ({ ...claims, iat: now() + 600, exp: now() + 660 })],
    ['an iat of long ago', (claims) => ({ ...claims, iat: now() - 3_600 })],
    ['no end', (claims) => ({ ...claims, exp: undefined })],
    ['an end that is over', (claims) => ({ ...claims, iat: now() - 400, exp: now() - 300 })],
    ['an end that is far off', (claims) => ({ ...claims, exp: now() + 86_400 })],
    ['another audience', (claims) => ({ ...claims, aud: 'grafana' })],
    ['one audience more', (claims) => ({ ...claims, aud: [UPSTREAM_CLIENT, 'grafana'] })],
    ['another issuer', (claims) => ({ ...claims, iss: `${acme.app.issuer}/` })],
    ['our own issuer', (claims) => ({ ...claims, iss: issuer })],
  ])('with %s it is refused, and nothing changes', async (_case, change) => {
    const { upstream, state } = await sitting();
    const { status, json, headers } = await tell(await sign(change(honest(upstream))));
    expect([status, headers['cache-control']]).toEqual([400, 'no-store']);
    expect(json).toEqual({ error: 'invalid_request', error_description: expect.any(String) });
    expect(await state()).toBe('open');
  });

  test.each<[string, () => Promise<string>]>([
    ['typed as an access token', () => sign(honest({ sub: 'x' }), { typ: 'at+jwt' })],
    ['typed as a security event', () => sign(honest({ sub: 'x' }), { typ: 'secevent+jwt' })],
    [
      'signed by somebody else',
      async () => sign(honest({ sub: 'x' }), {}, await createSigningKey(key.kid, 'RS256')),
    ],
    [
      'signed by a key nobody knows',
      async () => sign(honest({ sub: 'x' }), {}, await createSigningKey('x', 'RS256')),
    ],
    ['not signed', async () => `${(await sign(honest({ sub: 'x' }))).split('.').slice(0, 2).join('.')}.`],
    ['no JWT', () => Promise.resolve('x')],
    ['empty', () => Promise.resolve('')],
    ['huge', () => Promise.resolve('x'.repeat(20_000))],
  ])('%s it is refused', async (_case, make) => {
    const { status, json } = await tell(await make());
    expect([status, json['error']]).toEqual([400, 'invalid_request']);
  });

  test('A-30 an ID Token of the same upstream is no logout token', async () => {
    const { upstream, state } = await sitting();
    const { events: _events, ...claims } = honest(upstream);
    expect((await tell(await sign({ ...claims, nonce: 'n' }, {}))).status).toBe(400);
    expect((await tell(await sign({ ...claims }, {}))).status).toBe(400);
    expect(await state()).toBe('open');
  });

  test('A-69 the second use of one is refused, on two nodes at once too', async () => {
    const { upstream } = await sitting();
    const token = await sign(honest(upstream));
    const sibling = await acme.causeway.sibling();
    try {
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, index) => tell(token, {}, index % 2 === 0 ? sibling.url : undefined)),
      );
      expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
        200,
        ...Array(11).fill(400),
      ]);
    } finally {
      await sibling.leave();
    }
    const again = await sitting();
    expect((await tell(token)).json['error_description']).toMatch(/used before/);
    expect(await again.state()).toBe('open');
  });

  test('A-36 through a connection that is closed nothing is taken', async () => {
    const { upstream } = await sitting();
    await acme.causeway.apply([second('disabled')]);
    expect((await tell(await sign(honest(upstream)))).status).toBe(400);
    await acme.causeway.apply([second()]);
  });

  test('another tenant’s connection doesn’t take it', async () => {
    const { upstream, state } = await sitting();
    const address = `${acme.app.issuer}/backchannel-logout/okta`;
    expect((await send(address, { form: { logout_token: await sign(honest(upstream)) } })).status).toBe(400);
    expect(await state()).toBe('open');
  });

  test('what is asked for in another way is refused', async () => {
    const address = `${issuer}/backchannel-logout/up`;
    expect((await send(address)).status).toBe(404);
    expect((await send(address, { method: 'POST' })).status).toBe(400);
    const headers = { 'content-type': 'application/json' };
    expect((await send(address, { form: { logout_token: 'x' }, headers })).status).toBe(400);
    expect((await send(`${issuer}/backchannel-logout/nobody`, { form: { logout_token: 'x' } })).status).toBe(
      404,
    );
    const twice = new URLSearchParams([
      ['logout_token', 'x'],
      ['logout_token', 'y'],
    ]);
    expect((await send(address, { form: twice })).status).toBe(400);
  });
});

const frame = (params: Readonly<Record<string, string>>, method = 'GET'): Promise<Answer> => {
  const query = new URLSearchParams(params);
  const address = `${issuer}/frontchannel-logout/up`;
  return method === 'GET' ? send(`${address}?${query.toString()}`) : send(address, { form: query });
};

describe('front-channel logout from the upstream (Front-Channel Logout 1.0)', () => {
  let own: Sitting;
  beforeEach(async () => {
    own = await sitting();
  });

  test.each(['GET', 'POST'])('by %s: the session ends, without a cookie too', async (method) => {
    const { status, headers } = await frame({ iss: acme.app.issuer, sid: own.upstream.sid }, method);
    expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
    expect(await own.state()).toBe('login_required');
    expect(await lastEnd()).toMatchObject({ reason: 'upstream_logout' });
  });

  test('only the upstream may hold the page; it holds frames of the session’s applications', async () => {
    await signIn(own.browser, wiki(), undefined);
    const { headers, text } = await frame({ iss: acme.app.issuer, sid: own.upstream.sid });
    const { origin } = new URL(acme.app.issuer);
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; frame-src https://wiki.example; form-action 'none'; base-uri 'none'; " +
        `frame-ancestors ${origin}`,
    );
    expect(headers['x-frame-options']).toBeUndefined();
    expect(text).toContain(`src="${FRAME}?iss=${encodeURIComponent(issuer)}&amp;sid=`);
  });

  test.each<[string, () => Readonly<Record<string, string>>]>([
    ['no iss', () => ({ sid: own.upstream.sid })],
    ['no sid: anybody could frame that', () => ({ iss: acme.app.issuer })],
    ['nothing', () => ({})],
    ['another issuer', () => ({ iss: 'https://evil.example', sid: own.upstream.sid })],
    ['an issuer nearly right', () => ({ iss: `${acme.app.issuer}/`, sid: own.upstream.sid })],
    ['a sid too long', () => ({ iss: acme.app.issuer, sid: 'x'.repeat(600) })],
  ])('with %s nothing ends', async (_case, params) => {
    expect((await frame(params())).status).toBe(400);
    expect(await own.state()).toBe('open');
  });

  test('a sid of nobody gets the same answer, and writes nothing', async () => {
    const before = await lastEnd();
    const unknown = await frame({ iss: acme.app.issuer, sid: 'nobody' });
    expect(await lastEnd()).toEqual(before);
    const known = await frame({ iss: acme.app.issuer, sid: own.upstream.sid });
    expect([unknown.status, unknown.text]).toEqual([known.status, known.text]);
  });

  test('at another tenant the same sid means nothing', async () => {
    const params = new URLSearchParams({ iss: acme.okta.issuer, sid: own.upstream.sid });
    expect((await send(`${acme.app.issuer}/frontchannel-logout/okta?${params.toString()}`)).status).toBe(200);
    expect(await own.state()).toBe('open');
  });
});
