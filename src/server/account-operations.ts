import { systemClock } from '../core/clock.js';
import type { Ids } from '../core/ids.js';
import type { SignInDeps } from '../domain/account/account-deps.js';
import type { ApplyDeps } from '../domain/configuration/apply-deps.js';
import type { Operation } from '../management/api/operation.js';
import { operatorOperations } from '../management/routes/operators.js';
import { ownFactorOperations } from '../management/routes/own-factors.js';

/** What the API does with local accounts: others', and one's own. */
export function accountOperations(
  { publicUrl, ids, signIn }: { readonly publicUrl: string; readonly ids: Ids; readonly signIn: SignInDeps },
  apply: ApplyDeps,
): readonly Operation[] {
  const auditTools = { ids, clock: systemClock };
  return [
    ...operatorOperations({ ...apply, ...signIn, publicUrl, auditTools }),
    ...ownFactorOperations(signIn),
  ];
}
