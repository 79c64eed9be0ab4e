import type { Diagnosis, SetUpCause } from './cause.js';
import { GENERAL, ID_TOKEN, labels, SERVERS } from './okta-paths.js';
import { admin, finding } from './words.js';

/** The address that was typed: most of it is put right without asking. */
const ADDRESS = {
  admin_host: finding(
    admin(
      "Address corrected: it was that of Okta's Admin Console",
      'The console has a host of its own, which signs nobody in.',
      'Nothing to do: -admin was removed from the host name.',
    ),
    'nobody',
  ),
  wellknown_suffix: finding(
    admin(
      'Address corrected: it was that of the metadata',
      'The issuer is what stands before /.well-known/.',
      'Nothing to do: the end was removed.',
    ),
    'nobody',
  ),
  trailing_slash: finding(
    admin(
      'Address corrected: it ended in a slash',
      "Okta's issuers have none, and they are compared to the letter.",
      'Nothing to do: the slash was removed.',
    ),
    'nobody',
  ),
  address_shortened: finding(
    admin(
      'Address corrected: it was that of a page or an endpoint',
      'Only the host and the id of the authorization server count.',
      'Nothing to do: the rest was removed.',
    ),
    'nobody',
  ),
  http: finding(
    admin(
      "This address isn't safe",
      'What is sent without TLS can be read and changed on the way.',
      'Use the address with https://.',
    ),
    'operator',
  ),
  wrong_environment: finding(
    admin(
      'No Okta org answers at this address',
      'Okta has separate orgs at okta.com, oktapreview.com and okta-emea.com, with the same names.',
      "Look at the address bar of Okta's Admin Console and enter that host, without -admin.",
      labels('your name, top right'),
    ),
  ),
} satisfies Partial<Record<SetUpCause, Diagnosis>>;

/** What a test sign-in brought, or didn't. */
const SIGN_IN = {
  key_pinned: finding(
    admin(
      'The app is pinned to a signing key of its own',
      'Okta lists that key only for this client, so the published keys never fit.',
      'Set the signing keys back to automatic rotation.',
      [...SERVERS, ...labels('Settings', 'Signing Keys')],
    ),
  ),
  thin_token: finding(
    admin(
      'Some claims come only from userinfo',
      'Okta keeps its ID tokens small. Causeway asks userinfo for the rest at each sign-in.',
      'Nothing to do.',
    ),
    'nobody',
  ),
  groups_missing: finding(
    admin(
      'The sign-in brought no groups',
      'No groups claim, a filter that matches none, or groups of a directory, which a filter never sees.',
      'Add a groups claim with the filter Matches regex .*',
      ID_TOKEN,
    ),
  ),
  groups_malformed: finding(
    admin(
      "The groups claim can't be read",
      'It holds something else than names, or than objects with id and name.',
      'Choose Filter, or let the expression give names.',
      ID_TOKEN,
    ),
  ),
  browser_lost: finding(
    admin(
      'Another browser came back than the one that left',
      'The answer of Okta came without the cookie of this test.',
      'Run the test again, in one browser that keeps cookies.',
    ),
    'person',
  ),
  fbm_suspected: finding(
    admin(
      'Federation Broker Mode seems to be on',
      'Then Okta hides provisioning and all that ends sessions: sign-in works, and nothing else ever comes.',
      'Clear the option, and assign people or groups.',
      [...GENERAL, { name: 'Federation Broker Mode', also: 'App Settings' }],
    ),
  ),
} satisfies Partial<Record<SetUpCause, Diagnosis>>;

export const setUpDiagnoses = { ...ADDRESS, ...SIGN_IN };
