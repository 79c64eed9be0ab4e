import type { AdminWords, Mender } from '../diagnosis/cause.js';
import { diagnosisOf } from '../diagnosis/causes.js';
import { OKTA_PATHS_AS_OF } from '../diagnosis/okta-paths.js';
import type { Check } from './check.js';

/** A check as an admin is told of it, with what mends its cause. */
export interface ToldCheck extends Check {
  readonly cure?: AdminWords & {
    /** When the labels of the path were last compared with Okta. */
    readonly pathsAsOf: string;
    readonly mender: Mender;
  };
}

export function tellCheck(check: Check): ToldCheck {
  const { cause } = check;
  if (cause === undefined) return check;
  const { admin, mender } = diagnosisOf(cause);
  return { ...check, cure: { ...admin, pathsAsOf: OKTA_PATHS_AS_OF, mender } };
}
