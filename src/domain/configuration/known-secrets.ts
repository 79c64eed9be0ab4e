import type { StoredApplicationSecret } from '../application/application.js';
import type { KeyMaker } from '../keys/key-maker.js';
import { connectionSecretPlace, webhookSecretPlace } from '../keys/sealed-places.js';
import type { Vault } from '../keys/vault.js';
import type { ConfiguredTenant } from './configuration-store.js';
import type { KnownSecrets, SecretPlace } from './rules.js';

/** The secrets of a tenant as it is stored: hashes are compared, what is sealed is opened. */
export function knownSecrets(
  tenant: ConfiguredTenant,
  keys: Pick<KeyMaker, 'hash'>,
  vault: Vault,
): KnownSecrets {
  const secretsOf = (clientId: string): readonly StoredApplicationSecret[] => {
    const known = tenant.configuration.applications.find((one) => one.clientId === clientId);
    return known === undefined ? [] : (tenant.applicationSecrets.get(known.id) ?? []);
  };
  const hashesAt = (place: SecretPlace): readonly Uint8Array[] => {
    if ('scimToken' in place) {
      const hash = tenant.scimTokenHashes.get(place.scimToken);
      return hash === undefined ? [] : [hash];
    }
    if ('application' in place)
      return secretsOf(place.application)
        .filter((secret) => secret.slot === (place.slot ?? 'primary'))
        .map((secret) => secret.hash);
    return [];
  };
  const openWebhook = (clientId: string): string | null => {
    const known = tenant.configuration.applications.find((one) => one.clientId === clientId);
    const sealed = known === undefined ? undefined : tenant.webhookSecrets.get(known.id);
    if (known === undefined || sealed === undefined) return null;
    return vault.open(webhookSecretPlace(tenant.configuration.tenant.id, known.id), sealed);
  };
  const openAt = (place: SecretPlace): string | null => {
    if ('webhook' in place) return openWebhook(place.webhook);
    if (!('connection' in place)) return null;
    const { configuration, connectionSecrets } = tenant;
    const connection = configuration.connections.find((one) => one.key === place.connection);
    const sealed =
      connectionSecrets.find((one) => one.connectionId === connection?.id)?.[place.member] ?? null;
    if (connection === undefined || sealed === null) return null;
    return vault.open(connectionSecretPlace(configuration.tenant.id, connection.id, place.member), sealed);
  };
  return {
    has: (place) => hashesAt(place).length > 0 || openAt(place) !== null,
    holds(place, value) {
      if ('connection' in place || 'webhook' in place) return openAt(place) === value;
      const wanted = Buffer.from(keys.hash(value));
      return hashesAt(place).some((hash) => wanted.equals(hash));
    },
    endOf(clientId, value) {
      const wanted = Buffer.from(keys.hash(value));
      return secretsOf(clientId).find((secret) => wanted.equals(secret.hash))?.expiresAt ?? undefined;
    },
  };
}
