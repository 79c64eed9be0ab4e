import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../src/core/clock.js';
import type { TenantId } from '../../src/core/ids.js';
import type { JsonObject } from '../../src/core/json.js';
import type { LogFields, Logger } from '../../src/core/logger.js';
import type { Delivery } from '../../src/domain/delivery/delivery.js';
import { Dispatcher } from '../../src/events/dispatcher.js';
import { createSigningKey, type PrivateJwk } from '../../src/keys/signing-keys.js';
import { createOutbound, type Outbound } from '../../src/outbound/outbound.js';
import { PostgresAuditStore } from '../../src/storage/audit-store.js';
import { PostgresOutboxStore } from '../../src/storage/outbox-store.js';
import { stopServers } from '../outbound/support/servers.js';
import { setStage, type Stage } from '../storage/stage.js';
import { openVault } from '../support/audit.js';
import { testIds } from '../support/deployment.js';
import { startReceiver, until } from './support/receiver.js';
import { startWebhook } from './support/webhook.js';

const ISSUER = 'https://id.example/t/acme';
const SECRET = `whsec_${'A'.repeat(32)}`;

let stage: Stage;
let acme: TenantId;
let key: PrivateJwk;
/** Where the application takes logout tokens. */
let logoutUri: string;
let lines: { readonly event: string; readonly fields: LogFields }[];
let outcomes: string[];
let running: { readonly dispatcher: Dispatcher; readonly outbound: Outbound }[];

const write = (event: string, fields: LogFields = {}): void => {
  lines.push({ event, fields });
};
const log: Logger = { debug: write, info: write, warn: write, error: write, child: () => log };

beforeAll(async () => {
  stage = await setStage();
  acme = await stage.tenant('acme');
  key = await createSigningKey('k1', 'EdDSA');
});
afterAll(() => stage.close());
beforeEach(async () => {
  await stage.ledger.rows('TRUNCATE outbox');
  [lines, outcomes, running] = [[], [], []];
});
afterEach(async () => {
  for (const { dispatcher, outbound } of running) {
    await dispatcher.stop();
    await outbound.close();
  }
  await stopServers();
});

type TellOf = (delivery: Delivery) => Promise<JsonObject | undefined>;

/** Tells the webhook at `uri` of devices; `guarded` as a deployment does that is not on loopback. */
function start(uri: string, tellOf: TellOf, guarded = false): void {
  const { database } = stage;
  const shared = { clock: systemClock, log };
  const outbound = createOutbound({
    privateAddresses: guarded ? 'refuse' : 'allow',
    allowHttpLoopback: !guarded,
    ...shared,
  });
  const dispatcher = new Dispatcher(
    {
      ...shared,
      outbox: new PostgresOutboxStore(database),
      transactions: database,
      audit: new PostgresAuditStore(database),
      outbound,
      ids: testIds,
      random: () => 0,
      onOutcome: (kind, outcome, count) => {
        for (let told = 0; told < count; told += 1) outcomes.push(`${kind} ${outcome}`);
      },
      lookUp: ({ kind }) =>
        Promise.resolve({
          vault: openVault,
          endpoint:
            kind === 'device'
              ? { kind, uri, secret: SECRET, tellOf }
              : { kind, uri: logoutUri, issuer: ISSUER, key },
        }),
    },
    { pollMs: 50 },
  );
  running.push({ dispatcher, outbound });
  dispatcher.start();
}

/** One after the other, oldest first. */
async function leave(receiver: string, sids: readonly string[]): Promise<void> {
  await stage.ledger.rows(
    `INSERT INTO outbox (tenant_id, id, topic, receiver, subject, payload, created_at)
    SELECT $1, gen_random_uuid(), 'test', $2, 'ada', jsonb_build_object('sid', sid), now() + at * interval '1 ms'
    FROM unnest($3::text[]) WITH ORDINALITY AS s (sid, at)`,
    [acme, receiver, sids],
  );
}

const settled = (outcome: string) => stage.ledger.count('outbox', 'outcome = $1', [outcome]);
const waiting = () => stage.ledger.count('outbox', 'settled_at IS NULL');
const numbered = (n: number): string[] => Array.from({ length: n }, (_, index) => `s${index}`);

describe('sign-ins on devices are told beside logouts, by the same rules', () => {
  test('a webhook that hangs delays no logout of the same application', async () => {
    const app = await startReceiver();
    const hanging = await startWebhook(() => () => undefined);
    logoutUri = app.uri;
    await leave('device:app', numbered(3));
    start(hanging.uri, ({ subject }) => Promise.resolve({ subject }));
    await until(() => hanging.told.length === 1);
    await leave('app', numbered(3));
    await until(() => outcomes.length === 3);
    expect(outcomes).toEqual(Array.from({ length: 3 }, () => 'logout delivered'));
    expect(hanging.told).toHaveLength(1);
  });

  test('each person’s come in order, and a failure leaves the webhook alone, not the logouts', async () => {
    const app = await startReceiver();
    const hook = await startWebhook(() => (hook.told.length === 1 ? 500 : 204));
    logoutUri = app.uri;
    await leave('device:app', numbered(4));
    start(hook.uri, ({ payload }) => Promise.resolve(payload));
    await until(async () => (await stage.ledger.count('outbox', `last_error = 'http_500'`)) > 0);
    await leave('app', ['sid-1']);
    await until(() => app.told.length === 1);
    await until(async () => (await waiting()) === 0);
    const sids = hook.told.map(({ json }) => (json['data'] as { sid: string }).sid);
    expect(sids).toEqual(['s0', 's0', 's1', 's2', 's3']);
    expect(lines).toContainEqual(expect.objectContaining({ event: 'device_webhook.failed' }));
    expect(JSON.stringify(lines)).not.toContain(SECRET);
  });

  test('of whom nothing is to be told any more, nothing is', async () => {
    const hook = await startWebhook();
    await leave('device:app', ['s']);
    start(hook.uri, () => Promise.resolve(undefined));
    await until(async () => (await settled('obsolete')) === 1);
    expect([hook.told, outcomes]).toEqual([[], ['device obsolete']]);
  });

  test.each([
    ['A-45 a private address', 'https://10.0.0.1/devices', 'address_refused'],
    ['A-45 plain http', 'http://app.example/devices', 'scheme_refused'],
  ])('%s is not called', async (_what, uri, reason) => {
    await leave('device:app', ['s']);
    start(uri, () => Promise.resolve({}), true);
    await until(async () => (await stage.ledger.count('outbox', 'last_error = $1', [reason])) === 1);
  });
});
