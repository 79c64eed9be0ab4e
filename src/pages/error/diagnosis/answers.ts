import type { UpstreamCause, UpstreamDiagnosis } from './cause.js';
import { admin, CREDENTIALS, ID_TOKEN, ONCE_MORE, repair, SERVERS } from './words.js';

/** What Okta's answers say: issuer, keys, tokens, clocks. */
export const answerDiagnoses = {
  issuer_mismatch: repair(
    admin(
      'Tokens come from another address than the connection names',
      'Choose the address of the connection as issuer, or enter the one that Okta uses.',
      [...ID_TOKEN, 'Issuer'],
    ),
  ),
  wrong_authorization_server: repair(
    admin(
      'Code and tokens come from different authorization servers',
      'Enter the issuer of the server on which the app is allowed.',
      [...SERVERS, 'Settings', 'Issuer'],
    ),
  ),
  custom_as_missing: repair(
    admin("This authorization server doesn't exist in Okta", 'Check the id after /oauth2/ in the issuer.', [
      'Security',
      'API',
      'Authorization Servers',
    ]),
  ),
  no_api_am: repair(
    admin(
      'This Okta plan has no custom authorization servers',
      'Use the org address without /oauth2/ as issuer.',
    ),
    'operator',
  ),
  admin_host: repair(
    admin("The issuer is the address of Okta's Admin Console", 'Remove -admin from the host name.'),
    'operator',
  ),
  key_unknown: repair(
    admin(
      'The token is signed by a key that Okta has not published',
      'Try once more. If it stays, see whether the app is pinned to a signing key of its own.',
      [...SERVERS, 'Settings', 'Signing Keys'],
    ),
  ),
  keys_missing: repair(
    admin(
      'Okta published no signing keys',
      'See that the issuer is right and that the server is active.',
      SERVERS,
    ),
  ),
  token_invalid: repair(
    admin(
      "Okta's token failed a check",
      'The event names the check. Compare issuer and client ID with the app.',
      CREDENTIALS,
    ),
  ),
  userinfo_mismatch: repair(
    admin('Token and userinfo speak of different people', 'See that issuer and userinfo belong to one org.'),
    'operator',
  ),
  nonce_mismatch: {
    reason: 'upstream_refused',
    mender: 'person',
    person: ONCE_MORE,
    admin: admin(
      'The ID token belongs to another sign-in than the one that was started',
      'Once may be an old tab. Often may be a replay: compare the addresses in the events.',
    ),
  },
  clock_skew: repair(
    admin("Our clock and Okta's differ", 'Set the clock of the machine that runs Causeway by NTP.'),
    'operator',
  ),
} satisfies Partial<Record<UpstreamCause, UpstreamDiagnosis>>;
