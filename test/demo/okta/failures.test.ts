import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { entriesOf } from '../../../demo/okta/entries.js';
import type { AnswerFaultId } from '../../../demo/okta/failures/answers.js';
import { FAILURES, isFailureId, type FailureId } from '../../../demo/okta/failures/failures.js';
import { ENDPOINTS, type EffectKind, type Endpoint } from '../../../demo/okta/failures/types.js';
import { readJwks } from '../../../demo/okta/jwks.js';
import { startOktaOrg, type RunningOktaOrg } from '../../../demo/okta/server.js';
import { HttpBrowser, signInAtOkta } from '../../support/okta-sign-in.js';
import {
  ADA,
  authorizeUrl,
  claimsOf,
  CLIENT_ID,
  CLIENT_SECRET,
  headerOf,
  jsonOf,
  redeem,
  REDIRECT_URI,
} from './support.js';

const TWO_FACTORS = 'urn:okta:loa:2fa:any';
const REQUEST = { nonce: 'nonce-1', acr_values: TWO_FACTORS, max_age: '600' };
const API_TOKEN = '00api';

let okta: RunningOktaOrg;
let browser: HttpBrowser;
let keys: ReturnType<typeof readJwks>;

beforeAll(async () => {
  okta = await startOktaOrg({
    users: [{ login: ADA.username }],
    apps: [
      {
        label: 'Causeway',
        clientId: CLIENT_ID,
        clientSecret: CLIENT_SECRET,
        redirectUris: [REDIRECT_URI],
        assign: 'everyone',
      },
    ],
    apiTokens: [{ name: 'a', value: API_TOKEN, role: 'READ_ONLY_ADMIN' }],
  });
  browser = new HttpBrowser();
  keys = readJwks(jsonOf(await browser.open(`${okta.url}/oauth2/v1/keys`)));
  await signInAtOkta(browser, authorizeUrl(okta, REQUEST), ADA);
});
afterEach(() => okta.org.heal());
afterAll(() => okta.stop());

const idsOf = (...kinds: EffectKind[]): FailureId[] =>
  [...FAILURES].filter(([, { effect }]) => kinds.includes(effect.kind)).map(([id]) => id);

/** A strict relying party's opinion of an authorization response: what is wrong with it, or nothing. */
function faultOfCallback(callback: URL): string | undefined {
  const params = [...callback.searchParams].filter(([name]) => name !== 'code');
  if (callback.searchParams.has('error')) return 'error';
  if (callback.searchParams.getAll('code').length !== 1) return 'code';
  return JSON.stringify(params) === '[["state","state-1"]]' ? undefined : 'state or more';
}

/** A strict relying party's opinion of an ID token. */
async function faultOfIdToken(jwt: string, accessToken: string): Promise<string | undefined> {
  const now = okta.org.clock.now();
  const verified = await jwtVerify(jwt, createLocalJWKSet({ keys })).then(
    ({ payload }) => payload,
    (error: Error) => error.message,
  );
  if (typeof verified === 'string') return verified;
  const wanted: Readonly<Record<string, unknown>> = {
    iss: okta.issuer,
    aud: CLIENT_ID,
    azp: undefined,
    nonce: 'nonce-1',
    sub: okta.org.user(ADA.username).id,
    acr: TWO_FACTORS,
    email_verified: true,
    nbf: undefined,
    at_hash: createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url'),
  };
  const wrong = Object.keys(wanted).find((name) => verified[name] !== wanted[name]);
  if (wrong !== undefined) return wrong;
  const { groups } = verified;
  if (Array.isArray(groups) && groups.some((name) => typeof name !== 'string')) return 'groups';
  if (Math.abs(Number(verified.iat) - now) > 60) return 'iat';
  if (Number(verified.exp) - Number(verified.iat) !== 3_600) return 'exp';
  if (!(now - Number(verified['auth_time']) < 600)) return 'auth_time';
  const header = headerOf(jwt);
  return JSON.stringify(header) === JSON.stringify({ kid: keys[0]?.kid, alg: 'RS256' })
    ? undefined
    : 'header';
}

async function tokens(): Promise<Record<string, unknown>> {
  const callback = await signInAtOkta(browser, authorizeUrl(okta, REQUEST), ADA);
  return (await redeem(okta, callback.searchParams.get('code') ?? '')).body;
}

const shape = (body: Record<string, unknown>) => [Object.keys(body), body['token_type']];

test('nothing is wrong with an org that was left alone', async () => {
  const callback = await signInAtOkta(browser, authorizeUrl(okta, REQUEST), ADA);
  expect(faultOfCallback(callback)).toBeUndefined();
  const body = (await redeem(okta, callback.searchParams.get('code') ?? '')).body;
  expect(await faultOfIdToken(String(body['id_token']), String(body['access_token']))).toBeUndefined();
});

describe('each failure shows, and is gone when healed', () => {
  test.each(idsOf('claims', 'form'))('%s', async (id) => {
    okta.org.fail(id);
    const body = await tokens();
    expect(await faultOfIdToken(String(body['id_token']), String(body['access_token']))).toEqual(
      expect.any(String),
    );
    expect(okta.org.log.to('token').at(-1)?.failures).toContain(id);
    okta.org.heal(id);
    const well = await tokens();
    expect(await faultOfIdToken(String(well['id_token']), String(well['access_token']))).toBeUndefined();
  });

  test.each(idsOf('callback'))('%s', async (id) => {
    okta.org.fail(id, { times: 1 });
    const callback = await signInAtOkta(browser, authorizeUrl(okta, REQUEST), ADA);
    if (id !== 'authorize.wrong_code') expect(faultOfCallback(callback)).toEqual(expect.any(String));
    else expect((await redeem(okta, callback.searchParams.get('code') ?? '')).status).toBe(400);
    expect(faultOfCallback(await signInAtOkta(browser, authorizeUrl(okta, REQUEST), ADA))).toBeUndefined();
  });

  test.each(idsOf('tokens'))('%s', async (id) => {
    const well = shape(await tokens());
    okta.org.fail(id, { times: 1 });
    expect(shape(await tokens())).not.toEqual(well);
    expect(shape(await tokens())).toEqual(well);
  });

  test.each(
    idsOf('metadata', 'jwks', 'paging', 'userinfo', 'refusal').filter((id) => id !== 'authorize.app_policy'),
  )('%s', async (id) => {
    const [name] = id.split('.');
    const endpoint = ENDPOINTS.find((one) => one === name) ?? 'discovery';
    const well = comparable(await call(endpoint));
    okta.org.fail(id, { times: 1 });
    const spoiled = await call(endpoint);
    expect(comparable(spoiled)).not.toEqual(well);
    const refuses = FAILURES.get(id)?.effect.kind === 'refusal';
    expect([id, (spoiled.status ?? 0) >= 400]).toEqual([id, refuses]);
    expect(okta.org.log.to(endpoint).at(-1)?.failures).toEqual([id]);
    expect(comparable(await call(endpoint))).toEqual(well);
  });

  test('authorize.app_policy', async () => {
    okta.org.fail('authorize.app_policy', { times: 1 });
    const page = await browser.open(authorizeUrl(okta));
    expect([page.status, page.text.includes('You are not allowed to access this app')]).toEqual([403, true]);
  });

  test('clock.skew: tokens and the Date header', async () => {
    okta.org.fail('clock.skew', { value: '-1000' });
    const ahead = async () => {
      const { headers } = await browser.open(`${okta.url}/oauth2/v1/keys`);
      return Math.round((Date.parse(headers['date'] ?? '') - Date.now()) / 1_000);
    };
    expect(Math.abs((await ahead()) + 1_000)).toBeLessThan(5);
    const code = await signInAtOkta(new HttpBrowser(), authorizeUrl(okta), ADA);
    const body = (await redeem(okta, code.searchParams.get('code') ?? '')).body;
    expect(Number(claimsOf(body['id_token'])['iat'])).toBeLessThan(Date.now() / 1_000 - 900);
    okta.org.heal();
    expect(Math.abs(await ahead())).toBeLessThan(5);
  });
});

interface Raw {
  readonly status?: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** `end`: whole; `cut`: the connection was lost; `waiting`: not over after the patience of this test. */
  readonly ended: 'end' | 'cut' | 'waiting';
}

const PATIENCE_MS = 150;

/** One request without a client's help: bytes as they come, no patience. */
function raw(
  url: URL,
  options: { method: string; headers?: Record<string, string>; body?: string; patient?: boolean },
) {
  return new Promise<Raw>((resolve) => {
    const chunks: Buffer[] = [];
    let answer: Pick<Raw, 'status' | 'headers'> = { headers: {} };
    const done = (ended: Raw['ended']): void => resolve({ ...answer, body: Buffer.concat(chunks), ended });
    const outgoing = request(
      url,
      { method: options.method, headers: options.headers, agent: false },
      (response) => {
        answer = { status: response.statusCode ?? 0, headers: response.headers };
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => done('end'));
        response.on('error', () => done('cut'));
      },
    );
    outgoing.on('error', () => done('cut'));
    const patience = options.patient === true ? PATIENCE_MS * 60 : PATIENCE_MS;
    setTimeout(() => {
      done('waiting');
      outgoing.destroy();
    }, patience).unref();
    outgoing.end(options.body);
  });
}

let accessToken: string | undefined;

function post(path: string, form: Readonly<Record<string, string>>, patient: boolean): Promise<Raw> {
  const body = new URLSearchParams({
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    ...form,
  }).toString();
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  return raw(new URL(path, okta.url), { method: 'POST', headers, body, patient });
}

function get(path: string, patient: boolean, authorization?: string): Promise<Raw> {
  const headers = authorization === undefined ? {} : { Authorization: authorization };
  return raw(new URL(path, okta.url), { method: 'GET', headers, patient });
}

async function aCode(): Promise<string> {
  const callback = await signInAtOkta(browser, authorizeUrl(okta, REQUEST), ADA);
  return callback.searchParams.get('code') ?? '';
}

async function anAccessToken(): Promise<string> {
  accessToken ??= String((await tokens())['access_token']);
  return accessToken;
}

const CALLS: Readonly<Record<Endpoint, (patient: boolean) => Promise<Raw>>> = {
  discovery: (patient) => get('/.well-known/openid-configuration', patient),
  keys: (patient) => get('/oauth2/v1/keys', patient),
  authorize: (patient) => get(authorizeUrl(okta).href, patient),
  par: (patient) => post('/oauth2/v1/par', Object.fromEntries(authorizeUrl(okta).searchParams), patient),
  token: async (patient) => {
    const form = { grant_type: 'authorization_code', code: await aCode(), redirect_uri: REDIRECT_URI };
    return post('/oauth2/v1/token', form, patient);
  },
  userinfo: async (patient) => get('/oauth2/v1/userinfo', patient, `Bearer ${await anAccessToken()}`),
  introspect: async (patient) => post('/oauth2/v1/introspect', { token: await anAccessToken() }, patient),
  revoke: (patient) => post('/oauth2/v1/revoke', { token: 'some-token' }, patient),
  logout: async (patient) => {
    const hint = String((await tokens())['id_token']);
    return get(`/oauth2/v1/logout?id_token_hint=${hint}`, patient);
  },
  groups: (patient) => get('/api/v1/groups', patient, `SSWS ${API_TOKEN}`),
};

/** A request to an endpoint that is answered well, when nothing is wrong. */
function call(endpoint: Endpoint, patient = true): Promise<Raw> {
  return CALLS[endpoint](patient);
}

/**
 * What of an answer is the same each time: status, the link to the next page, and a body without ids and
 * times.
 */
function comparable({ status, headers, body }: Raw): unknown[] {
  const text = body
    .toString()
    .replace(/"(?:access_token|id_token|request_uri|errorId|updated_at)":"?[^",]*"?/g, '');
  return [status, headers['link'], text];
}

const SEES: Readonly<Record<AnswerFaultId, (answer: Raw, healthy: Raw) => void>> = {
  http_429: ({ status, headers, body }) => {
    expect([status, body.toString()]).toEqual([429, expect.stringContaining('E0000047')]);
    expect(Number(headers['x-rate-limit-reset'])).toBeGreaterThan(Date.now() / 1_000);
  },
  http_500: ({ status }) => expect(status).toBe(500),
  http_502: ({ status, headers }) => {
    expect([status, headers['content-type']]).toEqual([502, expect.stringContaining('text/html')]);
  },
  http_503: ({ status }) => expect(status).toBe(503),
  redirect: ({ status, headers }) => expect([status, headers['location']]).toEqual([302, '/redirected']),
  connection_reset: ({ ended, status }) => expect([ended, status]).toEqual(['cut', undefined]),
  lost_answer: ({ ended, status }) => expect([ended, status]).toEqual(['cut', undefined]),
  no_answer: ({ ended, status }) => expect([ended, status]).toEqual(['waiting', undefined]),
  slow_drip: ({ ended, body }, healthy) => {
    if (healthy.body.length > 0) expect([ended, body.length]).toEqual(['waiting', 0]);
  },
  cut_short: ({ ended, status }) => expect([ended, status]).toEqual(['cut', 200]),
  huge_body: ({ body }) => expect(body.length).toBeGreaterThanOrEqual(50 * 1024 * 1024),
  gzip_bomb: ({ headers, body }) => {
    expect(headers['content-encoding']).toBe('gzip');
    expect(body.length).toBeLessThan(200_000);
  },
  garbage: ({ body }) => expect(() => JSON.parse(body.toString())).toThrow(),
  html: ({ status, headers }) => {
    expect([status, headers['content-type']]).toEqual([200, expect.stringContaining('text/html')]);
  },
  truncated: ({ body }, healthy) => {
    if (healthy.body.length > 0) expect(() => JSON.parse(body.toString())).toThrow();
  },
  empty: ({ status, body }) => expect([status, body.length]).toEqual([expect.any(Number), 0]),
};

/** The faults that can only be seen by losing patience. */
const ENDLESS: readonly AnswerFaultId[] = ['no_answer', 'slow_drip'];

describe.each([...ENDPOINTS])('answers of %s', (endpoint) => {
  test.each(entriesOf(SEES))('%s', async (fault, sees) => {
    const healthy = await call(endpoint);
    expect(healthy.status).toBeLessThan(400);
    okta.org.fail(`${endpoint}.${fault}`, { times: 1 });
    sees(await call(endpoint, !ENDLESS.includes(fault)), healthy);
    expect(okta.org.failures.list()).toEqual([]);
    expect((await call(endpoint)).status).toBe(healthy.status);
  });
});

test('a bomb holds the right answer behind 100 MiB of spaces', async () => {
  okta.org.fail('discovery.gzip_bomb', { times: 1 });
  const unzipped = gunzipSync((await call('discovery')).body);
  expect(unzipped.length).toBeGreaterThan(100 * 1024 * 1024);
  expect(JSON.parse(unzipped.subarray(-5_000).toString())).toMatchObject({ issuer: okta.issuer });
});

test('a lost answer has spent its code, a reset connection has not', async () => {
  for (const [id, status] of [
    ['token.lost_answer', 400],
    ['token.connection_reset', 200],
  ] as const) {
    const one = await aCode();
    okta.org.fail(id, { times: 1 });
    await expect(redeem(okta, one)).rejects.toThrow();
    expect((await redeem(okta, one)).status).toBe(status);
  }
});

test('ids are checked, and so is how often', () => {
  expect([isFailureId('id_token.nonsense'), isFailureId('token.http_500')]).toEqual([false, true]);
  expect(() => okta.org.fail('id_token.expired', { times: 0 })).toThrow('times');
});

test('an org stops while answers hang', async () => {
  const other = await startOktaOrg();
  other.org.fail('discovery.no_answer');
  const hanging = raw(new URL('/.well-known/openid-configuration', other.url), {
    method: 'GET',
    patient: true,
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await other.stop();
  expect((await hanging).ended).toBe('cut');
});

test('the simulator itself never stumbled', () => {
  expect(okta.org.errors).toEqual([]);
});
