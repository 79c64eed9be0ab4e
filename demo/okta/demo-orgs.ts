import type { StartOktaOrgConfig } from './server.js';

/** Where the broker of the demo answers, and the client secret that each org shares with it. */
export interface DemoParts {
  /** `PUBLIC_URL` of the broker, without a trailing slash. */
  readonly brokerUrl: string;
}

/** Values of one demo org that the broker's seed needs to know too. */
export const DEMO_ORGS = {
  acme: {
    port: 4001,
    host: 'acme-okta.localhost',
    clientId: '0oaacmecauseway00001',
    clientSecret: 'acme-demo-secret-of-the-okta-app',
  },
  globex: {
    port: 4002,
    host: 'globex-okta.localhost',
    clientId: '0oaglobexcauseway001',
    clientSecret: 'globex-demo-secret-of-the-okta-app',
  },
} as const;

export type DemoOrgKey = keyof typeof DEMO_ORGS;

const GROUPS_CLAIM = { name: 'groups', type: 'FILTER', match: 'REGEX', value: '.*' } as const;

function brokerApp(key: DemoOrgKey, brokerUrl: string, groups: readonly string[]) {
  const issuer = `${brokerUrl}/t/${key}`;
  const { clientId, clientSecret } = DEMO_ORGS[key];
  return {
    label: 'Causeway',
    clientId,
    clientSecret,
    redirectUris: [`${issuer}/callback/okta`],
    postLogoutRedirectUris: [`${issuer}/signed-out/okta`],
    initiateLoginUri: `${issuer}/initiate/okta`,
    groupsClaim: GROUPS_CLAIM,
    participateSlo: true,
    assign: { groups },
  };
}

const settings = { quickSignIn: true } as const;

/** Acme: engineers and a help desk, and one person who isn't assigned to the broker. */
export function acmeOrg({ brokerUrl }: DemoParts): StartOktaOrgConfig {
  const { port, host } = DEMO_ORGS.acme;
  return {
    port,
    host,
    orgName: 'Acme',
    settings,
    groups: [
      { name: 'Engineering', description: 'Builds things' },
      { name: 'Help Desk', description: 'Answers the phone' },
      { name: 'Managers' },
    ],
    users: [
      { login: 'ada.byron@acme.example', groups: ['Engineering', 'Managers'], factors: ['otp', 'webauthn'] },
      { login: 'linus.berg@acme.example', groups: ['Engineering'] },
      { login: 'grace.hall@acme.example', groups: ['Help Desk'] },
      { login: 'new.hire@acme.example' },
    ],
    apps: [brokerApp('acme', brokerUrl, ['Engineering', 'Help Desk'])],
    apiTokens: [{ name: 'Group picker', value: '00demo-acme-api-token', role: 'READ_ONLY_ADMIN' }],
  };
}

/** Globex: another customer, with another set of groups. */
export function globexOrg({ brokerUrl }: DemoParts): StartOktaOrgConfig {
  const { port, host } = DEMO_ORGS.globex;
  return {
    port,
    host,
    orgName: 'Globex',
    settings,
    groups: [{ name: 'Finance' }, { name: 'Operations' }],
    users: [
      { login: 'maria.silva@globex.example', groups: ['Finance'] },
      { login: 'hank.scorpio@globex.example', groups: ['Operations', 'Finance'] },
    ],
    apps: [brokerApp('globex', brokerUrl, ['Finance', 'Operations'])],
    apiTokens: [{ name: 'Group picker', value: '00demo-globex-api-token', role: 'READ_ONLY_ADMIN' }],
  };
}
