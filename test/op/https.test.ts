import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../src/core/json.js';
import { artifactHash } from '../../src/op/artifact-names.js';
import { APP_SECRET } from '../support/acme.js';
import { authorizationRequest, claimsOf, type TestApplication } from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { startTestNode, type TestNode } from '../support/node.js';
import { headingOf } from '../support/trip.js';
import { basic, send, type Answer, type SendOptions } from './support/http.js';

const PUBLIC_URL = 'https://login.example';
const app: TestApplication = {
  issuer: `${PUBLIC_URL}/t/acme`,
  clientId: 'app',
  clientSecret: APP_SECRET,
  redirectUri: 'https://app.example/cb',
};

let node: TestNode;
let ledger: Ledger;
let person: string;
let jar: Jar;

beforeAll(async () => {
  node = await startTestNode({ settings: { publicUrl: PUBLIC_URL } });
  ledger = await Ledger.open(node.databaseUrl);
  const connection = {
    type: 'okta',
    clientId: '0oa1',
    clientSecret: APP_SECRET,
    status: 'enforced',
  } as const;
  await node.apply([
    {
      slug: 'acme',
      name: 'Acme Inc.',
      signIn: { default: 'chooser' },
      connections: [
        { ...connection, key: 'one', name: 'One', issuer: 'https://one.okta.com' },
        { ...connection, key: 'two', name: 'Two', issuer: 'https://two.okta.com' },
      ],
      applications: [
        {
          clientId: 'app',
          type: 'web',
          clientSecret: APP_SECRET,
          redirectUris: ['https://app.example/cb'],
          postLogoutRedirectUris: ['https://app.example/bye'],
        },
      ],
    },
  ]);
  person = await ledger.addUser({ tenant: 'acme', connection: 'one', userName: 'ada@acme.example' });
});
afterAll(async () => {
  await ledger.close();
  await node.stop();
});
beforeEach(() => {
  jar = new Jar();
});

/** A browser's cookies, by name and path, behind a proxy that ends TLS. */
class Jar {
  readonly lines: string[] = [];
  readonly #cookies = new Map<string, { readonly value: string; readonly path: string }>();

  async open(address: string, options: SendOptions = {}): Promise<Answer> {
    const { pathname } = new URL(address);
    const cookie = [...this.#cookies]
      .filter(([, { path }]) => pathname === path || pathname.startsWith(`${path}/`))
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ');
    const answer = await send(address, {
      ...options,
      through: node.url,
      headers: { 'x-forwarded-proto': 'https', ...options.headers, ...(cookie === '' ? {} : { cookie }) },
    });
    for (const line of answer.cookies) {
      this.lines.push(line);
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      const [, path = '/'] = /; path=([^;]*)/i.exec(line) ?? [];
      this.#cookies.set(name, { value, path });
    }
    return answer;
  }

  value(name: string): string {
    return this.#cookies.get(name)?.value ?? '';
  }
}

/** Whom these cookies sign in, asked without a page. */
const askWith = (cookie: string): Promise<Answer> =>
  send(authorizationRequest(app, { prompt: 'none' }).url.href, { through: node.url, headers: { cookie } });

/** Signs in as far as the chooser, puts the answer where the broker would, and comes back. */
async function signIn(begin: (url: URL) => Promise<Answer>): Promise<{ end: Answer; verifier: string }> {
  const request = authorizationRequest(app);
  const page = await begin(request.url);
  expect([page.status, page.location?.href]).toEqual([
    303,
    expect.stringMatching(/^https:\/\/login\.example\/t\/acme\/sign-in\//),
  ]);
  const uid = jar.value('__Secure-cw_i_acme');
  const hash = artifactHash('Interaction', uid);
  const [row] = await ledger.rows<{ payload: JsonObject }>(
    'SELECT payload FROM oidc_artifacts WHERE hash = $1',
    [hash],
  );
  const login = { accountId: person, amr: ['pwd'], ts: Math.floor(Date.now() / 1000) };
  await ledger.rows('UPDATE oidc_artifacts SET payload = $2, user_id = $3 WHERE hash = $1', [
    hash,
    JSON.stringify({ ...row?.payload, result: { login } }),
    person,
  ]);
  const end = await jar.open(`${app.issuer}/oauth2/v1/authorize/${uid}`);
  return { end, verifier: request.verifier };
}

async function tokens(): Promise<Readonly<Record<string, unknown>>> {
  const { end, verifier } = await signIn((url) => jar.open(url.href));
  return redeemAt(end, verifier);
}

async function redeemAt(end: Answer, verifier: string): Promise<Readonly<Record<string, unknown>>> {
  const { json } = await send(`${app.issuer}/oauth2/v1/token`, {
    through: node.url,
    headers: { authorization: basic('app', APP_SECRET) },
    form: {
      grant_type: 'authorization_code',
      code: end.location?.searchParams.get('code') ?? '',
      redirect_uri: app.redirectUri,
      code_verifier: verifier,
    },
  });
  return json;
}

describe('behind TLS', () => {
  test('a sign-in ends at the application, by a 303', async () => {
    const claims = claimsOf((await tokens())['id_token']);
    expect(claims).toMatchObject({ iss: app.issuer, sub: person, aud: 'app' });
  });

  test('cookies are Secure and named so; the session’s comes along from other sites, the others don’t', async () => {
    await tokens();
    const set = jar.lines.filter((line) => !/expires=Thu, 01 Jan 1970/i.test(line));
    const byName = new Map(set.map((line) => [line.split('=')[0] ?? '', line]));
    expect([...byName.keys()].toSorted()).toEqual(
      ['i', 'r', 's'].flatMap((kind) => [`__Secure-cw_${kind}_acme`, `__Secure-cw_${kind}_acme.sig`]),
    );
    for (const [name, line] of byName) {
      expect(line).toMatch(/; secure/i);
      expect(line).toMatch(/; httponly/i);
      expect(line).not.toMatch(/; domain/i);
      expect(line).toMatch(name.startsWith('__Secure-cw_s') ? /; samesite=none/i : /; samesite=lax/i);
      expect(line).toMatch(
        name.startsWith('__Secure-cw_s') ? /; path=\/t\/acme(?:;|$)/i : /; path=\/t\/acme\/[^;]+/i,
      );
    }
  });

  test('a cookie under its name of plain http opens nothing', async () => {
    await tokens();
    const value = jar.value('__Secure-cw_s_acme');
    const signature = jar.value('__Secure-cw_s_acme.sig');
    const secure = await askWith(`__Secure-cw_s_acme=${value}; __Secure-cw_s_acme.sig=${signature}`);
    expect(secure.location?.searchParams.has('code')).toBe(true);
    const plain = await askWith(`cw_s_acme=${value}; cw_s_acme.sig=${signature}`);
    expect(plain.location?.searchParams.get('error')).toBe('login_required');
  });

  test('what the proxy says of the scheme changes nothing', async () => {
    const answer = await jar.open(authorizationRequest(app).url.href, {
      headers: { 'x-forwarded-proto': 'http', 'x-forwarded-host': 'evil.example' },
    });
    expect(answer.location?.origin).toBe(PUBLIC_URL);
    for (const line of answer.cookies) expect(line).toMatch(/^__Secure-.*; secure/i);
  });

  test('a POST to the authorization endpoint is answered itself, because the cookie comes along', async () => {
    const { end } = await signIn((url) =>
      jar.open(`${url.origin}${url.pathname}`, {
        form: url.searchParams,
        headers: { origin: 'https://app.example' },
      }),
    );
    expect(end.location?.href).toContain(`${app.redirectUri}?code=`);
    const { url } = authorizationRequest(app, { prompt: 'none' });
    const again = await jar.open(`${url.origin}${url.pathname}`, { form: url.searchParams });
    expect([again.status, again.location?.searchParams.has('code')]).toEqual([303, true]);
  });

  test('a POST may ask for offline access', async () => {
    const { end, verifier } = await signIn((url) =>
      jar.open(`${url.origin}${url.pathname}`, { form: url.searchParams }),
    );
    expect(await redeemAt(end, verifier)).toHaveProperty('refresh_token');
  });

  test('a POST to the logout endpoint too', async () => {
    const hint = String((await tokens())['id_token']);
    const answer = await jar.open(`${app.issuer}/oauth2/v1/logout`, {
      form: { id_token_hint: hint, post_logout_redirect_uri: 'https://app.example/bye' },
    });
    expect([answer.status, answer.location?.href]).toEqual([303, 'https://app.example/bye']);
  });

  test('the chooser is a page of ours', async () => {
    const begun = await jar.open(authorizationRequest(app).url.href);
    const page = await jar.open(begun.location?.href ?? '');
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headingOf({ ...page, url: new URL(PUBLIC_URL) })).not.toBe('');
  });
});
