import { createHash } from 'node:crypto';
import { canonicalJson } from '../../core/json.js';
import type { SealedConnectionSecrets } from '../tenant/tenant-store.js';
import type { Connection } from './connection.js';

/** What of a connection decides whether a sign-in works and what it brings. Names and provisioning rules don't. */
export type TestedConfiguration = Pick<Connection, 'type' | 'issuer' | 'settings'>;

/** A connection's secrets as they are stored. */
export type SealedSecrets = Pick<SealedConnectionSecrets, 'clientSecret' | 'secondarySecret'>;

/**
 * SHA-256 over the exact configuration that a test is of: two connections have the same only if the same sign-in would
 * happen with both. Secrets count by their ciphertext, which changes whenever one is set, so nothing is opened for it.
 * Keys of `private_key_jwt` don't count: they rotate by themselves.
 */
export function fingerprintOf(
  { type, issuer, settings }: TestedConfiguration,
  secrets: SealedSecrets,
): Buffer {
  const { clientId, clientAuth, scopes, groupsClaim, groupsFrom, groupSource, join, acrValues } = settings;
  const usesSecret = clientAuth !== 'private_key_jwt';
  return sha256(
    canonicalJson({
      form: 1,
      type,
      issuer,
      settings: {
        clientId,
        clientAuth,
        scopes: [...scopes],
        groupsClaim,
        groupsFrom: [...groupsFrom],
        groupSource,
        join: { ...join },
        acrValues: [...acrValues],
      },
      clientSecret: usesSecret ? hashed(secrets.clientSecret) : null,
      secondarySecret: usesSecret ? hashed(secrets.secondarySecret) : null,
    }),
  );
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

const hashed = (sealed: string | null): string | null =>
  sealed === null ? null : sha256(sealed).toString('base64url');
