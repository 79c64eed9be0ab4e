import type { TenantScope } from '../../core/scope.js';
import type { TenantConfiguration } from '../configuration/tenant-configuration.js';
import type { Connection } from '../connection/connection.js';
import type { FailedCheck } from '../connection/lifecycle/turn-on-anyway.js';
import { readSetupStatus, testChecks } from './read-status.js';
import type { SetupLink } from './setup-link.js';
import type { SetupStatusStore } from './setup-status.js';

export interface FailedChecksDeps {
  readonly status: Pick<SetupStatusStore, 'readHere'>;
  readonly publicUrl: string;
  readonly now: () => Date;
}

/**
 * The red checks of a connection: to a link's holder those that the link's status tells, to everybody else those of the
 * connection's last test. A test of its candidate says nothing of what is served.
 * @param link of whoever asks; undefined: nobody's
 */
export async function failedChecks(
  { status, publicUrl, now }: FailedChecksDeps,
  link: SetupLink | undefined,
  scope: TenantScope,
  configuration: TenantConfiguration,
  connection: Connection,
): Promise<readonly FailedCheck[]> {
  const read = async (since: Date) => {
    const { test, ...seen } = await status.readHere(scope, connection, since);
    return { ...seen, test: test?.source === 'candidate' ? undefined : test };
  };
  const checks =
    link === undefined
      ? testChecks(await read(now()))
      : (
          await readSetupStatus(
            { status: { read: (_tenant, _connection, since) => read(since) }, now },
            link,
            configuration,
            publicUrl,
          )
        ).checks;
  return checks.filter((check) => check.status === 'failed').map(({ id, seen }) => ({ id, seen }));
}
