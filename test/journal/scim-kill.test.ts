import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import { CausewayProcess } from '../support/causeway-process.js';
import { oktaGroup, ScimClient } from '../support/scim-client.js';
import { contradictions } from '../support/soundness.js';
import { Lane, SHARED } from './support/lane.js';
import { Random } from './support/random.js';
import { readBack } from './support/read-back.js';
import { recordFaults, signPeopleIn } from './support/sessions.js';

/** How often Causeway is killed, and in the middle of how many operations: `JOURNAL_ROUNDS=20 JOURNAL_OPERATIONS=2000`. */
const ROUNDS = Number(process.env['JOURNAL_ROUNDS'] ?? '2');
const OPERATIONS = Number(process.env['JOURNAL_OPERATIONS'] ?? '300');
/** Repeats the choices of a run, though not its timing. */
const SEED = Number(process.env['JOURNAL_SEED'] ?? Date.now() % 1_000_000);
const DATABASES = (['external', 'embedded'] as const).filter((kind) =>
  (process.env['JOURNAL_DATABASES'] ?? 'external,embedded').split(',').includes(kind),
);
const LANES = 8;
const SESSIONS = 40;

/** A Causeway with a tenant that Okta pushes to over several connections, each with a token of its own. */
class PushedDeployment {
  readonly #signedIn: string[] = [];
  /** Requests on their way at a kill: all, and those that had arrived. */
  readonly cut = { all: 0, done: 0 };

  private constructor(
    readonly causeway: CausewayProcess,
    private readonly lanes: readonly Lane[],
    private readonly scim: ScimClient,
    private readonly random: Random,
  ) {}

  static async start(causeway: CausewayProcess, random: Random): Promise<PushedDeployment> {
    const tokens = Array.from({ length: LANES }, (_, index) => `a-scim-token-of-the-journal-${index}`);
    await causeway.command(['apply', '-f', '-'], JSON.stringify({ tenants: [tenantWith(tokens)] }));
    await causeway.start();
    const base = `${causeway.url}/t/acme/scim/v2`;
    const clients = tokens.map((token) => new ScimClient(base, token));
    const [first] = clients;
    if (first === undefined) throw new Error('no connection');
    const shared = await first.post('/Groups', oktaGroup(SHARED));
    expect(shared.status).toBe(201);
    const lanes = clients.map(
      (client, index) => new Lane(`lane${index}`, client, new Random(random.below(2 ** 32))),
    );
    for (const lane of lanes) lane.learn(SHARED, shared.body['id'] as string);
    return new PushedDeployment(causeway, lanes, first, random);
  }

  /** Pushes over all connections; kills Causeway somewhere in the middle of it if told so. */
  async push(operations: number, kill: boolean): Promise<void> {
    this.#signedIn.push(...(await this.causeway.asking((ask) => signPeopleIn(ask, SESSIONS))));
    const before = this.#acknowledged();
    const end = before + (kill ? operations * (0.1 + 0.8 * this.random.next()) : Infinity);
    const delayMs = this.random.below(30);
    const now = { killed: false, pushed: false };
    const killing = async (): Promise<void> => {
      // oxlint-disable-next-line no-await-in-loop -- until enough was acknowledged
      while (!now.pushed && this.#acknowledged() < end) await sleep(1);
      if (!kill) return;
      await sleep(delayMs);
      now.killed = true;
      await this.causeway.kill();
    };
    const pushing = Promise.all(this.lanes.map((lane) => lane.push(operations / LANES, () => now.killed)));
    const settled = pushing.finally(() => (now.pushed = true));
    await Promise.all([killing(), settled]);
  }

  /** Everything that was acknowledged is there; what was on its way, wholly or not at all. */
  async check(): Promise<void> {
    const found = await readBack(
      this.scim,
      this.lanes.map(({ name }) => name),
    );
    for (const lane of this.lanes) {
      const actual = found.lanes.get(lane.name);
      if (lane.pending !== undefined) this.cut.all += 1;
      if (lane.pending !== undefined && isDeepStrictEqual(actual, lane.pending)) {
        lane.state = lane.pending;
        this.cut.done += 1;
      }
      expect({ lane: lane.name, ...actual }).toEqual({ lane: lane.name, ...lane.state });
      lane.pending = undefined;
    }
    for (const [name, id] of found.ids) {
      for (const lane of this.lanes)
        if (name === SHARED || name.startsWith(`${lane.name}-`)) lane.learn(name, id);
    }
    await this.causeway.asking(async (ask) => {
      expect(await contradictions(ask)).toEqual([]);
      expect(await recordFaults(ask, this.#signedIn)).toEqual([]);
    });
  }

  #acknowledged(): number {
    return this.lanes.reduce((sum, lane) => sum + lane.acknowledged, 0);
  }
}

const tenantWith = (tokens: readonly string[]) => ({
  slug: 'acme',
  connections: [{ key: 'okta', issuer: 'https://acme.okta.com', clientId: '0oa1', status: 'enforced' }],
  roles: [{ key: 'admin', name: 'Administrator' }],
  roleMappings: [{ group: { name: SHARED }, role: 'admin' }],
  applications: [
    {
      clientId: 'grafana',
      name: 'Grafana',
      type: 'web',
      redirectUris: ['https://grafana.acme.example/callback'],
      clientSecret: { value: 'application-secret-with-32-chars-01' },
    },
  ],
  scimTokens: tokens.map((token, index) => ({ name: `okta-${index}`, token: { value: token } })),
});

describe.each(DATABASES)('Causeway is killed in the middle of a push, on the %s database', (database) => {
  let causeway: CausewayProcess | undefined;
  afterEach(() => causeway?.stop());

  test(
    `${ROUNDS} times, ${OPERATIONS} operations each (seed ${SEED}): nothing that was acknowledged is lost, nothing is half done`,
    async () => {
      causeway = await CausewayProcess.prepare(database);
      const random = new Random(SEED);
      const deployment = await PushedDeployment.start(causeway, random);
      for (let round = 0; round < ROUNDS; round += 1) {
        // oxlint-disable-next-line no-await-in-loop -- one kill after another
        await deployment.push(OPERATIONS, true);
        // oxlint-disable-next-line no-await-in-loop -- one kill after another
        await causeway.start();
        // oxlint-disable-next-line no-await-in-loop -- one kill after another
        await deployment.check();
      }
      await deployment.push(10 * LANES, false);
      await deployment.check();
      // It exits with 0 when the chain is whole.
      await causeway.command(['audit', 'verify', '--json']);
      expect(causeway.errors).toEqual([]);
      // Each connection had a request on its way when its server died, but for those that had just been answered.
      expect(deployment.cut.all).toBeGreaterThan(0);
    },
    120_000 + ROUNDS * OPERATIONS * 100,
  );
});
