import type { UpstreamDiagnosis } from './cause.js';

/**
 * Okta's labels as of August 2026. *Authentication* is the older *Sign On* in orgs with threat protection.
 */
export const APP = ['Applications and Resources', 'Applications', 'the app'];
export const GENERAL = [...APP, 'General'];
export const CREDENTIALS = [...GENERAL, 'Client Credentials', 'Edit'];
export const SIGN_ON = [...APP, 'Sign On'];
export const ID_TOKEN = [...SIGN_ON, 'OpenID Connect ID Token', 'Edit'];
export const SERVERS = ['Security', 'API', 'Authorization Servers', 'the server'];

/**
 * What a person reads where only the organization's admin can help: the same for every cause of that kind.
 */
export const BROKEN = {
  what: "We couldn't finish your sign-in with it. It's not your password.",
  whatToDo: 'Tell your IT team and give them the reference.',
};
export const STOPPED = {
  what: "A sign-in rule of your organization didn't allow it.",
  whatToDo: 'Your IT team can see why with the reference.',
};
export const BUSY = {
  what: "It's not your password.",
  whatToDo: 'Try again in a minute.',
};
export const ONCE_MORE = {
  heading: "This sign-in can't be finished",
  what: "The answer of {connection} didn't fit the sign-in that you started.",
  whatToDo: 'Start again. If it happens again, give your IT team the reference.',
};

type Admin = UpstreamDiagnosis['admin'];
export const admin = (title: string, cure: string, path: readonly string[] = []): Admin => ({
  title,
  cure,
  path,
});

/** The connection's settings and Okta's don't agree: nobody can sign in until an admin acts. */
export const repair = (
  told: Admin,
  mender: 'okta_admin' | 'operator' = 'okta_admin',
  person: UpstreamDiagnosis['person'] = BROKEN,
): UpstreamDiagnosis => ({
  reason: 'connection_broken',
  mender,
  person,
  admin: told,
});
/** Okta's rules kept this person out. */
export const refused = (told: Admin, person: UpstreamDiagnosis['person'] = STOPPED): UpstreamDiagnosis => ({
  reason: 'upstream_refused',
  mender: 'okta_admin',
  person,
  admin: told,
});
export const waits = (told: Admin, person: UpstreamDiagnosis['person'] = BUSY): UpstreamDiagnosis => ({
  reason: 'upstream_unavailable',
  mender: 'time',
  person,
  admin: told,
});
