import { Type } from 'typebox';
import { systemClock } from '../../core/clock.js';
import { plainText } from '../../core/text.js';
import type { SecretFacts } from '../../domain/application/application-secret-store.js';
import { orNull, SecretState, Time } from '../../management/contract/common.js';
import { MadeApplicationSecret } from '../../management/contract/secret-rotation.js';
import { CliError, EXIT } from '../exit-codes.js';
import type { Told } from '../told.js';
import { pathOf, type RemoteApi } from './api.js';
import { remoteTenant } from './chosen.js';

const SecretBefore = Type.Object({
  secondarySecret: Type.Object({ expiresAt: Type.Optional(orNull(Time)) }),
});

/** A client secret as a command tells it. Its id is known only where the deployment is configured. */
export type ToldSecret = Omit<Told<SecretFacts>, 'id' | 'createdAt'> & {
  readonly id?: string;
  readonly createdAt: string | null;
};

const APPLICATIONS_MAX = 100_000;
const WithSecrets = Type.Object({
  clientId: Type.String(),
  clientSecret: SecretState,
  secondarySecret: SecretState,
});

/** Client secrets of a tenant's applications, the first one of each first. */
export async function remoteSecrets(
  api: RemoteApi,
  { tenant: slug, application }: { readonly tenant?: string; readonly application?: string },
): Promise<readonly ToldSecret[]> {
  const path = pathOf('tenants', await remoteTenant(api, slug), 'applications');
  const { items } = await api.list(WithSecrets, path, { limit: APPLICATIONS_MAX });
  const chosen = items.filter(({ clientId }) => application === undefined || clientId === application);
  if (application !== undefined && chosen.length === 0)
    throw new CliError(EXIT.usage, [`'${plainText(application, 60)}' is no application of the tenant`]);
  const now = systemClock.now();
  return chosen.flatMap(({ clientId, clientSecret, secondarySecret }) =>
    (
      [
        ['primary', clientSecret],
        ['secondary', secondarySecret],
      ] as const
    ).flatMap(([slot, { set, updatedAt = null, expiresAt = null, lastUsedAt = null }]) => {
      const isExpired = expiresAt !== null && new Date(expiresAt) <= now;
      return set ? [{ clientId, slot, createdAt: updatedAt, expiresAt, lastUsedAt, isExpired }] : [];
    }),
  );
}

/** Makes an application's new client secret, told this once. */
export async function rotateSecretRemotely(
  api: RemoteApi,
  slug: string | undefined,
  { clientId, overlapSeconds }: { readonly clientId: string; readonly overlapSeconds: number },
) {
  const application = pathOf('tenants', await remoteTenant(api, slug), 'applications', clientId);
  const path = `${application}/secret-rotation`;
  const { id, clientSecret } = await api.post(MadeApplicationSecret, path, { body: { overlapSeconds } });
  const { secondarySecret } = await api.get(SecretBefore, application);
  return { clientId, id, clientSecret, previousExpiresAt: secondarySecret.expiresAt ?? null };
}
