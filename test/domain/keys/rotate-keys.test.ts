import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { DueTenant } from '../../../src/domain/keys/signing-key-store.js';
import { currentSeconds, KEY_SCHEDULE } from '../../../src/domain/keys/key-schedule.js';
import {
  advanceKeys,
  beginRotation,
  replaceKeys,
  retireKeys,
  type RotateKeysDeps,
} from '../../../src/domain/keys/rotate-keys.js';
import { silentLogger } from '../../../src/core/logger.js';
import { KeyRotation } from '../../../src/server/key-rotation.js';
import { PostgresSigningKeyStore } from '../../../src/storage/signing-key-store.js';
import { freshDeployment, type TestDeployment } from '../../support/deployment.js';
import { Ledger } from '../../support/ledger.js';

let it: TestDeployment;
let ledger: Ledger;
let deps: RotateKeysDeps;
let acme: DueTenant;

const actor = { type: 'operator', id: 'cli:tester' } as const;
const ISSUER = { alg: undefined, connectionId: null };
const okta = {
  key: 'okta',
  type: 'okta',
  issuer: 'https://acme.okta.com',
  clientId: '0oa1',
  clientAuth: 'private_key_jwt',
} as const;

beforeAll(async () => {
  it = await freshDeployment();
  ledger = await Ledger.open(it.url);
  deps = { ...it.deps, signingKeys: new PostgresSigningKeyStore(it.database) };
});
afterAll(async () => {
  await ledger.close();
  await it.destroy();
});
beforeEach(async () => {
  await ledger.rows(`DELETE FROM tenants WHERE slug <> 'system'`);
  await ledger.rows('UPDATE signing_keys SET state_changed_at = now()');
  await it.apply([
    { slug: 'acme', connections: [okta] },
    { slug: 'globex', name: 'Globex' },
  ]);
  const [row] = await ledger.rows<DueTenant>(`SELECT id, slug FROM tenants WHERE slug = 'acme'`);
  if (row === undefined) throw new Error('no tenant acme');
  acme = row;
});

interface KeyRow {
  readonly id: string;
  readonly owner: string;
  readonly state: string;
  readonly sealed: boolean;
}
const keys = (slug = 'acme'): Promise<readonly KeyRow[]> =>
  ledger.rows<KeyRow>(
    `SELECT k.id, coalesce(c.key || ' ', '') || k.alg AS owner, k.state, k.private_jwk_sealed IS NOT NULL AS sealed
      FROM signing_keys k JOIN tenants t ON t.id = k.tenant_id
      LEFT JOIN connections c ON c.tenant_id = k.tenant_id AND c.id = k.connection_id
      WHERE t.slug = $1 ORDER BY 2, k.created_at, k.id`,
    [slug],
  );
const shown = async (slug?: string): Promise<readonly string[]> =>
  (await keys(slug)).map(({ owner, state }) => `${owner} ${state}`);
const version = async (): Promise<number> => {
  const [row] = await ledger.rows<{ v: string }>(
    `SELECT config_version AS v FROM tenants WHERE slug = 'acme'`,
  );
  return Number(row?.v);
};
const audited = async (): Promise<readonly string[]> => {
  const rows = await ledger.rows<{ action: string }>(
    `SELECT action FROM audit_events WHERE tenant_id = $1 AND action LIKE 'signing_key%' ORDER BY at, id`,
    [acme.id],
  );
  return rows.map(({ action }) => action);
};
/** Time that passes for all keys. */
const pass = (seconds: number) =>
  ledger.rows(
    `UPDATE signing_keys SET created_at = created_at - make_interval(secs => $1),
      state_changed_at = state_changed_at - make_interval(secs => $1),
      due_at = due_at - make_interval(secs => $1), claimed_until = claimed_until - make_interval(secs => $1)`,
    [seconds],
  );
const advance = () => advanceKeys(deps, acme, { schedule: KEY_SCHEDULE, actor });
const rotation = (parts: Partial<RotateKeysDeps> = {}) =>
  new KeyRotation({ ...deps, ...parts }, silentLogger);

const begin = (selection: Parameters<typeof beginRotation>[2]['selection'] = ISSUER) =>
  beginRotation(deps, acme, { selection, schedule: KEY_SCHEDULE, actor });
const retire = (id?: string) => retireKeys(deps, acme, { selection: ISSUER, id, actor });

const OWNERS = ['ES256', 'EdDSA', 'RS256', 'okta RS256'];

describe('a scheduled rotation', () => {
  test('takes each key from step to step, with an audit event and a new version each time', async () => {
    expect(await advance()).toEqual([]);
    await pass(currentSeconds(KEY_SCHEDULE));
    const before = await version();
    expect((await advance()).map(({ did }) => did)).toEqual(OWNERS.map(() => 'publish'));
    expect(await version()).toBe(before + 1);
    expect(await shown()).toEqual(OWNERS.flatMap((owner) => [`${owner} current`, `${owner} next`]));
    expect(await advance()).toEqual([]);
    expect(await version()).toBe(before + 1);
    await pass(KEY_SCHEDULE.aheadSeconds + 1);
    expect((await advance()).map(({ did }) => did)).toEqual(OWNERS.map(() => 'promote'));
    expect(await shown()).toEqual(OWNERS.flatMap((owner) => [`${owner} retiring`, `${owner} current`]));
    await pass(86_400 + 1_000);
    expect((await advance()).map(({ did }) => did)).toEqual(OWNERS.map(() => 'retire'));
    expect((await keys()).map(({ state, sealed }) => `${state} ${sealed}`)).toEqual(
      OWNERS.flatMap(() => ['retired false', 'current true']),
    );
    expect(await audited()).toEqual([
      ...OWNERS.map(() => 'signing_key.published'),
      ...OWNERS.map(() => 'signing_key.promoted'),
      ...OWNERS.map(() => 'signing_key.retired'),
    ]);
  });

  test('F-16 two nodes at once, whatever they believe: each step is taken once', async () => {
    for (const seconds of [currentSeconds(KEY_SCHEDULE), KEY_SCHEDULE.aheadSeconds + 1, 90_000]) {
      await pass(seconds);
      const done = (await Promise.all(Array.from({ length: 4 }, advance))).flat();
      expect(done).toHaveLength(OWNERS.length);
    }
    expect(await shown()).toEqual(OWNERS.flatMap((owner) => [`${owner} retired`, `${owner} current`]));
    expect(await audited()).toHaveLength(3 * OWNERS.length);
  });

  test('of several nodes one claims a tenant; the others go on when it dies', async () => {
    await pass(currentSeconds(KEY_SCHEDULE));
    const claim = { currentSeconds: currentSeconds(KEY_SCHEDULE), leaseSeconds: 120, keysMax: 100 };
    const claimed = await deps.signingKeys.claimDue(claim);
    expect(claimed.map(({ slug }) => slug).toSorted()).toEqual(['acme', 'globex', 'system']);
    // Whoever has claimed is gone.
    expect(await rotation().run()).toEqual([]);
    await pass(121);
    const outcomes = (await Promise.all([rotation().run(), rotation().run()])).flat();
    expect(outcomes.every(({ did }) => did === 'publish')).toBe(true);
    await rotation().run();
    expect(await shown()).toEqual(OWNERS.flatMap((owner) => [`${owner} current`, `${owner} next`]));
  });

  test('a node that fails in the middle of a step has done nothing of it', async () => {
    await pass(currentSeconds(KEY_SCHEDULE));
    const failing = rotation({
      audit: {
        ...deps.audit,
        append() {
          throw new Error('the node dies here');
        },
      },
    });
    expect(await failing.run()).toEqual([]);
    expect(await shown()).toEqual(OWNERS.map((owner) => `${owner} current`));
    await pass(121);
    await rotation().run();
    await rotation().run();
    expect(await shown()).toEqual(OWNERS.flatMap((owner) => [`${owner} current`, `${owner} next`]));
  });

  test('asks for no tenant whose keys are not due', async () => {
    expect(await rotation().run()).toEqual([]);
    await ledger.rows(
      `UPDATE signing_keys SET state_changed_at = now() - interval '91 days' WHERE tenant_id = $1 AND alg = 'ES256'`,
      [acme.id],
    );
    expect((await rotation().run()).map(({ alg, did }) => `${alg} ${did}`)).toEqual(['ES256 publish']);
    expect(await shown('globex')).toEqual(['ES256 current', 'EdDSA current', 'RS256 current']);
  });

  test('the database takes no second key that signs, whoever writes it', async () => {
    await expect(
      ledger.rows(
        `INSERT INTO signing_keys (tenant_id, id, alg, state, public_jwk, private_jwk_sealed)
          VALUES ($1, 'other', 'RS256', 'current', '{}', '')`,
        [acme.id],
      ),
    ).rejects.toThrow(/signing_keys_turn_key/);
  });
});

describe('a rotation that somebody asks for', () => {
  test('begins now and waits ten minutes; asked again it goes on', async () => {
    expect((await begin({ alg: 'ES256', connectionId: null })).map(({ did }) => did)).toEqual(['publish']);
    expect((await begin({ alg: 'ES256', connectionId: null })).map(({ did }) => did)).toEqual(['nothing']);
    await pass(590);
    expect(await advance()).toEqual([]);
    await pass(11);
    expect((await advance()).map(({ alg, did }) => `${alg} ${did}`)).toEqual(['ES256 promote']);
  });

  test('hastens one that has begun on schedule, and no key signs unseen', async () => {
    await pass(currentSeconds(KEY_SCHEDULE));
    await advance();
    expect((await begin()).map(({ did }) => did)).toEqual(['hasten', 'hasten', 'hasten']);
    expect(await advance()).toEqual([]);
    await pass(601);
    expect((await advance()).map(({ did }) => did)).toEqual(['promote', 'promote', 'promote']);
    expect(await shown()).toContain('okta RS256 next');
  });

  test('asked for twice at once it begins once', async () => {
    const done = (await Promise.all([begin(), begin(), begin()])).flat();
    expect(done.filter(({ did }) => did === 'publish')).toHaveLength(3);
    expect((await keys()).filter(({ state }) => state === 'next')).toHaveLength(3);
  });

  test('wants keys that there are', async () => {
    await expect(begin({ alg: 'ES256', connectionId: acme.id })).rejects.toThrow(
      'the connection has no key for ES256 that signs',
    );
  });
});

describe('an emergency', () => {
  test('takes every key of the owner away at once, private halves too', async () => {
    await beginRotation(deps, acme, { selection: ISSUER, schedule: KEY_SCHEDULE, actor });
    await pass(601);
    await advance();
    await beginRotation(deps, acme, { selection: ISSUER, schedule: KEY_SCHEDULE, actor });
    const before = await version();
    const done = await replaceKeys(deps, acme, {
      selection: { alg: 'RS256', connectionId: null },
      actor,
    });
    expect(done.map(({ alg, did }) => `${alg} ${did}`)).toEqual(['RS256 replace']);
    expect(await version()).toBe(before + 1);
    const rsa = (await keys()).filter(({ owner }) => owner === 'RS256');
    expect(rsa.map(({ state, sealed }) => `${state} ${sealed}`)).toEqual([
      'retired false',
      'retired false',
      'retired false',
      'current true',
    ]);
    expect((await audited()).at(-1)).toBe('signing_key.replaced_in_emergency');
    expect(await shown()).toContain('okta RS256 current');
  });
});

describe('retirement before its time', () => {
  test('takes what signs no more, never what signs or will', async () => {
    await expect(retire()).rejects.toThrow('no such key is retiring');
    const [current] = await keys();
    await expect(retire(current?.id)).rejects.toThrow(/is the current key: rotate first/);
    await expect(retire('unknown')).rejects.toThrow("'unknown' is no published key");
    await beginRotation(deps, acme, {
      selection: { alg: 'ES256', connectionId: null },
      schedule: KEY_SCHEDULE,
      actor,
    });
    await pass(601);
    await advance();
    expect((await retire(current?.id)).map(({ did }) => did)).toEqual(['retire']);
    await expect(retire(current?.id)).rejects.toThrow('is no published key');
    expect(await shown()).toContain('ES256 retired');
  });
});
