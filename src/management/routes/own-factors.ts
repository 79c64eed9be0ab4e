import { DomainError } from '../../core/errors.js';
import type { SignInDeps } from '../../domain/account/account-deps.js';
import {
  addPasskey,
  beginPasskey,
  removePasskey,
  renewRecoveryCodes,
  type OwnChange,
} from '../../domain/account/factors.js';
import { sha256 } from '../../keys/hash.js';
import type { ApiCall } from '../api/call.js';
import { named, operation, type Operation } from '../api/operation.js';
import { Problem } from '../api/problems.js';
import {
  MadePasskey,
  NewPasskey,
  OwnPasskeys,
  PasskeyChallenge,
  RecoveryCodes,
} from '../contract/operators.js';

/** What a local account's own person changes of how they sign in, right after they proved who they are. */
export function ownFactorOperations(deps: SignInDeps): readonly Operation[] {
  return [
    operation({
      id: 'listOwnPasskeys',
      method: 'GET',
      path: '/me/passkeys',
      summary: 'The passkeys of whoever is signed in: names, since when, when they were last used',
      permission: 'none',
      answer: named('OwnPasskeys', OwnPasskeys),
      async handle(call) {
        const { userId } = own(call);
        return { body: { items: await deps.accounts.passkeysOf(call.tenant.id, userId) } };
      },
    }),
    operation({
      id: 'beginPasskey',
      method: 'POST',
      path: '/me/passkeys/challenge',
      summary: 'Gives what a browser needs to make another passkey of whoever is signed in',
      permission: 'none',
      answer: named('PasskeyChallenge', PasskeyChallenge),
      async handle(call) {
        const { secret, options } = await told(beginPasskey(deps, call.tenant, own(call)));
        return { body: { challenge: secret, options } };
      },
    }),
    operation({
      id: 'addPasskey',
      method: 'POST',
      path: '/me/passkeys',
      summary: 'Adds the passkey that the browser has made',
      permission: 'none',
      body: named('NewPasskey', NewPasskey),
      status: 201,
      answer: named('MadePasskey', MadePasskey),
      async handle(call, { body }) {
        const { challenge, answer, name } = body;
        const change = { ...own(call), pendingHash: sha256(challenge), answer, name };
        return { body: await told(addPasskey(deps, call.tenant, change)) };
      },
    }),
    operation({
      id: 'removePasskey',
      method: 'DELETE',
      path: '/me/passkeys/{id}',
      summary: 'Takes a passkey away; the only way in stays',
      permission: 'none',
      status: 204,
      async handle(call, { path }) {
        await told(removePasskey(deps, call.tenant, { ...own(call), passkeyId: String(path['id']) }));
        return { status: 204 };
      },
    }),
    operation({
      id: 'renewRecoveryCodes',
      method: 'POST',
      path: '/me/recovery-codes',
      summary: 'Gives ten new recovery codes, told this once; those before count no more',
      permission: 'none',
      answer: named('RecoveryCodes', RecoveryCodes),
      async handle(call) {
        return { body: { codes: await told(renewRecoveryCodes(deps, call.tenant, own(call))) } };
      },
    }),
  ];
}

/** Whoever is signed in to the console: a token is nobody who could prove anything anew. */
function own({ caller, origin }: ApiCall): OwnChange {
  const { kind, userId, authenticatedAt } = caller;
  if (kind !== 'console' || userId === null || authenticatedAt === null)
    throw new Problem('forbidden', 'Only a person who is signed in to the console does that.');
  return { userId, authenticatedAt, origin };
}

/** The domain's word for a proof that is too old, as the API says it. */
async function told<T>(done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (error) {
    if (error instanceof DomainError && error.details['stepUp'] === 'required')
      throw new Problem(
        'step_up_required',
        'Prove who you are once more: the last time is over 5 minutes ago.',
      );
    throw error;
  }
}
