import { setTimeout as sleep } from 'node:timers/promises';
import { Type, type Static } from 'typebox';
import { systemClock } from '../../core/clock.js';
import { verdictOf } from '../../domain/connection/testing/check.js';
import { ConnectionTestResource } from '../../management/contract/connection-tests.js';
import { chosenKey, type ConnectionTestOptions, type ToldConnection } from '../tested-connection.js';
import { CliError, EXIT } from '../exit-codes.js';
import { pathOf, type RemoteApi } from './api.js';
import { remoteTenant } from './chosen.js';

const POLL_MS = 250;
/** Longer than an upstream that never answers is given for all questions together. */
const PATIENCE_MS = 60_000;
/** A test ends by itself after ten minutes. */
const SIGN_IN_PATIENCE_MS = 660_000;
const SIGN_IN_POLL_MS = 1_000;
const CONNECTIONS_MAX = 1_000;
const KeyOf = Type.Object({ key: Type.String() });

type Test = Static<typeof ConnectionTestResource>;

/**
 * Starts a test at a running deployment, and waits for what needs no person; with `signIn`, for a person, too.
 * @param invite tells the person in front where to sign in
 */
export async function testRemotely(
  api: RemoteApi,
  options: ConnectionTestOptions,
  invite: (signInUrl: string) => void,
): Promise<ToldConnection> {
  const tenant = await remoteTenant(api, options.tenant);
  const key = options.connection ?? (await onlyConnection(api, tenant));
  const connection = pathOf('tenants', tenant, 'connections', key);
  const started = await api.post(ConnectionTestResource, `${connection}/test`, { body: {} });
  const read = () => api.get(ConnectionTestResource, `${connection}/tests/${started.id}`);
  const probed = await whileIn('probing', started, read, { pollMs: POLL_MS, patienceMs: PATIENCE_MS });
  const signInUrl = probed.state === 'waiting' ? started.signInUrl : undefined;
  if (options.signIn !== true || signInUrl === undefined)
    return { ...toldTest(key, probed), ...(signInUrl === undefined ? {} : { signInUrl }) };
  invite(signInUrl);
  const waiting = { pollMs: SIGN_IN_POLL_MS, patienceMs: SIGN_IN_PATIENCE_MS };
  const ended = await whileIn('waiting', probed, read, waiting);
  return { ...toldTest(key, ended), state: ended.state, person: ended.person };
}

const toldTest = (connection: string, { verdict, checks, counts }: Test): ToldConnection => ({
  connection,
  verdict: verdict ?? verdictOf(checks),
  counts,
  checks,
});

async function whileIn(
  state: string,
  first: Test,
  read: () => Promise<Test>,
  { pollMs, patienceMs }: { readonly pollMs: number; readonly patienceMs: number },
): Promise<Test> {
  const until = systemClock.now().getTime() + patienceMs;
  let test = first;
  while (String(test.state) === state) {
    if (systemClock.now().getTime() > until)
      throw new CliError(EXIT.unreachable, ['the deployment does not come to an end with the test']);
    // oxlint-disable-next-line no-await-in-loop -- until it is so
    await sleep(pollMs);
    // oxlint-disable-next-line no-await-in-loop -- as above
    test = await read();
  }
  return test;
}

async function onlyConnection(api: RemoteApi, tenant: string): Promise<string> {
  const path = pathOf('tenants', tenant, 'connections');
  const { items } = await api.list(KeyOf, path, { limit: CONNECTIONS_MAX });
  return chosenKey(
    items.map(({ key }) => key),
    undefined,
  );
}
