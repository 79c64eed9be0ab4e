import type { UpstreamCause, UpstreamDiagnosis } from './cause.js';
import { admin, GENERAL, ID_TOKEN, repair, SERVERS } from './words.js';

/** What Causeway asked for: scopes, codes, groups. */
export const requestDiagnoses = {
  scope_not_configured: repair(
    admin(
      "Okta doesn't offer one of the connection's scopes here",
      'Remove groups from the scopes and add a groups claim to the server, or add the scope there.',
      [...SERVERS, 'Scopes'],
    ),
  ),
  custom_scope_on_org_as: repair(
    admin(
      "Okta's org authorization server doesn't take custom scopes",
      'Remove the custom scopes from the connection, or use a custom authorization server.',
    ),
    'operator',
  ),
  state_invalid: repair(
    admin(
      'Okta refused the state of our request',
      'This is a fault of Causeway: report it with the reference.',
    ),
    'operator',
  ),
  code_invalid: {
    reason: 'expired',
    mender: 'person',
    person: {
      what: '{connection} no longer accepts this sign-in: it was used before or took too long.',
      whatToDo: 'Start again. Nothing is wrong with your account.',
    },
    admin: admin(
      "Okta didn't accept the authorization code",
      'If every sign-in fails so, see that issuer and client ID belong to the same authorization server.',
    ),
  },
  request_refused: repair(
    admin(
      'Okta refused our request as invalid',
      "Read Okta's words in the event, and compare the app's settings with the connection's.",
      ['Reports', 'System Log'],
    ),
  ),
  groups_eval: repair(
    admin(
      "Okta couldn't work out the groups claim",
      'Correct the expression, or choose Filter instead.',
      ID_TOKEN,
    ),
  ),
  groups_too_many: repair(
    admin(
      'The groups claim matched more than 100 groups',
      'Narrow the filter, for example to a prefix, or provision groups by SCIM.',
      ID_TOKEN,
    ),
    'okta_admin',
    {
      what: 'You are in more groups than it can send us.',
      whatToDo: 'Tell your IT team and give them the reference.',
    },
  ),
  groups_missing: {
    reason: 'no_role',
    mender: 'okta_admin',
    person: {
      what: "You signed in, but {connection} didn't tell us your groups.",
      whatToDo: 'Ask your IT team for access and give them the reference.',
    },
    admin: admin(
      'The sign-in brought no groups',
      'Add a groups claim with the filter Matches regex .*',
      ID_TOKEN,
    ),
  },
  encrypted_id_token: repair(
    admin('Okta encrypts the ID token of this app', 'Turn the encryption of ID tokens off.', [
      ...GENERAL,
      'General Settings',
      'Edit',
    ]),
  ),
} satisfies Partial<Record<UpstreamCause, UpstreamDiagnosis>>;
