import type { UpstreamCause, UpstreamDiagnosis } from './cause.js';
import { CREDENTIALS, GENERAL_SETTINGS, ID_TOKEN, SERVERS, SYSTEM_LOG } from './okta-paths.js';
import { admin, repair } from './words.js';

/** What Causeway asked for: scopes, codes, groups. */
export const requestDiagnoses = {
  scope_not_configured: repair(
    admin(
      "Okta doesn't offer one of the connection's scopes here",
      'The scope groups belongs to the org. A custom server has it only if somebody made it.',
      'Remove groups from the scopes and add a groups claim to the server, or add the scope there.',
      [...SERVERS, { name: 'Scopes' }],
    ),
  ),
  custom_scope_on_org_as: repair(
    admin(
      "Okta's org authorization server doesn't take custom scopes",
      'It knows the scopes of OpenID Connect, and groups unless the app is from the catalog.',
      'Remove the custom scopes from the connection, or use a custom authorization server.',
      SERVERS.slice(0, 3),
    ),
    'operator',
  ),
  state_invalid: repair(
    admin(
      'Okta refused the state of our request',
      'It takes letters, digits and few signs, and that is all that is sent.',
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
      'A code works once and for five minutes, at the server that gave it.',
      'If every sign-in fails so, see that issuer and client ID belong to the same authorization server.',
      CREDENTIALS,
    ),
  },
  request_refused: repair(
    admin(
      'Okta refused our request as invalid',
      'Something in it does not fit the settings of the app.',
      "Read Okta's words in the event, and compare the app's settings with the connection's.",
      SYSTEM_LOG,
    ),
  ),
  groups_eval: repair(
    admin(
      "Okta couldn't work out the groups claim",
      'Its expression has a fault, or asks for more than 100 groups.',
      'Correct the expression, or choose Filter instead. With the Groups API set up, sign-ins do without the claim.',
      ID_TOKEN,
    ),
  ),
  groups_too_many: repair(
    admin(
      'The groups claim matched more groups than it can hold',
      'Okta stops at 100. Causeway takes all or none, since a part would take roles away.',
      'Set up the connection’s Groups API, which tells them all. Or narrow the filter, or provision groups by SCIM.',
      ID_TOKEN,
    ),
    'okta_admin',
    {
      what: 'You are in more groups than it can send us.',
      whatToDo: 'Tell your IT team and give them the reference.',
    },
  ),
  encrypted_id_token: repair(
    admin(
      'Okta encrypts the ID token of this app',
      'Causeway gets it over TLS from Okta itself, and reads signed tokens only.',
      'Turn the encryption of ID tokens off.',
      GENERAL_SETTINGS,
    ),
  ),
} satisfies Partial<Record<UpstreamCause, UpstreamDiagnosis>>;
