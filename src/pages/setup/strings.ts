/** Words of the pages of a set-up link. `{names}` are filled by the page. */
export const setupStrings = {
  title: 'Set-up',
  start: {
    heading: "Connect {tenant}'s Okta to {service}",
    text: "About 5 minutes for sign-in, 5 more for provisioning. You need to be an app admin in Okta. You'll create one or two apps in Okta and paste three values here. We never get a password or an Okta admin right.",
    once: 'The set-up goes on in this browser alone. The link ends on {ends}.',
    button: 'Start set-up',
  },
  dead: {
    expired: {
      heading: 'This link has ended',
      text: 'This link ended on {when}. Ask {contact} for a new one. What you entered is kept.',
    },
    revoked: {
      heading: 'This link was taken back',
      text: 'This link was taken back on {when}. Ask {contact} for a new one. What you entered is kept.',
    },
    elsewhere: {
      heading: 'This link is open in another browser',
      text: 'This link is open in another browser since {when}. Continue there, or ask {contact} for a new link; nothing is lost.',
    },
    unknown: {
      heading: "This link isn't right",
      text: 'Copy the whole link again, or ask {contact} for a new one.',
    },
  },
  overview: {
    intro: 'For the connection {connection}. The link ends on {ends}.',
    guided:
      'The guided steps are a part of the console. Until it is installed here, each step is a call of the API.',
    values: 'Enter these in Okta',
    labels: {
      appName: 'App integration name',
      redirectUri: 'Sign-in redirect URI',
      postLogoutRedirectUri: 'Sign-out redirect URI',
      jwksUri: 'Keys URL, for a key pair',
      groupsClaim: 'Group claim: name',
      groupsFilter: 'Group claim: matches regex',
      groupsExpression: 'Group claim: expression, for groups of Active Directory',
      scimBaseUrl: 'SCIM 2.0 base URL',
    },
    steps: 'Steps',
    stepNames: {
      app: 'Create the app in Okta',
      values: 'Paste three values',
      groups: 'Send groups',
      test: 'Test with your own account',
      mapping: 'Who gets what',
      provisioning: 'Provision people and groups',
      logout: 'Sign out everywhere',
      domains: 'Prove your domains',
      'hand-over': 'Check and hand over',
    },
    stepStates: {
      done: 'Done',
      now: 'Now',
      needs_attention: 'Needs attention',
      skipped: 'Skipped',
      to_do: 'To do',
    },
    checks: 'Live checks',
    checkStates: {
      passed: 'Passed',
      warning: 'Look at it',
      failed: 'Failed',
      waiting: 'Waiting',
      not_tried: 'Not tried',
      not_applicable: 'Left out',
    },
    again: 'Check again',
    link: 'For the API: tenant {slug}, set-up link {id}.',
  },
  nobody: 'whoever sent it',
  service: 'Causeway',
} as const;
