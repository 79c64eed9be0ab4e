import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../src/core/clock.js';
import type { TenantId } from '../../src/core/ids.js';
import type { LogFields, Logger } from '../../src/core/logger.js';
import type { Receiver } from '../../src/domain/delivery/delivery.js';
import { Dispatcher, type DispatcherOptions } from '../../src/events/dispatcher.js';
import { createSigningKey, type PrivateJwk } from '../../src/keys/signing-keys.js';
import { createOutbound, type Outbound } from '../../src/outbound/outbound.js';
import { PostgresAuditStore } from '../../src/storage/audit-store.js';
import { createDataSource } from '../../src/storage/data-source.js';
import { Database } from '../../src/storage/database.js';
import { PostgresOutboxStore } from '../../src/storage/outbox-store.js';
import { closedPort, stopServers } from '../outbound/support/servers.js';
import { setStage, type Stage } from '../storage/stage.js';
import { openVault } from '../support/audit.js';
import { PATIENT } from '../support/database.js';
import { testIds } from '../support/deployment.js';
import { HANGS, startReceiver, until } from './support/receiver.js';

const ISSUER = 'https://id.example/t/acme';

let stage: Stage;
let acme: TenantId;
let key: PrivateJwk;
let outbound: Outbound;
/** Where each application takes logout tokens. */
let endpoints: Map<string, string>;
let lines: { readonly event: string; readonly fields: LogFields }[];
let outcomes: string[];
const running: Dispatcher[] = [];

const log: Logger = {
  debug: (event, fields = {}) => void lines.push({ event, fields }),
  info: (event, fields = {}) => void lines.push({ event, fields }),
  warn: (event, fields = {}) => void lines.push({ event, fields }),
  error: (event, fields = {}) => void lines.push({ event, fields }),
  child: () => log,
};

beforeAll(async () => {
  stage = await setStage();
  acme = await stage.tenant('acme');
  key = await createSigningKey('k1', 'EdDSA');
});
afterAll(() => stage.close());
beforeEach(async () => {
  await stage.ledger.rows('TRUNCATE outbox');
  [endpoints, lines, outcomes] = [new Map(), [], []];
  outbound = createOutbound({ privateAddresses: 'allow', allowHttpLoopback: true, clock: systemClock, log });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
  await outbound.close();
  await stopServers();
});

interface Parts {
  readonly database?: Database;
  readonly outbound?: Outbound;
  readonly lookUp?: (receiver: Receiver) => Promise<never>;
}

function start(options: DispatcherOptions = {}, parts: Parts = {}): Dispatcher {
  const database = parts.database ?? stage.database;
  const dispatcher = new Dispatcher(
    {
      outbox: new PostgresOutboxStore(database),
      transactions: database,
      audit: new PostgresAuditStore(database),
      outbound: parts.outbound ?? outbound,
      ids: testIds,
      clock: systemClock,
      random: () => 0,
      log,
      onOutcome: (_kind, outcome, count) => outcomes.push(...Array.from({ length: count }, () => outcome)),
      lookUp:
        parts.lookUp ??
        (({ clientId }) => {
          const uri = endpoints.get(clientId);
          const endpoint =
            uri === undefined ? undefined : ({ kind: 'logout', uri, issuer: ISSUER, key } as const);
          return Promise.resolve({ vault: openVault, endpoint });
        }),
    },
    { pollMs: 50, ...options },
  );
  running.push(dispatcher);
  dispatcher.start();
  return dispatcher;
}

/** What the end of access leaves for an application: one after the other, oldest first. */
async function leave(clientId: string, sids: readonly string[], subject = 'ada', age = '0 s'): Promise<void> {
  await stage.ledger.rows(
    `INSERT INTO outbox (tenant_id, id, topic, receiver, subject, payload, created_at)
    SELECT $1, gen_random_uuid(), 'session.ended', $2, $3, jsonb_build_object('clientId', $2::text, 'sid', sid),
      now() - $5::interval + at * interval '1 ms'
    FROM unnest($4::text[]) WITH ORDINALITY AS s (sid, at)`,
    [acme, clientId, subject, sids, age],
  );
}

const settled = (outcome: string) => stage.ledger.count('outbox', 'outcome = $1', [outcome]);
const waiting = () => stage.ledger.count('outbox', 'settled_at IS NULL');
const numbered = (n: number): string[] => Array.from({ length: n }, (_, index) => `s${index}`);

describe('one delivery', () => {
  test('is a POST of a logout token and nothing else, as a form', async () => {
    const app = await startReceiver();
    endpoints.set('app', app.uri);
    await leave('app', ['sid-1']);
    start();
    await until(async () => (await settled('delivered')) === 1);
    const [told] = app.told;
    expect(app.told).toHaveLength(1);
    expect(told).toMatchObject({ method: 'POST', path: '/logout', body: `logout_token=${told?.token}` });
    expect(told?.claims).toMatchObject({ iss: ISSUER, aud: 'app', sub: 'ada', sid: 'sid-1' });
    expect(told?.claims).not.toHaveProperty('nonce');
    expect(Object.keys(told?.headers ?? {}).toSorted()).toEqual([
      'accept-encoding',
      'connection',
      'content-length',
      'content-type',
      'host',
      'user-agent',
    ]);
    expect(told?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(outcomes).toEqual(['delivered']);
  });

  test('is logged without the token, whether it succeeds or fails', async () => {
    const app = await startReceiver(({ claims }) => (claims['sid'] === 'bad' ? 400 : 204));
    endpoints.set('app', app.uri);
    await leave('app', ['good']);
    await leave('app', ['bad'], 'bob');
    start();
    await until(() => lines.some(({ event }) => event === 'logout.failed'));
    await until(() => lines.some(({ event }) => event === 'logout.delivered'));
    const where = { tenant: 'acme', application: 'app', attempt: 1, delivery: expect.any(String) };
    expect(lines).toContainEqual({ event: 'logout.delivered', fields: where });
    expect(lines).toContainEqual({ event: 'logout.failed', fields: { ...where, error: 'http_400' } });
    const everything =
      JSON.stringify(lines) + JSON.stringify(await stage.ledger.rows('SELECT * FROM outbox'));
    for (const { token } of app.told)
      for (const part of token.split('.')) expect(everything).not.toContain(part);
  });

  test('for an application that is gone or wants none is settled without a call', async () => {
    await leave('gone', ['sid-1']);
    start();
    await until(async () => (await settled('no_endpoint')) === 1);
    expect(outcomes).toEqual(['no_endpoint']);
  });

  test('that fails is tried again, with a fresh token each time', async () => {
    const app = await startReceiver();
    app.answer = () => [500, 429, 200][app.told.length - 1] ?? 200;
    endpoints.set('app', app.uri);
    await leave('app', ['sid-1']);
    start();
    await until(async () => (await settled('delivered')) === 1);
    expect(app.told).toHaveLength(3);
    expect(new Set(app.told.map(({ claims }) => claims['jti'])).size).toBe(3);
    expect(new Set(app.told.map(({ claims }) => claims['sid']))).toEqual(new Set(['sid-1']));
    const [first, , third] = app.told;
    expect(Number(third?.claims['iat'])).toBeGreaterThan(Number(first?.claims['iat']));
    expect(Number(third?.claims['exp']) - Number(third?.claims['iat'])).toBe(120);
    expect(outcomes).toEqual(['failed', 'failed', 'delivered']);
  });

  test('that its receiver refuses is given up after five attempts; others of the receiver go on', async () => {
    const app = await startReceiver(({ claims }) => (claims['sub'] === 'ada' ? 400 : 200));
    endpoints.set('app', app.uri);
    await leave('app', ['bad']);
    await leave('app', numbered(5), 'bob');
    start();
    await until(async () => (await settled('delivered')) === 5);
    expect(await settled('dead')).toBe(0);
    // Time passes faster for who was put off.
    while ((await settled('dead')) === 0)
      await stage.ledger.rows('UPDATE outbox SET due_at = now() WHERE lease IS NULL AND settled_at IS NULL');
    expect(app.told.filter(({ claims }) => claims['sub'] === 'ada')).toHaveLength(5);
    await until(() => lines.some(({ event }) => event === 'logout.dead'));
    expect(lines).toContainEqual({
      event: 'logout.dead',
      fields: { tenant: 'acme', application: 'app', deliveries: 1, error: 'http_400' },
    });
    const [event] = await stage.ledger.audit('acme', { action: 'delivery.dead' });
    expect(event).toMatchObject({ application: 'app', reason: 'http_400' });
    expect(outcomes).toContain('dead');
  });

  test('that still fails after a day is a dead letter', async () => {
    endpoints.set('app', `http://127.0.0.1:${await closedPort()}/logout`);
    await leave('app', numbered(30), 'ada', '25 hours');
    start();
    await until(async () => (await settled('dead')) === 30);
    expect(await waiting()).toBe(0);
  });
});

describe('what must not be called is not called (A-42, A-45)', () => {
  test('a redirect is not followed', async () => {
    const target = await startReceiver();
    const app = await startReceiver(
      () => (response) => response.writeHead(307, { location: target.uri }).end(),
    );
    endpoints.set('app', app.uri);
    await leave('app', ['sid-1']);
    start();
    await until(() => outcomes.includes('failed'));
    await until(async () => (await stage.ledger.count('outbox', `last_error = 'http_307'`)) === 1);
    expect(target.told).toEqual([]);
  });

  test.each([
    ['a private address', 'https://10.0.0.1/logout', 'address_refused'],
    ['the address of a cloud’s secrets', 'https://169.254.169.254/logout', 'address_refused'],
    ['plain http', 'http://app.example/logout', 'scheme_refused'],
    ['loopback, on a deployment that is not', 'http://127.0.0.1:1/logout', 'scheme_refused'],
    ['another port', 'https://app.example:22/logout', 'url_refused'],
  ])('%s', async (_what, uri, reason) => {
    const options = {
      privateAddresses: 'refuse',
      allowHttpLoopback: false,
      clock: systemClock,
      log,
    } as const;
    const guarded = createOutbound(options);
    endpoints.set('app', uri);
    await leave('app', ['sid-1']);
    start({}, { outbound: guarded });
    await until(async () => (await stage.ledger.count('outbox', 'last_error = $1', [reason])) === 1);
    expect(await settled('dead')).toBe(0);
    await guarded.close();
  });
});

describe('one receiver delays itself alone', () => {
  test('twenty that hang, one that is dead, and one that is well: that one is told at once', async () => {
    const hanging = await startReceiver(() => HANGS);
    for (let index = 0; index < 20; index += 1) {
      endpoints.set(`a${index}`, hanging.uri);
      await leave(`a${index}`, numbered(3));
    }
    endpoints.set('dead', `http://127.0.0.1:${await closedPort()}/logout`);
    await leave('dead', numbered(200));
    start();
    await until(() => hanging.told.length >= 20);
    const well = await startReceiver();
    endpoints.set('well', well.uri);
    await leave('well', numbered(20));
    await until(() => well.told.length === 20);
    // Who hangs has 5 s to answer; none of them had answered, or been given up, when the well one had been told all.
    expect(lines.filter(({ fields }) => fields['error'] === 'timeout')).toEqual([]);
  });

  test('no more receivers at once than allowed, and each in its turn', async () => {
    let [now, most] = [0, 0];
    const app = await startReceiver(() => (response) => {
      now += 1;
      most = Math.max(most, now);
      setTimeout(() => {
        now -= 1;
        response.writeHead(200).end();
      }, 20);
    });
    for (let index = 0; index < 12; index += 1) {
      endpoints.set(`app${index}`, app.uri);
      await leave(`app${index}`, ['s']);
    }
    start({ receiversMax: 3 });
    await until(async () => (await settled('delivered')) === 12);
    expect(most).toBeLessThanOrEqual(3);
    expect(new Set(app.told.map(({ claims }) => claims['aud'])).size).toBe(12);
  });
});

test('each person’s deliveries to an application come one after the other, through failures too', async () => {
  const app = await startReceiver();
  const done: unknown[][] = [];
  app.answer = ({ claims }) => {
    if ([3, 9, 14].includes(app.told.length)) return 503;
    done.push([claims['sub'], claims['sid']]);
    return 200;
  };
  endpoints.set('app', app.uri);
  const sids = numbered(15);
  await leave('app', sids, 'ada', '2 s');
  await leave('app', sids, 'bob', '1 s');
  start();
  await until(async () => (await waiting()) === 0);
  for (const person of ['ada', 'bob'])
    expect(done.filter(([sub]) => sub === person)).toEqual(sids.map((sid) => [person, sid]));
});

describe('nothing is lost', () => {
  test('what a worker that dies had claimed is delivered by another after the lease', async () => {
    const app = await startReceiver();
    endpoints.set('app', app.uri);
    await leave('app', numbered(4));
    const dead = new PostgresOutboxStore(stage.database);
    const lease = testIds.uuid();
    expect(await dead.claim({ lease, leaseSeconds: 2, receiversMax: 9, deliveriesMax: 3 })).toHaveLength(1);
    start();
    await until(async () => (await settled('delivered')) === 4);
    expect(app.told.map(({ claims }) => claims['sid'])).toEqual(numbered(4));
    expect(await stage.ledger.count('outbox', 'attempts = 2')).toBe(3);
  });

  test('a batch whose tenant can’t be opened is not settled, and the others go on', async () => {
    const app = await startReceiver();
    endpoints.set('app', app.uri);
    await leave('app', ['sid-1']);
    const fault = new Error('no key');
    start({}, { lookUp: () => Promise.reject(fault) });
    await until(() => lines.some(({ event }) => event === 'logout.batch_failed'));
    expect(await waiting()).toBe(1);
    expect(await stage.ledger.count('outbox', 'lease IS NOT NULL AND due_at > now()')).toBe(1);
  });

  test('two nodes deliver everything once', async () => {
    const dataSource = await createDataSource(stage.url, PATIENT).initialize();
    try {
      const apps = await Promise.all(numbered(6).map(() => startReceiver()));
      for (const [index, app] of apps.entries()) {
        endpoints.set(`app${index}`, app.uri);
        for (const person of ['ada', 'bob', 'cat']) await leave(`app${index}`, numbered(10), person);
      }
      start();
      start({}, { database: new Database(dataSource) });
      await until(async () => (await settled('delivered')) === 180);
      for (const app of apps) {
        const told = app.told.map(({ claims }) => `${String(claims['sub'])} ${String(claims['sid'])}`);
        expect(told).toHaveLength(30);
        expect(new Set(told).size).toBe(30);
      }
      await Promise.all(running.splice(0).map((one) => one.stop()));
    } finally {
      await dataSource.destroy();
    }
  });

  test('stopping finishes what is in flight and gives back the rest', async () => {
    const app = await startReceiver(() => (response) => {
      setTimeout(() => response.writeHead(200).end(), 200);
    });
    endpoints.set('app', app.uri);
    await leave('app', numbered(5));
    const dispatcher = start();
    await until(() => app.told.length === 1);
    await dispatcher.stop();
    expect(app.told).toHaveLength(1);
    expect(await settled('delivered')).toBe(1);
    expect(await stage.ledger.count('outbox', 'settled_at IS NULL AND lease IS NULL AND attempts = 0')).toBe(
      4,
    );
    start();
    await until(async () => (await settled('delivered')) === 5);
    expect(app.told.map(({ claims }) => claims['sid'])).toEqual(numbered(5));
  });

  test('a claim that fails is tried again', async () => {
    const app = await startReceiver();
    endpoints.set('app', app.uri);
    await leave('app', ['sid-1']);
    await stage.ledger.rows('ALTER TABLE outbox RENAME TO outbox_away');
    start();
    await until(() => lines.some(({ event }) => event === 'logout.claim_failed'));
    await stage.ledger.rows('ALTER TABLE outbox_away RENAME TO outbox');
    await until(() => app.told.length === 1);
  });
});
