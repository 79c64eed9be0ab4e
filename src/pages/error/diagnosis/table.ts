import { answerDiagnoses } from './answers.js';
import type { UpstreamCause, UpstreamDiagnosis } from './cause.js';
import { credentialDiagnoses } from './credentials.js';
import { outageDiagnoses } from './outages.js';
import { peopleDiagnoses } from './people.js';
import { requestDiagnoses } from './requests.js';

/** Every cause, told twice: to the person in front of it, and to whoever can mend it. */
export const upstreamDiagnoses: Readonly<Record<UpstreamCause, UpstreamDiagnosis>> = Object.freeze({
  ...peopleDiagnoses,
  ...credentialDiagnoses,
  ...requestDiagnoses,
  ...answerDiagnoses,
  ...outageDiagnoses,
});

/** The diagnosis of a cause. */
export function diagnosisOf(cause: UpstreamCause): UpstreamDiagnosis {
  return upstreamDiagnoses[cause];
}

/** The click path of a cause in Okta's Admin Console in one line, or undefined where nothing there helps. */
export function oktaPath(cause: UpstreamCause): string | undefined {
  const { path } = upstreamDiagnoses[cause].admin;
  return path.length === 0 ? undefined : path.join(' → ');
}
