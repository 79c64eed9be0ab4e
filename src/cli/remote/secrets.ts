import { Type } from 'typebox';
import { orNull, Time } from '../../management/contract/common.js';
import { MadeApplicationSecret } from '../../management/contract/secret-rotation.js';
import { pathOf, type RemoteApi } from './api.js';
import { remoteTenant } from './chosen.js';

const SecretBefore = Type.Object({
  secondarySecret: Type.Object({ expiresAt: Type.Optional(orNull(Time)) }),
});

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
