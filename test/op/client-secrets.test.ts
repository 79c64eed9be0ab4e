import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FixedClock } from '../../src/core/clock.js';
import type { TenantId } from '../../src/core/ids.js';
import { silentLogger } from '../../src/core/logger.js';
import { rotateSecret, type RotateSecretDeps } from '../../src/domain/application/rotate-secret.js';
import { sha256 } from '../../src/keys/hash.js';
import { matchingSecret, SecretUses } from '../../src/op/client-secrets.js';
import { configurationDeps } from '../../src/server/configuration.js';
import { PostgresApplicationSecretStore } from '../../src/storage/application-secret-store.js';
import { createDataSource } from '../../src/storage/data-source.js';
import { Database } from '../../src/storage/database.js';
import { startTwoNodes, type TwoNodes } from '../races/two-nodes.js';
import { APP_SECRET } from '../support/acme.js';
import { post, type TestApplication } from '../support/application.js';
import { testIds } from '../support/deployment.js';

const API = 'https://api.acme.example';
const SECOND = 'second-secret-with-32-characters-2';
const actor = { type: 'operator', id: 'cli:tester' } as const;

let stage: TwoNodes;
let deps: RotateSecretDeps;
let closeDatabase: () => Promise<void>;

beforeAll(async () => {
  stage = await startTwoNodes();
  const dataSource = await createDataSource(stage.acme.causeway.databaseUrl).initialize();
  closeDatabase = () => dataSource.destroy();
  const database = new Database(dataSource);
  deps = {
    ...configurationDeps(database, stage.acme.causeway.keyRing, testIds),
    secrets: new PostgresApplicationSecretStore(database),
  };
});
afterAll(async () => {
  await closeDatabase();
  await stage.stop();
});
beforeEach(async () => {
  await stage.ledger.rows('DELETE FROM application_secrets');
  await apply({ clientSecret: APP_SECRET });
});

type Wanted = { readonly clientSecret?: string; readonly secondarySecret?: string | null };

/** The one application, with these secrets. */
async function apply(wanted: Wanted): Promise<void> {
  await stage.acme.causeway.apply([
    {
      slug: 'acme',
      apis: [{ identifier: API, scopes: [{ name: 'read', default: true }] }],
      accessPolicies: [{ api: API, clients: 'all', grants: ['client_credentials'], scopes: ['read'] }],
      applications: [
        { clientId: 'bot', type: 'service', apis: [API], ...wanted },
        { clientId: 'public', type: 'spa', redirectUris: ['https://spa.example/cb'] },
      ],
    },
  ]);
}

/** As half a second later on both nodes. */
async function notice(): Promise<void> {
  await stage.acme.causeway.node.directory.refresh();
  await stage.other.node.directory.refresh();
}

async function rotate(overlapSeconds: number, clientId = 'bot'): Promise<string> {
  const { secret } = await rotateSecret(deps, { slug: 'acme', clientId, overlapSeconds, actor });
  await notice();
  return secret;
}

/** How two requests in a row are answered, hence by both nodes. */
async function answers(secret: string): Promise<string> {
  const bot: TestApplication = {
    issuer: stage.acme.app.issuer,
    clientId: 'bot',
    clientSecret: secret,
    redirectUri: '',
  };
  const both = [];
  for (let times = 0; times < 2; times += 1) {
    const { status, body } = await post(bot, 'token', { grant_type: 'client_credentials', resource: API });
    both.push(status === 200 ? 'good' : `${status} ${String(body['error'])}`);
  }
  return [...new Set(both)].join(', ');
}

const GOOD = 'good';
const REFUSED = '401 invalid_client';

describe('two secrets of a file', () => {
  test('both are good, on every node; one goes without the other', async () => {
    await apply({ clientSecret: APP_SECRET, secondarySecret: SECOND });
    expect([await answers(APP_SECRET), await answers(SECOND)]).toEqual([GOOD, GOOD]);
    await apply({ secondarySecret: null });
    expect([await answers(APP_SECRET), await answers(SECOND)]).toEqual([GOOD, REFUSED]);
  });

  test('the second takes the place of the first', async () => {
    await apply({ clientSecret: APP_SECRET, secondarySecret: SECOND });
    await apply({ clientSecret: SECOND, secondarySecret: null });
    expect([await answers(APP_SECRET), await answers(SECOND)]).toEqual([REFUSED, GOOD]);
  });

  test('another first secret ends all that the file does not name', async () => {
    await apply({ clientSecret: APP_SECRET, secondarySecret: SECOND });
    await apply({ clientSecret: 'third-secret-with-32-characters--3' });
    expect([await answers(APP_SECRET), await answers(SECOND)]).toEqual([REFUSED, REFUSED]);
    expect(await answers('third-secret-with-32-characters--3')).toBe(GOOD);
  });

  test('they are kept as hashes alone', async () => {
    await apply({ clientSecret: APP_SECRET, secondarySecret: SECOND });
    const rows = await stage.ledger.rows('SELECT s::text AS row FROM application_secrets s');
    expect(rows).toHaveLength(2);
    expect(JSON.stringify(rows)).not.toMatch(/secret-with/);
  });
});

describe('a rotation', () => {
  test('the new one works at once, the old one until its end, on every node', async () => {
    const fresh = await rotate(3_600);
    expect([await answers(fresh), await answers(APP_SECRET)]).toEqual([GOOD, GOOD]);
    await stage.ledger.rows(
      `UPDATE application_secrets SET expires_at = now() - interval '1 millisecond' WHERE slot = 'secondary'`,
    );
    await stage.ledger.rows(
      'UPDATE tenants SET config_version = config_version + 1, config_changed_at = now()',
    );
    await notice();
    expect([await answers(fresh), await answers(APP_SECRET)]).toEqual([GOOD, REFUSED]);
  });

  test('an end that comes needs no message: nodes judge it by the clock', async () => {
    await rotate(1);
    const deadline = Date.now() + 30_000;
    while ((await answers(APP_SECRET)) !== REFUSED && Date.now() < deadline);
    expect(await answers(APP_SECRET)).toBe(REFUSED);
  });

  test('after a leak the old one is refused at once', async () => {
    await rotate(3_600);
    const fresh = await rotate(0);
    expect([await answers(fresh), await answers(APP_SECRET)]).toEqual([GOOD, REFUSED]);
  });

  test('a third one within the overlap is refused, and so at most two are good', async () => {
    const fresh = await rotate(3_600);
    await expect(rotate(3_600)).rejects.toThrow(
      /has two secrets already, and the second one ends at .*--now/,
    );
    expect([await answers(fresh), await answers(APP_SECRET)]).toEqual([GOOD, GOOD]);
    await apply({ secondarySecret: null });
    expect(await answers(APP_SECRET)).toBe(REFUSED);
    const third = await rotate(3_600);
    expect([await answers(third), await answers(fresh)]).toEqual([GOOD, GOOD]);
  });

  test('two operators at once: one rotates, the other is told', async () => {
    const outcomes = await Promise.allSettled([rotate(3_600), rotate(3_600), rotate(3_600)]);
    const made = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(made).toHaveLength(1);
    expect([await answers(String(made[0])), await answers(APP_SECRET)]).toEqual([GOOD, GOOD]);
  });

  test('a file that still names the old secret undoes nothing, and is told', async () => {
    const fresh = await rotate(3_600);
    await expect(apply({ clientSecret: APP_SECRET })).rejects.toThrow(
      /applications\[0\]\.clientSecret.*was replaced by 'causeway secrets rotate' and ends at/,
    );
    expect([await answers(fresh), await answers(APP_SECRET)]).toEqual([GOOD, GOOD]);
    await apply({ clientSecret: fresh });
    await apply({});
    expect([await answers(fresh), await answers(APP_SECRET)]).toEqual([GOOD, GOOD]);
  });

  test('leaves an audit event without the secret', async () => {
    const fresh = await rotate(60);
    const rows = await stage.ledger.rows<{ body: string }>(
      `SELECT body FROM audit_events WHERE action = 'application_secret.rotated' ORDER BY at DESC LIMIT 1`,
    );
    expect(JSON.parse(rows[0]?.body ?? '{}')).toMatchObject({
      target: 'application:bot',
      actor,
      details: { overlapSeconds: 60, before: [expect.any(String)] },
    });
    expect(JSON.stringify(rows)).not.toContain(fresh);
  });

  test('wants an application that has secrets', async () => {
    await expect(rotate(1, 'nobody')).rejects.toThrow("'nobody' is no application of the tenant");
    await expect(rotate(1, 'public')).rejects.toThrow("'public' has no secret: it proves itself by none");
  });
});

const lastUsed = async (): Promise<readonly (Date | null)[]> => {
  const rows = await stage.ledger.rows<{ at: Date | null }>(
    'SELECT last_used_at AS at FROM application_secrets ORDER BY slot',
  );
  return rows.map(({ at }) => at);
};
const flush = async (): Promise<void> => {
  for (const { node } of [stage.acme.causeway, stage.other]) await node.secretUses.flush();
};

describe('what is known of its use', () => {
  test('the secret that was used is noted, beside requests; a wrong one notes nothing', async () => {
    await apply({ clientSecret: APP_SECRET, secondarySecret: SECOND });
    await answers('wrong-secret-with-32-characters-00');
    await flush();
    expect(await lastUsed()).toEqual([null, null]);
    expect(await answers(SECOND)).toBe(GOOD);
    expect(await lastUsed()).toEqual([null, null]);
    await flush();
    expect(await lastUsed()).toEqual([null, expect.any(Date)]);
  });

  test('once an hour for each, whichever node it is', async () => {
    await answers(APP_SECRET);
    await flush();
    const [first] = await lastUsed();
    await answers(APP_SECRET);
    await flush();
    expect(await lastUsed()).toEqual([first]);
  });

  test('what could not be written is written later', async () => {
    const clock = new FixedClock('2026-11-22T00:00:00Z');
    const written: string[] = [];
    let isDown = true;
    const store = {
      noteUsed: (_tenant: TenantId, ids: readonly string[]) => {
        if (isDown) return Promise.reject(new Error('the database is away'));
        written.push(...ids);
        return Promise.resolve();
      },
    };
    const uses = new SecretUses(store, clock, silentLogger);
    uses.note('t' as TenantId, 'one');
    await uses.flush();
    uses.note('t' as TenantId, 'two');
    uses.note('t' as TenantId, 'one');
    isDown = false;
    await uses.flush();
    expect(written).toEqual(['one', 'two']);
    uses.note('t' as TenantId, 'one');
    await uses.flush();
    clock.advance(3_601);
    uses.note('t' as TenantId, 'one');
    await uses.flush();
    expect(written).toEqual(['one', 'two', 'one']);
  });
});

test('the secret that matches and has not ended is found, whatever stands beside it', () => {
  const now = new Date('2026-11-22T12:00:00Z');
  const at = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);
  const entry = fc.record({
    text: fc.constantFrom('a', 'b', 'c'),
    end: fc.constantFrom(null, -1, 0, 1),
    slot: fc.constantFrom('primary' as const, 'secondary' as const),
  });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 4 }), fc.constantFrom('a', 'b', 'd'), (entries, sent) => {
      const secrets = entries.map(({ text, end, slot }, index) => ({
        id: String(index),
        hash: sha256(text),
        slot,
        expiresAt: end === null ? null : at(end),
      }));
      const good = entries.some(({ text, end }) => text === sent && (end === null || end > 0));
      expect(matchingSecret(secrets, sent, now) !== undefined).toBe(good);
    }),
  );
});
