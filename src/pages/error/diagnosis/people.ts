import type { UpstreamCause, UpstreamDiagnosis } from './cause.js';
import { admin, APP, GENERAL, refused, SERVERS, SIGN_ON } from './words.js';

/** Okta's rules about this person. */
export const peopleDiagnoses = {
  user_not_assigned: {
    reason: 'not_assigned',
    mender: 'okta_admin',
    person: {
      what: "You aren't assigned to it in {connection}.",
      whatToDo: 'Ask your IT team to assign you and give them the reference.',
    },
    admin: admin(
      "This person isn't assigned to the app in Okta",
      'Assign the person or one of their groups.',
      [...APP, 'Assignments', 'Assign', 'Assign to People'],
    ),
  },
  policy_no_match: refused(
    admin(
      'No access policy of the authorization server fits this sign-in',
      'Add a rule for this app with the grant Authorization Code and the scopes of the connection.',
      [...SERVERS, 'Access Policies'],
    ),
  ),
  app_policy_denied: refused(
    admin("The app's sign-in policy denied the person", 'Look at the rules of its policy.', [
      ...SIGN_ON,
      'User authentication',
    ]),
  ),
  network_zone: refused(
    admin(
      "Okta takes requests for this app only from its network zones, and Causeway's address isn't in them",
      "Add the address from which Causeway calls to the app's zones.",
      ['Security', 'Networks'],
    ),
    {
      what: "{connection} doesn't take requests from our network.",
      whatToDo: 'Tell your IT team and give them the reference.',
    },
  ),
  access_denied: refused(
    admin('Okta denied the sign-in', "Find the reason in Okta's System Log at the time of this event.", [
      'Reports',
      'System Log',
    ]),
    {
      what: "Either you stopped it there, or a sign-in rule of your organization didn't allow it.",
      whatToDo: 'Try again, or ask your IT team with the reference.',
    },
  ),
  unmet_authentication: {
    reason: 'mfa_required',
    mender: 'okta_admin',
    person: {
      what: 'Use your second factor when {connection} asks.',
      whatToDo: "If it doesn't ask, your IT team must allow it.",
    },
    admin: admin(
      "Okta couldn't give the assurance that the application asked for",
      'Let the policy allow the factor, and see that the person has enrolled one.',
      [...SIGN_ON, 'User authentication'],
    ),
  },
  assurance_unmet: {
    reason: 'mfa_required',
    mender: 'okta_admin',
    person: {
      what: '{connection} let you in with less than {application} asks for.',
      whatToDo: 'Use your second factor there, or ask your IT team with the reference.',
    },
    admin: admin(
      'The sign-in was weaker than what the application asked for',
      "Let the app's policy require the factor, so that Okta asks for it.",
      [...SIGN_ON, 'User authentication'],
    ),
  },
  auth_too_old: {
    reason: 'mfa_required',
    mender: 'person',
    person: {
      heading: '{application} wants a fresh sign-in',
      what: 'Your sign-in at {connection} is older than it allows.',
      whatToDo: 'Sign in again.',
    },
    admin: admin(
      'Okta brought an older sign-in than the application allows',
      'If it stays, let the policy of the app ask for a new sign-in.',
      [...SIGN_ON, 'User authentication'],
    ),
  },
  login_required: {
    reason: 'upstream_refused',
    mender: 'person',
    person: {
      heading: '{connection} needs to see you again',
      what: "You aren't signed in to {connection}, or your sign-in there is too old.",
      whatToDo: 'Start again from your application.',
    },
    admin: admin(
      'The application asked for a sign-in without a prompt, and Okta needs one',
      'Nothing to change.',
    ),
  },
  consent_required: refused(
    admin('Okta wants consent of its own for this app', 'Clear the option that asks people for consent.', [
      ...GENERAL,
      'User consent',
    ]),
    {
      heading: '{connection} needs your consent first',
      what: 'It wants you to agree, and this sign-in had no room for that.',
      whatToDo: 'Start again from your application.',
    },
  ),
} satisfies Partial<Record<UpstreamCause, UpstreamDiagnosis>>;
