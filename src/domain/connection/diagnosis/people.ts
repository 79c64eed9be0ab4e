import type { UpstreamCause, UpstreamDiagnosis } from './cause.js';
import { APP_POLICY, ASSIGNMENTS, GENERAL, labels, SERVERS, SYSTEM_LOG } from './okta-paths.js';
import { admin, refused } from './words.js';

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
      'Only who is assigned, directly or by a group, may come in through the app.',
      'Assign the person or one of their groups.',
      [...ASSIGNMENTS, ...labels('Assign', 'Assign to People')],
    ),
  },
  policy_no_match: refused(
    admin(
      'No access policy of the authorization server fits this sign-in',
      'A custom server lets nobody in until a policy says who. A new one has none.',
      'Add a rule for this app with the grant Authorization Code and the scopes of the connection.',
      [...SERVERS, { name: 'Access Policies' }],
    ),
  ),
  app_policy_denied: refused(
    admin(
      "The app's sign-in policy denied the person",
      'Okta shows this on a page of its own and sends nobody back.',
      'Look at the rules of its policy.',
      APP_POLICY,
    ),
  ),
  network_zone: refused(
    admin(
      "Okta takes requests for this app only from its network zones, and Causeway's address isn't in them",
      'It is about the address of Causeway, not that of the person.',
      "Add the address from which Causeway calls to the app's zones.",
      labels('Security', 'Networks'),
    ),
    {
      what: "{connection} doesn't take requests from our network.",
      whatToDo: 'Tell your IT team and give them the reference.',
    },
  ),
  access_denied: refused(
    admin(
      'Okta denied the sign-in',
      'Okta gave no reason that has a name. The person may have stopped it.',
      "Find the reason in Okta's System Log at the time of this event.",
      SYSTEM_LOG,
    ),
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
      "Okta couldn't give the assurance that was asked for",
      'The person has no factor that is strong enough, or the policy allows none.',
      'Let the policy allow the factor, and see that the person has enrolled one.',
      APP_POLICY,
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
      'The sign-in was weaker than what was asked for',
      'Okta passes over a demand that it does not know, and says so in the token alone.',
      "Let the app's policy require the factor, so that Okta asks for it.",
      APP_POLICY,
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
      'The person was still signed in at Okta, and was not asked again.',
      'If it stays, let the policy of the app ask for a new sign-in.',
      APP_POLICY,
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
      'It is how applications find out quietly whether somebody is signed in.',
      'Nothing to change.',
    ),
  },
  consent_required: refused(
    admin(
      'Okta wants consent of its own for this app',
      'The app is set to ask people, beside what Causeway asks them.',
      'Clear the option that asks people for consent.',
      [...GENERAL, { name: 'User consent' }],
    ),
    {
      heading: '{connection} needs your consent first',
      what: 'It wants you to agree, and this sign-in had no room for that.',
      whatToDo: 'Start again from your application.',
    },
  ),
} satisfies Partial<Record<UpstreamCause, UpstreamDiagnosis>>;
