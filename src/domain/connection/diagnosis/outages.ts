import type { UpstreamCause, UpstreamDiagnosis } from './cause.js';
import { labels, SERVERS, SYSTEM_LOG } from './okta-paths.js';
import { admin, refused, repair, waits } from './words.js';

/** Okta is away, busy, or says something new. */
export const outageDiagnoses = {
  response_invalid: waits(
    admin(
      "Okta's answer can't be read",
      'Something came back, but not what Okta sends.',
      'A proxy on the way may have answered instead. See what stands at the endpoint in the event.',
    ),
    {
      heading: "{connection} didn't answer as it should",
      what: "It's not your password.",
      whatToDo: 'Try again in a minute.',
    },
  ),
  rate_limited: waits(
    admin(
      'Okta is limiting our requests',
      'The org has used up what its plan allows for this minute.',
      "Wait for the limit to reset, and look at the org's rate limits.",
      labels('Reports', 'Rate Limits'),
    ),
    {
      heading: '{connection} is busy',
      what: 'It takes no more sign-ins right now.',
      whatToDo: 'Try again in a minute.',
    },
  ),
  okta_down: waits(
    admin(
      "Okta isn't answering",
      'The address is right, but what is behind it has a fault or is too slow.',
      "See Okta's status page. Sign-ins work again by themselves.",
    ),
  ),
  unreachable: waits(
    admin(
      'Nothing answers at this address',
      'The name is unknown, nothing listens there, or a network keeps Causeway from it.',
      'Check the host: okta.com, oktapreview.com or okta-emea.com. See that Causeway may reach it.',
    ),
  ),
  tls: waits(
    admin(
      "The certificate of this address can't be trusted",
      'It is for another name, has expired, or something on the way replaces it.',
      'Check the host, or the proxy between us and Okta.',
    ),
  ),
  metadata_invalid: repair(
    admin(
      'What stands at this address is no OpenID Provider',
      'There is no metadata there that Causeway may trust.',
      'Check the issuer: it is the address of the org or of one of its authorization servers.',
      [...SERVERS, ...labels('Settings', 'Issuer')],
    ),
  ),
  unknown: refused(
    admin(
      'Okta answered with an error that we have no name for',
      'Only Okta knows what happened.',
      "Read Okta's words in the event, and look for the same minute in its log.",
      SYSTEM_LOG,
    ),
    {
      heading: "{connection} couldn't finish this sign-in",
      what: "It didn't tell us a reason that we know.",
      whatToDo: 'Try again. If it happens again, give your IT team the reference.',
    },
  ),
} satisfies Partial<Record<UpstreamCause, UpstreamDiagnosis>>;
