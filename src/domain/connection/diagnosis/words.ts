import type { AdminWords, Diagnosis, Mender, UpstreamDiagnosis } from './cause.js';
import type { OktaPath } from './okta-paths.js';

/**
 * What a person reads where only the organization's admin can help: the same for every cause of that kind.
 */
const BROKEN = {
  what: "We couldn't finish your sign-in with it. It's not your password.",
  whatToDo: 'Tell your IT team and give them the reference.',
};
const STOPPED = {
  what: "A sign-in rule of your organization didn't allow it.",
  whatToDo: 'Your IT team can see why with the reference.',
};
const BUSY = {
  what: "It's not your password.",
  whatToDo: 'Try again in a minute.',
};
export const ONCE_MORE = {
  heading: "This sign-in can't be finished",
  what: "The answer of {connection} didn't fit the sign-in that you started.",
  whatToDo: 'Start again. If it happens again, give your IT team the reference.',
};

export const admin = (title: string, meaning: string, cure: string, path: OktaPath = []): AdminWords => ({
  title,
  meaning,
  cure,
  path,
});

/** The connection's settings and Okta's don't agree: nobody can sign in until an admin acts. */
export const repair = (
  told: AdminWords,
  mender: 'okta_admin' | 'operator' = 'okta_admin',
  person: UpstreamDiagnosis['person'] = BROKEN,
): UpstreamDiagnosis => ({ reason: 'connection_broken', mender, person, admin: told });

/** Okta's rules kept this person out. */
export const refused = (
  told: AdminWords,
  person: UpstreamDiagnosis['person'] = STOPPED,
): UpstreamDiagnosis => ({ reason: 'upstream_refused', mender: 'okta_admin', person, admin: told });

/** Okta can't answer now. */
export const waits = (told: AdminWords, person: UpstreamDiagnosis['person'] = BUSY): UpstreamDiagnosis => ({
  reason: 'upstream_unavailable',
  mender: 'time',
  person,
  admin: told,
});

/** What only an admin ever reads of. */
export const finding = (told: AdminWords, mender: Mender = 'okta_admin'): Diagnosis => ({
  mender,
  admin: told,
});
