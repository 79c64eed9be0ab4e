import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LogFields, Logger } from '../../src/core/logger.js';
import { connectionTo } from '../support/organization.js';
import { ADA, APP_SECRET, startAcme, UPSTREAM_SECRET, type Acme } from '../support/acme.js';
import {
  authorizationRequest,
  post,
  redeem,
  refresh,
  signIn,
  walk,
  type TestApplication,
} from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { leave, signThere, travelOurs } from '../support/trip.js';

const API = 'https://api.acme.example';
let acme: Acme;
let ledger: Ledger;
let app: TestApplication;
const lines: unknown[] = [];
const keep = (event: string, fields: LogFields = {}): void => void lines.push([event, fields]);
const log: Logger = { debug: keep, info: keep, warn: keep, error: keep, child: () => log };

/** Every bearer value that went over the wire, by what it is. */
const seen = new Map<string, string>();

function see(name: string, value: unknown): void {
  if (typeof value !== 'string' || value.length < 20) throw new Error(`no ${name}: ${String(value)}`);
  seen.set(`${name} ${seen.size}`, value);
}

function seeCookies(browser: HttpBrowser, url: URL | string): void {
  for (const pair of browser.cookies(new URL(url)).split('; ')) {
    const [name = '', value = ''] = pair.split('=');
    if (name.startsWith('cw_') && !name.endsWith('.sig'))
      for (const part of value.split('.')) see(`cookie ${name}`, part);
  }
}

function seeTokens(body: Readonly<Record<string, unknown>>): void {
  for (const name of ['access_token', 'refresh_token', 'id_token']) see(name, body[name]);
}

beforeAll(async () => {
  acme = await startAcme({ log });
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  await acme.causeway.apply([
    {
      slug: 'acme',
      connections: [connectionTo(acme.okta, { forwardLogout: true })],
      apis: [{ identifier: API, scopes: [{ name: 'read', default: true }] }],
      accessPolicies: [
        { api: API, clients: 'all', grants: ['authorization_code', 'refresh_token'], scopes: ['read'] },
      ],
      applications: [
        {
          clientId: 'app',
          type: 'web',
          clientSecret: APP_SECRET,
          redirectUris: ['https://app.example/cb'],
          apis: [API],
        },
        {
          clientId: 'third',
          type: 'web',
          clientSecret: APP_SECRET,
          redirectUris: ['https://app.example/cb'],
          consent: true,
        },
      ],
    },
  ]);
  app = {
    issuer: acme.app.issuer,
    clientId: 'app',
    clientSecret: APP_SECRET,
    redirectUri: 'https://app.example/cb',
  };
  await everyFlow();
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});

/** Signs in, refreshes, pushes, asks and waits, so that each kind of artifact is there, used and unused. */
async function everyFlow(): Promise<void> {
  const browser = new HttpBrowser();
  const away = await leave(browser, app);
  see('upstream state', away.atOkta.searchParams.get('state'));
  see('upstream nonce', away.atOkta.searchParams.get('nonce'));
  seeCookies(browser, `${app.issuer}/callback/okta`);
  const callback = await signThere(browser, away, ADA);
  see('upstream code', callback.searchParams.get('code'));
  const interaction = /cw_t_\w+=[\w-]+\.([\w-]+)/.exec(browser.cookies(callback))?.[1];
  see('interaction', interaction);
  seeCookies(browser, `${app.issuer}/oauth2/v1/authorize/${interaction}`);
  const end = await travelOurs(browser, app, callback);
  const code = end.location?.searchParams.get('code') ?? '';
  see('code', code);
  const first = await redeem(app, code, away.request.verifier);
  see('verifier', away.request.verifier);
  seeTokens(first.body);
  seeCookies(browser, `${app.issuer}/oauth2/v1/authorize`);
  const second = await refresh(app, first.body['refresh_token']);
  seeTokens(second.body);
  seeTokens((await signIn(browser, app, undefined, { resource: API })).body);
  const unused = await walk(browser, app, authorizationRequest(app).url, undefined);
  see('unused code', unused.end?.searchParams.get('code'));
  const pushed = await post(app, 'par', Object.fromEntries(authorizationRequest(app).url.searchParams));
  see('pushed request', String(pushed.body['request_uri']).split(':').at(-1));
  // Somebody who is asked, with a session and an ID Token as a hint, and has not answered.
  const third = { ...app, clientId: 'third' };
  const asked = authorizationRequest(third, { id_token_hint: String(first.body['id_token']) });
  await travelOurs(browser, third, asked.url);
  const again = await leave(browser, app, { prompt: 'login', id_token_hint: String(first.body['id_token']) });
  see('upstream state', again.atOkta.searchParams.get('state'));
  seeCookies(browser, `${app.issuer}/oauth2/v1/authorize`);
  for (const secret of [APP_SECRET, UPSTREAM_SECRET]) see('secret', secret);
  const link = 'a-one-time-link-that-is-nobodys';
  for (const path of ['console/first-run', 'console/enrol', 'setup'])
    await browser.open(`${acme.causeway.url}/${path}/${link}`);
  see('one-time link', link);
}

/** All rows of all tables, as text. */
async function dump(): Promise<readonly (readonly [table: string, rows: string])[]> {
  const tables = await ledger.rows<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
  );
  const dumped: (readonly [string, string])[] = [];
  for (const { name } of tables)
    dumped.push([name, JSON.stringify(await ledger.rows(`SELECT to_jsonb(t) AS row FROM ${name} t`))]);
  return dumped;
}

const forms = (value: string): readonly string[] => [
  value,
  Buffer.from(value).toString('hex'),
  Buffer.from(value).toString('base64').replace(/=+$/, ''),
];

describe('invariant 6: a copy of the database opens nothing', () => {
  test('each kind of artifact is there', async () => {
    const kinds = await ledger.rows<{ kind: string }>('SELECT DISTINCT kind FROM oidc_artifacts ORDER BY 1');
    expect(kinds.map(({ kind }) => kind)).toEqual([
      'AccessToken',
      'AuthorizationCode',
      'Grant',
      'Interaction',
      'PushedAuthorizationRequest',
      'RefreshToken',
    ]);
    expect(seen.size).toBeGreaterThanOrEqual(25);
  });

  test('no bearer value stands in any table, in any spelling', async () => {
    const tables = await dump();
    expect(tables.length).toBeGreaterThan(30);
    const found = tables.flatMap(([table, rows]) =>
      [...seen].flatMap(([name, value]) =>
        forms(value).some((form) => rows.includes(form)) ? [`${name} in ${table}`] : [],
      ),
    );
    expect(found).toEqual([]);
  });

  test('no token of anybody’s stands in any table, but requests that wait to be picked up', async () => {
    await ledger.rows(`DELETE FROM oidc_artifacts WHERE kind = 'PushedAuthorizationRequest'`);
    const found = (await dump())
      .filter(([, rows]) => /eyJ[\w-]+\.eyJ[\w-]+/.test(rows))
      .map(([table]) => table);
    expect(found).toEqual([]);
  });

  test('what must be read again is sealed: an answer for the leeway, the upstream’s ID Token, private keys', async () => {
    const sealed = await ledger.rows<{ value: string }>(
      `SELECT replay_sealed AS value FROM oidc_artifacts WHERE replay_sealed IS NOT NULL
      UNION ALL SELECT split_part(upstream_id_token_sealed, '.', 2) FROM sessions
        WHERE upstream_id_token_sealed IS NOT NULL
      UNION ALL SELECT private_jwk_sealed FROM signing_keys`,
    );
    expect(await ledger.count('sessions', 'upstream_id_token_sealed IS NOT NULL')).toBeGreaterThan(0);
    expect(sealed.length).toBeGreaterThan(4);
    for (const { value } of sealed) expect(value).toMatch(/^cw1/);
  });
});

test('A-129: no bearer value reaches the log, before anything is redacted', () => {
  const text = inspect(lines, { depth: 20, maxArrayLength: null, maxStringLength: null });
  expect(text).toContain('http.request');
  const found = [...seen].filter(([, value]) => text.includes(value)).map(([name]) => name);
  expect(found).toEqual([]);
});

test('A-74: no answer holds a secret', async () => {
  const { body } = await post(app, 'introspect', { token: 'x' });
  const refused = await post({ ...app, clientSecret: 'wrong-secret' }, 'token', {
    grant_type: 'refresh_token',
  });
  const metadata = await new HttpBrowser().open(`${app.issuer}/.well-known/openid-configuration`);
  for (const text of [JSON.stringify(body), JSON.stringify(refused.body), metadata.text])
    for (const secret of [APP_SECRET, UPSTREAM_SECRET]) expect(text).not.toContain(secret);
});
