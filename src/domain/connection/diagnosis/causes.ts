import { answerDiagnoses } from './answers.js';
import type { ConnectionCause, Diagnosis, SetUpCause, UpstreamCause, UpstreamDiagnosis } from './cause.js';
import { credentialDiagnoses } from './credentials.js';
import { outageDiagnoses } from './outages.js';
import { peopleDiagnoses } from './people.js';
import { provisioningDiagnoses } from './provisioning.js';
import { requestDiagnoses } from './requests.js';
import { setUpDiagnoses } from './set-up.js';

const upstreamDiagnoses: Readonly<Record<UpstreamCause, UpstreamDiagnosis>> = {
  ...peopleDiagnoses,
  ...credentialDiagnoses,
  ...requestDiagnoses,
  ...answerDiagnoses,
  ...outageDiagnoses,
};

const onlyForAdmins: Readonly<Record<SetUpCause, Diagnosis>> = {
  ...setUpDiagnoses,
  ...provisioningDiagnoses,
};

/** Every cause that has a name: the one source for pages, reports, audit events, log and command line. */
const diagnoses: Readonly<Record<ConnectionCause, Diagnosis>> = { ...upstreamDiagnoses, ...onlyForAdmins };

/** What ends sign-ins, told to the person and to the admin. */
export function upstreamDiagnosisOf(cause: UpstreamCause): UpstreamDiagnosis {
  return upstreamDiagnoses[cause];
}

/** What an admin is told of a cause. */
export function diagnosisOf(cause: ConnectionCause): Diagnosis {
  return diagnoses[cause];
}

/** The click path of a cause in Okta's Admin Console in one line, or undefined where nothing there helps. */
export function oktaPath(cause: ConnectionCause): string | undefined {
  const { path } = diagnoses[cause].admin;
  return path.length === 0 ? undefined : path.map(({ name }) => name).join(' → ');
}
