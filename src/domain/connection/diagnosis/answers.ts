import type { UpstreamCause, UpstreamDiagnosis } from './cause.js';
import { CREDENTIALS, ID_TOKEN, labels, SERVERS } from './okta-paths.js';
import { admin, ONCE_MORE, repair } from './words.js';

/** What Okta's answers say: issuer, keys, tokens, clocks. */
export const answerDiagnoses = {
  issuer_mismatch: repair(
    admin(
      'Tokens come from another address than the connection names',
      'An org with a custom domain names either address as issuer, as the app is set.',
      'Choose the address of the connection as issuer, or enter the one that Okta uses.',
      [...ID_TOKEN, { name: 'Issuer' }],
    ),
  ),
  wrong_authorization_server: repair(
    admin(
      'Code and tokens come from different authorization servers',
      'The org and each of its custom servers are issuers of their own.',
      'Enter the issuer of the server on which the app is allowed.',
      [...SERVERS, ...labels('Settings', 'Issuer')],
    ),
  ),
  custom_as_missing: repair(
    admin(
      "This authorization server doesn't exist in Okta",
      'The org is there, but none of its servers has this id.',
      'Check the id after /oauth2/ in the issuer, or use the org address without it.',
      SERVERS.slice(0, 3),
    ),
  ),
  no_api_am: repair(
    admin(
      'This Okta plan has no custom authorization servers',
      'They need API Access Management, which this org has not.',
      'Use the org address without /oauth2/ as issuer.',
    ),
    'operator',
  ),
  key_unknown: repair(
    admin(
      'The token is signed by a key that Okta has not published',
      'Either Okta changed its keys this minute, or the token is not from there.',
      'Try once more. If it stays, see whether the app is pinned to a signing key of its own.',
      [...SERVERS, ...labels('Settings', 'Signing Keys')],
    ),
  ),
  keys_missing: repair(
    admin(
      'Okta published no signing keys',
      'Without them no token can be checked, and none is believed.',
      'See that the issuer is right and that the server is active.',
      SERVERS,
    ),
  ),
  token_invalid: repair(
    admin(
      "Okta's token failed a check",
      'It was not meant for this connection, was changed on the way, or is out of date.',
      'The event names the check. Compare issuer and client ID with the app.',
      CREDENTIALS,
    ),
  ),
  userinfo_mismatch: repair(
    admin(
      'Token and userinfo speak of different people',
      'What userinfo says must be about the person of the ID token.',
      'See that issuer and userinfo belong to one org.',
    ),
    'operator',
  ),
  nonce_mismatch: {
    reason: 'upstream_refused',
    mender: 'person',
    person: ONCE_MORE,
    admin: admin(
      'The answer belongs to another sign-in than the one that was started',
      'State or nonce are not those that were sent.',
      'Once may be an old tab. Often may be a replay: compare the addresses in the events.',
    ),
  },
  clock_skew: repair(
    admin(
      "Our clock and Okta's differ",
      'A minute is tolerated. Beyond that tokens look too old or too new.',
      'Set the clock of the machine that runs Causeway by NTP.',
    ),
    'operator',
  ),
} satisfies Partial<Record<UpstreamCause, UpstreamDiagnosis>>;
