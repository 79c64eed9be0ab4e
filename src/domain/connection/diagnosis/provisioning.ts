import type { Diagnosis, SetUpCause } from './cause.js';
import { ASSIGNMENTS, INTEGRATION, labels, PUSH_GROUPS, TO_APP } from './okta-paths.js';
import { admin, finding } from './words.js';

/** What the flow of SCIM requests shows of Okta's side. */
export const provisioningDiagnoses = {
  scim_no_traffic: finding(
    admin(
      'No SCIM request has come yet',
      'Provisioning is off, saved with another address, or hidden by Federation Broker Mode.',
      'Enable API integration, paste base URL and token, test the credentials and save.',
      INTEGRATION,
    ),
  ),
  scim_bad_token: finding(
    admin(
      'SCIM requests come with a token that is not valid',
      "It was cut when it was copied, has been revoked, or is another tenant's.",
      'Paste the token again, or make another one.',
      [...INTEGRATION, { name: 'OAuth Bearer Token', also: 'API Token' }],
    ),
  ),
  scim_underscore_in_base_url: finding(
    admin(
      'The SCIM address holds an underscore',
      'Okta refuses such an address before it sends anything.',
      'Give the deployment a public address without an underscore.',
      [...INTEGRATION, { name: 'SCIM 2.0 Base URL', also: 'Base URL' }],
    ),
    'operator',
  ),
  scim_html_from_proxy: finding(
    admin(
      'Okta gets a web page where SCIM should answer',
      'A proxy in front of Causeway answers by itself, and Okta calls it invalid JSON.',
      'Let the proxy pass everything below the SCIM address, with its methods and headers.',
      labels('Reports', 'Tasks'),
    ),
    'operator',
  ),
  scim_same_group_assign_and_push: finding(
    admin(
      'One group is used for assigning and for pushing',
      'Okta then pushes members before it has created them, and stops with an error.',
      'Push other groups than those that are assigned to the app.',
      PUSH_GROUPS,
    ),
  ),
  scim_assigned_before_provisioning: finding(
    admin(
      'People were assigned before provisioning was on',
      'Okta sends only who is assigned afterwards.',
      'Provision those who are marked, all at once.',
      [...ASSIGNMENTS, { name: 'Provision User' }],
    ),
  ),
  scim_user_name_differs: finding(
    admin(
      'The user name of SCIM is another one than that of the sign-in',
      "People are still joined by Okta's own id, but searches and pages show both names.",
      'Map the Okta user name on both sides, if one name is wanted.',
      [...TO_APP, { name: 'Attribute Mappings' }],
    ),
  ),
  scim_mode_seen: finding(
    admin(
      'Okta replaces whole resources instead of patching them',
      'Classic custom apps do so, apps of the catalog patch. Causeway takes both.',
      'Nothing to do.',
    ),
    'nobody',
  ),
} satisfies Partial<Record<SetUpCause, Diagnosis>>;
