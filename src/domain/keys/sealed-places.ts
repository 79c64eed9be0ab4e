import type { SealedPlace } from './vault.js';

/** Where a connection's secret is sealed. */
export function connectionSecretPlace(
  tenantId: string,
  connectionId: string,
  member: 'clientSecret' | 'secondarySecret',
): SealedPlace {
  const column = member === 'clientSecret' ? 'client_secret' : 'secondary_secret';
  return { tenantId, table: 'connections', column, row: connectionId };
}

/** Where the refresh token that an upstream gave for a person is sealed, with the subject whose it is. */
export function upstreamGrantPlace(tenantId: string, userId: string): SealedPlace {
  return { tenantId, table: 'upstream_grants', column: 'refresh_token_sealed', row: userId };
}

/** Where the private half of a signing key is sealed, as JSON. */
export function signingKeyPlace(tenantId: string, keyId: string): SealedPlace {
  return { tenantId, table: 'signing_keys', column: 'private_jwk', row: keyId };
}

/** Where the secret of an application's webhook is sealed. */
export function webhookSecretPlace(tenantId: string, applicationId: string): SealedPlace {
  return { tenantId, table: 'applications', column: 'webhook_secret_sealed', row: applicationId };
}

/** Where what a device calls itself is sealed, for as long as it is to be told. */
export function deviceReferencePlace(tenantId: string, deliveryId: string): SealedPlace {
  return { tenantId, table: 'outbox', column: 'payload.reference', row: deliveryId };
}

/** Where the ID Token of a sign-in is sealed, for as long as its session may forward a sign-out. */
export function upstreamIdTokenPlace(tenantId: string, row: string): SealedPlace {
  return { tenantId, table: 'sessions', column: 'upstream_id_token', row };
}
