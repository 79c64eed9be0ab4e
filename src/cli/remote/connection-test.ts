import { setTimeout as sleep } from 'node:timers/promises';
import { Type } from 'typebox';
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
const CONNECTIONS_MAX = 1_000;
const KeyOf = Type.Object({ key: Type.String() });

/** Starts a test at a running deployment, and waits for what needs no person. */
export async function testRemotely(api: RemoteApi, options: ConnectionTestOptions): Promise<ToldConnection> {
  const tenant = await remoteTenant(api, options.tenant);
  const key = options.connection ?? (await onlyConnection(api, tenant));
  const connection = pathOf('tenants', tenant, 'connections', key);
  const started = await api.post(ConnectionTestResource, `${connection}/test`, { body: {} });
  const until = systemClock.now().getTime() + PATIENCE_MS;
  let test = started;
  while (test.state === 'probing') {
    if (systemClock.now().getTime() > until)
      throw new CliError(EXIT.unreachable, ['the deployment does not come to an end with the upstream']);
    // oxlint-disable-next-line no-await-in-loop -- until it is so
    await sleep(POLL_MS);
    // oxlint-disable-next-line no-await-in-loop -- as above
    test = await api.get(ConnectionTestResource, `${connection}/tests/${started.id}`);
  }
  const { checks, counts } = test;
  return {
    connection: key,
    verdict: test.verdict ?? verdictOf(checks),
    counts,
    checks,
    ...(test.state === 'waiting' && started.signInUrl !== undefined ? { signInUrl: started.signInUrl } : {}),
  };
}

async function onlyConnection(api: RemoteApi, tenant: string): Promise<string> {
  const path = pathOf('tenants', tenant, 'connections');
  const { items } = await api.list(KeyOf, path, { limit: CONNECTIONS_MAX });
  return chosenKey(
    items.map(({ key }) => key),
    undefined,
  );
}
