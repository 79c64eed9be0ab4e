import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLocalJWKSet, errors, jwtVerify, type JSONWebKeySet } from 'jose';
import { silentLogger } from '../../src/core/logger.js';
import { currentSeconds, KEY_SCHEDULE, KEY_SET_MAX_AGE_SECONDS } from '../../src/domain/keys/key-schedule.js';
import { beginRotation, replaceKeys, type RotateKeysDeps } from '../../src/domain/keys/rotate-keys.js';
import type { DueTenant } from '../../src/domain/keys/signing-key-store.js';
import { Database } from '../../src/storage/database.js';
import { createDataSource } from '../../src/storage/data-source.js';
import { KeyRotation, keyRotationDeps } from '../../src/server/key-rotation.js';
import { startTwoNodes, type TwoNodes } from '../races/two-nodes.js';
import { ADA, APP_SECRET } from '../support/acme.js';
import { post, refresh, signIn, type TestApplication } from '../support/application.js';
import { testIds } from '../support/deployment.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { send } from './support/http.js';

const API = 'https://api.acme.example';
const actor = { type: 'operator', id: 'cli:tester' } as const;
const ISSUER = { alg: undefined, connectionId: null };

let stage: TwoNodes;
let deps: RotateKeysDeps;
let acme: DueTenant;
let rotations: readonly KeyRotation[];
let bot: TestApplication;
let closeDatabase: () => Promise<void>;
/** Seconds that have passed for keys and for applications' caches. */
let passed = 0;

beforeAll(async () => {
  stage = await startTwoNodes();
  const { causeway, app } = stage.acme;
  await causeway.apply([
    {
      slug: 'acme',
      apis: [{ identifier: API, scopes: [{ name: 'read', default: true }] }],
      accessPolicies: [{ api: API, clients: 'all', grants: ['client_credentials'], scopes: ['read'] }],
      applications: [
        ...(stage.acme.tenant.applications ?? []),
        { clientId: 'bot', type: 'service', clientSecret: APP_SECRET, apis: [API] },
      ],
    },
  ]);
  bot = { issuer: app.issuer, clientId: 'bot', clientSecret: APP_SECRET, redirectUri: '' };
  const dataSource = await createDataSource(causeway.databaseUrl).initialize();
  closeDatabase = () => dataSource.destroy();
  deps = keyRotationDeps(new Database(dataSource), causeway.keyRing, testIds);
  rotations = [causeway, stage.other].map(
    ({ node, keyRing }) => new KeyRotation(keyRotationDeps(node.database, keyRing, node.ids), silentLogger),
  );
  const [row] = await stage.ledger.rows<DueTenant>(`SELECT id, slug FROM tenants WHERE slug = 'acme'`);
  if (row === undefined) throw new Error('no tenant acme');
  acme = row;
});
afterAll(async () => {
  await closeDatabase();
  await stage.stop();
});
beforeEach(async () => {
  passed = 0;
  await stage.ledger.rows(
    `UPDATE signing_keys SET state_changed_at = now() WHERE state = 'current' AND tenant_id <> $1`,
    [acme.id],
  );
});

/** As half a second later on both nodes. */
const notice = async (): Promise<void> => {
  await stage.acme.causeway.node.directory.refresh();
  await stage.other.node.directory.refresh();
};

/** Lets time pass: for keys, and for applications; both nodes do their job, at once. */
async function pass(seconds: number): Promise<void> {
  passed += seconds;
  await stage.ledger.rows(
    `UPDATE signing_keys SET created_at = created_at - make_interval(secs => $1),
      state_changed_at = state_changed_at - make_interval(secs => $1),
      due_at = due_at - make_interval(secs => $1), claimed_until = claimed_until - make_interval(secs => $1)
      WHERE tenant_id = $2`,
    [seconds, acme.id],
  );
  await Promise.all(rotations.map((rotation) => rotation.run()));
  await notice();
}

const keySet = async (): Promise<JSONWebKeySet & { readonly maxAge: number }> => {
  const { text, headers } = await send(`${bot.issuer}/oauth2/v1/keys`);
  const maxAge = /^public, max-age=(\d+)$/.exec(String(headers['cache-control']))?.[1];
  return { ...JSON.parse(text), maxAge: Number(maxAge) };
};

/** An application that keeps the issuer's keys. */
class Verifier {
  failures = 0;
  fetches = 0;
  verified = 0;
  #keys: JSONWebKeySet | undefined;
  #until = 0;

  /**
   * @param keepSeconds undefined: as long as the headers say
   * @param refetches whether it asks again when it meets a `kid` that it doesn't know
   */
  constructor(
    private readonly keepSeconds: number | undefined,
    private readonly refetches: boolean,
  ) {}

  async verify(token: string): Promise<void> {
    if (this.#keys === undefined || passed >= this.#until) await this.#fetch();
    if (await this.#holds(token)) return;
    if (this.refetches) {
      await this.#fetch();
      if (await this.#holds(token)) return;
    }
    this.failures += 1;
  }

  async #fetch(): Promise<void> {
    const { maxAge, ...keys } = await keySet();
    this.#keys = keys;
    // The last moment at which it may still keep what it got just before.
    this.#until = passed + (this.keepSeconds ?? maxAge);
    this.fetches += 1;
  }

  async #holds(token: string): Promise<boolean> {
    try {
      await jwtVerify(token, createLocalJWKSet(this.#keys ?? { keys: [] }), { issuer: bot.issuer });
      this.verified += 1;
      return true;
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return false;
      throw error;
    }
  }
}

const accessToken = async (): Promise<string> => {
  const { body } = await post(bot, 'token', { grant_type: 'client_credentials', resource: API });
  return String(body['access_token']);
};

const kidOf = (token: string): unknown =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString('utf8')).kid;

const activeAt = async (token: string): Promise<unknown> =>
  (await post(bot, 'introspect', { token })).body['active'];

/** Walks through a rotation, and lets every verifier judge each token for as long as it lives. */
async function walkThrough(ticks: readonly number[], verifiers: readonly Verifier[]): Promise<Set<unknown>> {
  const kids = new Set<unknown>();
  let living: readonly { readonly token: string; readonly until: number }[] = [];
  let { body } = await signIn(new HttpBrowser(), stage.acme.app, ADA);
  for (const tick of ticks) {
    await pass(tick);
    const refreshed = await refresh(stage.acme.app, body['refresh_token']);
    expect(refreshed.status).toBe(200);
    body = refreshed.body;
    const idToken = String(body['id_token']);
    const jwt = await accessToken();
    living = [
      ...living.filter(({ until }) => until >= passed),
      { token: idToken, until: passed + 3_600 },
      { token: jwt, until: passed + 300 },
    ];
    kids.add(kidOf(idToken));
    for (const { token } of living) for (const verifier of verifiers) await verifier.verify(token);
    expect(await activeAt(jwt)).toBe(true);
  }
  return kids;
}

const steps = (seconds: number, times: number): readonly number[] =>
  Array.from({ length: times }, () => seconds);

describe('F-16 a whole rotation', () => {
  test('that was asked for: no application that obeys the headers ever fails', async () => {
    const strict = new Verifier(undefined, false);
    const lazy = new Verifier(86_400, true);
    // They have fetched the key set just before the next key is in it.
    const before = await accessToken();
    for (const verifier of [strict, lazy]) await verifier.verify(before);
    await beginRotation(deps, acme, { selection: ISSUER, schedule: KEY_SCHEDULE, actor });
    await notice();
    // The next key signs after 600 s; the last one leaves a day and a quarter of an hour later.
    const kids = await walkThrough(
      [...steps(45, 16), ...steps(300, 14), ...steps(28_000, 3), ...steps(300, 3)],
      [strict, lazy],
    );
    expect([strict.failures, lazy.failures]).toEqual([0, 0]);
    expect(kids.size).toBe(2);
    expect(lazy.fetches).toBeLessThan(5);
    expect((await keySet()).keys).toHaveLength(3);
  });

  test('on schedule: nor does one that keeps keys for a day and never asks again', async () => {
    const strict = new Verifier(undefined, false);
    const stubborn = new Verifier(86_400, false);
    await pass(currentSeconds(KEY_SCHEDULE) - 60);
    const kids = await walkThrough(
      [...steps(30, 3), ...steps(28_500, 3), ...steps(60, 25), ...steps(29_000, 3), 1_000],
      [strict, stubborn],
    );
    expect([strict.failures, stubborn.failures]).toEqual([0, 0]);
    expect(kids.size).toBe(2);
    expect((await keySet()).keys).toHaveLength(3);
  });

  test('A-66 the key set shows public members alone, of each key that may have signed or will', async () => {
    await beginRotation(deps, acme, { selection: ISSUER, schedule: KEY_SCHEDULE, actor });
    await notice();
    const { keys, maxAge } = await keySet();
    expect(keys).toHaveLength(6);
    expect(maxAge).toBe(KEY_SET_MAX_AGE_SECONDS);
    for (const key of keys) {
      expect(Object.keys(key)).toEqual(expect.arrayContaining(['kty', 'kid', 'alg', 'use']));
      for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])
        expect(key).not.toHaveProperty(member);
    }
  });
});

describe('an emergency', () => {
  test('the key leaves both nodes within a reading, and what it signed is dead', async () => {
    const token = await accessToken();
    const signedIn = await signIn(new HttpBrowser(), stage.acme.app, ADA);
    const hint = String(signedIn.body['id_token']);
    expect(await activeAt(token)).toBe(true);
    await replaceKeys(deps, acme, { selection: ISSUER, actor });
    await notice();
    const shown = await Promise.all([keySet(), keySet()]);
    for (const { keys } of shown) {
      expect(keys).toHaveLength(3);
      expect(keys.map(({ kid }) => kid)).not.toContain(kidOf(token));
      expect(keys.map(({ kid }) => kid)).not.toContain(kidOf(hint));
    }
    expect(await activeAt(token)).toBe(false);
    const out = await send(
      `${bot.issuer}/oauth2/v1/logout?${new URLSearchParams({ id_token_hint: hint }).toString()}`,
    );
    expect(out.status).toBe(400);
    // Sessions and refresh tokens are no JWTs: people stay signed in.
    const refreshed = await refresh(stage.acme.app, signedIn.body['refresh_token']);
    expect(refreshed.status).toBe(200);
    await jwtVerify(String(refreshed.body['id_token']), createLocalJWKSet(await keySet()), {
      issuer: bot.issuer,
    });
    expect(await activeAt(await accessToken())).toBe(true);
  });
});

/** Ids of the keys that the connection `keyed` shows. */
async function published(): Promise<readonly (string | undefined)[]> {
  const { text, headers } = await send(`${bot.issuer}/connections/keyed/jwks.json`);
  expect(headers['cache-control']).toBe(`public, max-age=${KEY_SET_MAX_AGE_SECONDS}`);
  const { keys }: JSONWebKeySet = JSON.parse(text);
  for (const key of keys) expect(key).not.toHaveProperty('d');
  return keys.map(({ kid }) => kid);
}

// Last: with a second connection people have to choose.
test("a connection's own keys turn alike: published, then what signs requests to the upstream", async () => {
  const { causeway, tenant, okta } = stage.acme;
  const keyed = {
    key: 'keyed',
    type: 'oidc',
    issuer: okta.issuer,
    clientId: 'keyed',
    clientAuth: 'private_key_jwt',
  } as const;
  await causeway.apply([{ slug: 'acme', connections: [...(tenant.connections ?? []), keyed] }]);
  const known = await causeway.node.directory.find('acme');
  const connectionId = known?.connection('keyed')?.id ?? '';
  const signer = async (): Promise<string | undefined> =>
    (await causeway.node.directory.find('acme'))?.signingKeys(connectionId)[0]?.kid;
  const first = await signer();
  const selection = { alg: undefined, connectionId };
  const [next] = await beginRotation(deps, acme, { selection, schedule: KEY_SCHEDULE, actor });
  await notice();
  expect(await published()).toEqual([first, next?.id]);
  expect(await signer()).toBe(first);
  await pass(601);
  expect(await signer()).toBe(next?.id);
  expect(await published()).toEqual([first, next?.id]);
  await pass(2_000);
  expect(await published()).toEqual([next?.id]);
});
