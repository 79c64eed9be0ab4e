import type { ArtifactStore } from '../domain/artifact/artifact-store.js';
import { CONSOLE_CLIENT_ID } from '../domain/application/console-client-id.js';
import type { UserId } from '../core/ids.js';
import type { TenantContext } from '../http/tenant-context.js';
import { sha256 } from '../keys/hash.js';
import { EMPTY_COMMIT } from './empty-commit.js';
import { artifactHash } from './artifact-names.js';

/** A code that the issuer sent to the console, with what the console had kept for it. */
export interface ConsoleCode {
  readonly code: string;
  readonly redirectUri: string;
  readonly nonce: string;
  /** Of PKCE (RFC 7636). */
  readonly verifier: string;
}

/** Who signed in at the issuer, and how. */
export interface ConsoleSignIn {
  readonly userId: UserId;
  /** Of the session at the issuer, which lives. */
  readonly sessionUid: string;
  /** Seconds since the epoch. */
  readonly authTime: number;
  readonly amr: readonly string[];
}

/**
 * Redeems a code of the console within the process (RFC 6749 section 4.1.3): it must be the console's, for its address,
 * bound to its verifier and nonce, of a session and a person of the tenant's own that live; and it is taken once, with the
 * grant of whoever brings it again (invariant 3). No token is made.
 * @returns undefined when it may not be redeemed, whatever the reason
 */
export async function redeemConsoleCode(
  tenant: TenantContext,
  artifacts: Pick<ArtifactStore, 'load' | 'commit'>,
  { code, redirectUri, nonce, verifier }: ConsoleCode,
): Promise<ConsoleSignIn | undefined> {
  const hash = artifactHash('AuthorizationCode', code);
  const [found] = await artifacts.load(tenant.id, [hash]);
  if (found === undefined || found.brokered !== undefined) return undefined;
  const { payload, session, account } = found;
  const { grantId, authTime, amr } = payload;
  const isOwn =
    payload['clientId'] === CONSOLE_CLIENT_ID &&
    payload['redirectUri'] === redirectUri &&
    payload['nonce'] === nonce &&
    payload['codeChallengeMethod'] === 'S256' &&
    payload['codeChallenge'] === sha256(verifier).toString('base64url');
  if (!isOwn || session === undefined || account?.active !== true) return undefined;
  if (typeof grantId !== 'string' || typeof authTime !== 'number') return undefined;
  if (session.userId !== account.userId || payload['accountId'] !== account.userId) return undefined;
  const outcome = await artifacts.commit(tenant.id, {
    ...EMPTY_COMMIT,
    userId: account.userId,
    requiredSession: session.uid,
    consume: [{ hash, grantHash: artifactHash('Grant', grantId), replay: undefined }],
  });
  if (outcome !== 'committed') return undefined;
  return {
    userId: account.userId,
    sessionUid: session.uid,
    authTime,
    amr: Array.isArray(amr) ? amr.filter((method) => typeof method === 'string') : [],
  };
}
