import { randomBytes } from 'node:crypto';
import type { Clock } from '../../src/core/clock.js';
import { createIds } from '../../src/core/ids.js';
import type { ConnectionId, TenantId } from '../../src/core/ids.js';
import type { LogFields, Logger } from '../../src/core/logger.js';
import type { Connection, ConnectionSettings } from '../../src/domain/connection/connection.js';
import { createOutbound } from '../../src/outbound/outbound.js';
import type { Outbound } from '../../src/outbound/outbound.js';
import { UpstreamError } from '../../src/rp/causes.js';
import type { UpstreamParty } from '../../src/rp/party.js';
import { createConnectionTester } from '../../src/rp/testing/tester.js';
import type { ConnectionTester } from '../../src/rp/testing/tester.js';
import { createRelyingParty } from '../../src/rp/relying-party.js';
import type { CompletedSignIn, ExpectedSignIn, RelyingParty } from '../../src/rp/relying-party.js';
import type { HostileProvider } from '../support/hostile-provider.js';
import { MemoryKeySets } from './memory-key-sets.js';

/** The machine's time, moved by hand: tokens of a real provider carry real times. */
export class MovableClock implements Clock {
  offsetSeconds = 0;
  now(): Date {
    return new Date(Date.now() + this.offsetSeconds * 1_000);
  }
}

/** A logger that keeps its lines. */
export class KeptLog implements Logger {
  readonly lines: { event: string; fields: LogFields }[] = [];
  debug = (event: string, fields: LogFields = {}): void => void this.lines.push({ event, fields });
  info = this.debug;
  warn = this.debug;
  error = this.debug;
  child = (): Logger => this;
  events(): string[] {
    return this.lines.map(({ event }) => event);
  }
}

const ids = createIds(randomBytes, () => Date.now());
export const TENANT = ids.uuid<TenantId>();
export const CONNECTION = ids.uuid<ConnectionId>();

export const SECRETS: ExpectedSignIn = {
  state: 'state-1_A.b,c',
  nonce: 'nonce-1',
  codeVerifier: 'v'.repeat(43),
};

export interface Kit {
  readonly rp: RelyingParty;
  readonly tester: ConnectionTester;
  readonly keySets: MemoryKeySets;
  readonly clock: MovableClock;
  readonly log: KeptLog;
  readonly outbound: Outbound;
  /** Another node: nothing in memory, the same store. */
  otherNode(): RelyingParty;
}

const open: Outbound[] = [];

/** A relying party on a real, guarded HTTP client that may call loopback. */
export function aKit(): Kit {
  const clock = new MovableClock();
  const log = new KeptLog();
  const outbound = createOutbound({ privateAddresses: 'allow', allowHttpLoopback: true, clock, log });
  open.push(outbound);
  const keySets = new MemoryKeySets(clock);
  const make = (): RelyingParty => createRelyingParty({ outbound, keySets, clock, ids, log });
  const tester = createConnectionTester({ outbound, clock, ids, log });
  return { rp: make(), tester, keySets, clock, log, outbound, otherNode: make };
}

export async function closeKits(): Promise<void> {
  await Promise.all(open.splice(0).map((outbound) => outbound.close()));
}

type Overrides = Partial<Omit<Connection, 'settings'>> & { settings?: Partial<ConnectionSettings> };

export function aConnection(
  provider: Pick<HostileProvider, 'issuer' | 'clientId'>,
  overrides: Overrides = {},
): Connection {
  const { settings, ...rest } = overrides;
  return {
    id: CONNECTION,
    key: 'okta',
    type: 'okta',
    name: 'Acme Okta',
    issuer: provider.issuer,
    version: 1,
    status: 'enabled',
    ...rest,
    settings: {
      clientId: provider.clientId,
      clientAuth: 'client_secret_post',
      scopes: ['openid', 'profile', 'email', 'groups'],
      groupsClaim: 'groups',
      groupsFrom: ['id_token', 'userinfo'],
      groupSource: 'auto',
      join: { claim: 'sub', attribute: 'externalId' },
      acrValues: [],
      federationBrokerMode: false,
      provisioning: 'create-and-update',
      revalidateSeconds: null,
      revalidateGraceSeconds: 3_600,
      forwardLogout: false,
      ...settings,
    },
  };
}

export function aParty(
  provider: Pick<HostileProvider, 'issuer' | 'clientId'>,
  overrides: Overrides = {},
  rest: Partial<Omit<UpstreamParty, 'connection'>> = {},
): UpstreamParty {
  return {
    tenantId: TENANT,
    connection: aConnection(provider, overrides),
    secrets: { clientSecret: 'a-good-client-secret' },
    clientKeys: [],
    redirectUri: 'http://localhost:3000/t/acme/callback/okta',
    ...rest,
  };
}

let codes = 0;

/** The parameters of an honest callback, with a code of its own. */
export function callback(changes: Record<string, string> = {}): URLSearchParams {
  codes += 1;
  return new URLSearchParams({ code: `code-of-one-sign-in-${codes}`, state: SECRETS.state, ...changes });
}

/** Comes back from the upstream and completes the sign-in. */
export function signIn(
  { rp }: Pick<Kit, 'rp'>,
  party: UpstreamParty,
  {
    expected = {},
    parameters = callback(),
  }: { expected?: Partial<ExpectedSignIn>; parameters?: URLSearchParams } = {},
): Promise<CompletedSignIn> {
  return rp.completeSignIn(party, parameters, { ...SECRETS, ...expected });
}

/** The refusal that a promise ends with; anything else fails the test. */
export async function refusal(promise: Promise<unknown>): Promise<UpstreamError> {
  const error: unknown = await promise.then(
    () => new Error('it was not refused'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof UpstreamError) return error;
  throw error;
}
