import type { UserId } from '../../core/ids.js';
import type { JsonObject } from '../../core/json.js';
import { sha256 } from '../audit/audit-record.js';
import type { AccountTenant, SignInDeps } from './account-deps.js';
import { CHALLENGE_SECONDS } from './pending-sign-in.js';

/** A challenge as the browser gets it. */
export interface Challenge {
  /** The cookie to which the challenge is bound; it opens nothing else. */
  readonly secret: string;
  /** Options of `navigator.credentials.get`. */
  readonly options: JsonObject;
}

/** Gives a browser a challenge that any passkey of the tenant may answer: nobody is named, so nobody is told of. */
export async function beginChallenge(
  { ids, pending, passkeys }: Pick<SignInDeps, 'ids' | 'pending' | 'passkeys'>,
  tenant: Pick<AccountTenant, 'id'>,
  during: 'sign_in' | 'step_up',
  userId: UserId | null = null,
): Promise<Challenge> {
  const [secret, challenge] = [ids.secret(32), ids.secret(32)];
  await pending.begin(tenant.id, {
    id: ids.uuid(),
    hash: sha256(secret),
    purpose: during,
    userId,
    state: { challenge },
    seconds: CHALLENGE_SECONDS,
  });
  return { secret, options: await passkeys.request(challenge) };
}
