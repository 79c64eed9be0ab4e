import type { UpstreamCause, UpstreamDiagnosis } from './cause.js';
import { CREDENTIALS, GENERAL, GENERAL_SETTINGS, KEYS, labels, LOGIN } from './okta-paths.js';
import { admin, repair } from './words.js';

/** How Causeway shows Okta who it is, and the app's own settings. */
export const credentialDiagnoses = {
  unknown_client: repair(
    admin(
      "Okta doesn't know this client ID",
      'No active app of this org has it. An app of another org is as unknown.',
      "Copy the client ID again. See that it's the right Okta org and that the app is active.",
      CREDENTIALS,
    ),
  ),
  bad_secret: repair(
    admin(
      'Okta refused the secret',
      'The app is known, but no active secret of it is this one.',
      'Copy the client secret again without spaces, or generate a new one and set it on the connection.',
      [...GENERAL, ...labels('Client Secrets', 'Generate new secret')],
    ),
  ),
  auth_method_mismatch: repair(
    admin(
      'Okta expects another kind of client authentication',
      'The app wants a key pair where the connection has a secret, or the other way round.',
      'Choose the same method in Okta and on the connection: a client secret, or a key pair.',
      [...CREDENTIALS, { name: 'Client authentication' }],
    ),
  ),
  assertion_audience: repair(
    admin(
      'Okta refused our key: it expects its own endpoint as audience',
      'The connection speaks to Okta as if it were another kind of provider.',
      'Set the type of the connection to okta, so that the endpoint is named.',
      KEYS,
    ),
    'operator',
  ),
  assertion_kid: repair(
    admin(
      "Okta refused our key: it doesn't have the key with this id",
      'Our keys change by themselves. Okta has to fetch them.',
      "Give Okta the connection's JWKS address.",
      [...KEYS, { name: 'Use a URL to fetch keys dynamically' }],
    ),
  ),
  assertion_signature: repair(
    admin(
      'Okta refused our key: its copy is another one',
      'The id of the key is known there, but the key under it is not ours.',
      "Refresh the keys from the connection's JWKS address.",
      [...KEYS, { name: 'Refresh' }],
    ),
  ),
  assertion_time: repair(
    admin(
      'Okta refused our key: our clock is ahead or behind',
      'Okta takes what is signed by a key for minutes only, and nothing from its future.',
      'Set the clock of the machine that runs Causeway by NTP.',
      CREDENTIALS,
    ),
    'operator',
  ),
  grant_disabled: repair(
    admin(
      "The app in Okta doesn't allow the authorization code grant",
      'A web application of the kind OIDC allows it unless somebody cleared it.',
      'Tick Authorization Code and save.',
      [...GENERAL_SETTINGS, { name: 'Grant type' }],
    ),
  ),
  dpop_required: repair(
    admin(
      'The app in Okta requires DPoP',
      'Causeway uses the tokens at once and keeps none, so it sends no such proof.',
      'Clear the option that requires proof of possession.',
      [...GENERAL_SETTINGS, { name: 'Proof of possession' }],
    ),
  ),
  redirect_uri_mismatch: repair(
    admin(
      "Our callback address isn't on the app",
      'Okta compares it to the letter: scheme, host, port, case and a slash at the end count.',
      "Add the connection's redirect URI exactly, among those for sign-in.",
      [...LOGIN, { name: 'Sign-in redirect URIs' }],
    ),
  ),
  post_logout_mismatch: repair(
    admin(
      "Our sign-out address isn't on the app",
      'Who signs out here would end on an error page of Okta.',
      "Add the connection's sign-out address exactly.",
      [...LOGIN, { name: 'Sign-out redirect URIs' }],
    ),
  ),
} satisfies Partial<Record<UpstreamCause, UpstreamDiagnosis>>;
