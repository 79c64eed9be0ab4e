import type { UpstreamCause, UpstreamDiagnosis } from './cause.js';
import { admin, CREDENTIALS, GENERAL, repair } from './words.js';

/** How Causeway shows Okta who it is, and the app's own settings. */
export const credentialDiagnoses = {
  unknown_client: repair(
    admin(
      "Okta doesn't know this client ID",
      "Copy the client ID again. See that it's the right Okta org and that the app is active.",
      CREDENTIALS,
    ),
  ),
  bad_secret: repair(
    admin(
      'Okta refused the secret',
      'Copy the client secret again without spaces, or generate a new one and set it on the connection.',
      [...GENERAL, 'Client Secrets', 'Generate new secret'],
    ),
  ),
  auth_method_mismatch: repair(
    admin(
      'Okta expects another kind of client authentication',
      'Choose the same method in Okta and on the connection: a client secret, or a key pair.',
      [...CREDENTIALS, 'Client authentication'],
    ),
  ),
  assertion_audience: repair(
    admin(
      'Okta refused our key: it expects its own endpoint as audience',
      'Set the type of the connection to okta, so that the endpoint is named.',
    ),
    'operator',
  ),
  assertion_kid: repair(
    admin(
      "Okta refused our key: it doesn't have the key with this id",
      "Give Okta the connection's JWKS address.",
      [...CREDENTIALS, 'Public key / Private key', 'Use a URL to fetch keys dynamically'],
    ),
  ),
  assertion_signature: repair(
    admin(
      'Okta refused our key: its copy is another one',
      "Refresh the keys from the connection's JWKS address.",
      [...CREDENTIALS, 'Public key / Private key', 'Refresh'],
    ),
  ),
  assertion_time: repair(
    admin(
      'Okta refused our key: our clock is ahead or behind',
      'Set the clock of the machine that runs Causeway by NTP.',
    ),
    'operator',
  ),
  grant_disabled: repair(
    admin("The app in Okta doesn't allow the authorization code grant", 'Tick Authorization Code and save.', [
      ...GENERAL,
      'General Settings',
      'Edit',
      'Grant type',
    ]),
  ),
  dpop_required: repair(
    admin('The app in Okta requires DPoP', 'Clear the option that requires proof of possession.', [
      ...GENERAL,
      'General Settings',
      'Edit',
      'Proof of possession',
    ]),
  ),
  redirect_uri_mismatch: repair(
    admin(
      "Our callback address isn't on the app",
      "Add the connection's redirect URI exactly: scheme, host, path and case count.",
      [...GENERAL, 'Login', 'Edit', 'Sign-in redirect URIs'],
    ),
  ),
  post_logout_mismatch: repair(
    admin("Our sign-out address isn't on the app", "Add the connection's sign-out address exactly.", [
      ...GENERAL,
      'Login',
      'Edit',
      'Sign-out redirect URIs',
    ]),
  ),
} satisfies Partial<Record<UpstreamCause, UpstreamDiagnosis>>;
