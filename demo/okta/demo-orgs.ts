import type { AppSeed } from './apps.js';
import type { StartOktaOrgConfig } from './server.js';

/** Where the broker of the demo answers, and on which port the org does. */
interface DemoParts {
  /** `PUBLIC_URL` of the broker, without a trailing slash. */
  readonly brokerUrl: string;
  /** Instead of the org's usual port. */
  readonly port?: number;
}

/** Values of one demo org that the broker's seed needs to know too. */
export const DEMO_ORGS = {
  acme: {
    port: 4001,
    host: 'acme-okta.localhost',
    clientId: '0oaacmecauseway00001',
    clientSecret: 'acme-demo-secret-of-the-okta-app',
    /** The app that provisions, how it does, and the groups that it pushes: one app for sign-in and SCIM. */
    provisioning: {
      app: 'Causeway',
      mode: 'oin',
      token: 'acme-demo-token-for-provisioning',
      pushGroups: ['Engineering', 'Support', 'Contractors'],
    },
  },
  globex: {
    port: 4002,
    host: 'globex-okta.localhost',
    clientId: '0oaglobexcauseway001',
    /** A second app beside the one for sign-in: classic OIDC apps can't provision. */
    provisioning: {
      app: 'Causeway provisioning',
      mode: 'aiw',
      token: 'globex-demo-token-for-provisioning',
      pushGroups: ['Finance', 'Operations'],
    },
  },
} as const;

export type DemoOrgKey = keyof typeof DEMO_ORGS;

const GROUPS_CLAIM = { name: 'groups', type: 'FILTER', match: 'REGEX', value: '.*' } as const;

/** What the integration of the broker has in common in both orgs. */
function brokerApp(key: DemoOrgKey, brokerUrl: string) {
  const issuer = `${brokerUrl}/t/${key}`;
  return {
    clientId: DEMO_ORGS[key].clientId,
    redirectUris: [`${issuer}/callback/okta`],
    postLogoutRedirectUris: [`${issuer}/signed-out/okta`],
    groupsClaim: GROUPS_CLAIM,
    participateSlo: true,
  } as const;
}

/** A tile that leads to one application: Okta tells it who sends, and the broker does the rest. */
const tile = (key: DemoOrgKey, brokerUrl: string, clientId: string): string =>
  `${brokerUrl}/t/${key}/initiate/okta/${clientId}`;

/** A bookmark app: the tile of one of several applications behind one integration. */
function bookmark(label: string, initiateLoginUri: string, groups: readonly string[]): AppSeed {
  return { label, initiateLoginUri, grantTypes: [], authMethod: 'none', assign: { groups } };
}

const settings = { quickSignIn: true } as const;

/**
 * Acme: engineers, a help desk, a contractor whose group gives no role, and a new hire to whom nobody has assigned
 * anything yet. The ids of people are fixed, because a broker that is started again must meet the same people.
 */
export function acmeOrg({ brokerUrl, port = DEMO_ORGS.acme.port }: DemoParts): StartOktaOrgConfig {
  const { host, clientSecret } = DEMO_ORGS.acme;
  // Okta supports no group that both gives an app and is pushed to it: this one only gives the apps.
  const staff = ['Staff'];
  return {
    port,
    host,
    orgName: 'Acme',
    settings,
    groups: [
      { name: 'Staff', description: 'Has Causeway and what is behind it' },
      { name: 'Engineering', description: 'Builds things' },
      { name: 'Support', description: 'Answers the phone' },
      { name: 'Contractors', description: 'Here for a while' },
      { name: 'Managers' },
    ],
    users: [
      {
        id: '00uacmeada0000000001',
        login: 'ada.byron@acme.example',
        groups: ['Staff', 'Engineering', 'Managers'],
        factors: ['otp', 'webauthn'],
      },
      { id: '00uacmelinus00000002', login: 'linus.berg@acme.example', groups: ['Staff', 'Engineering'] },
      { id: '00uacmegrace00000003', login: 'grace.hall@acme.example', groups: ['Staff', 'Support'] },
      { id: '00uacmecleo000000004', login: 'cleo.marsh@acme.example', groups: ['Staff', 'Contractors'] },
      { id: '00uacmenew0000000005', login: 'new.hire@acme.example' },
    ],
    apps: [
      {
        ...brokerApp('acme', brokerUrl),
        label: DEMO_ORGS.acme.provisioning.app,
        clientSecret,
        assign: { groups: staff },
      },
      bookmark('Acme Dashboards', tile('acme', brokerUrl, 'dashboards'), staff),
      bookmark('Acme Notes', tile('acme', brokerUrl, 'notes'), staff),
    ],
    apiTokens: [{ name: 'Group picker', value: '00demo-acme-api-token', role: 'READ_ONLY_ADMIN' }],
  };
}

/**
 * Globex: another customer, with other groups. Its integration knows the broker by a key instead of a secret, and is
 * itself the tile of the one application behind it.
 */
export function globexOrg({ brokerUrl, port = DEMO_ORGS.globex.port }: DemoParts): StartOktaOrgConfig {
  const { host } = DEMO_ORGS.globex;
  return {
    port,
    host,
    orgName: 'Globex',
    settings,
    groups: [{ name: 'Finance' }, { name: 'Operations' }],
    users: [
      { id: '00uglobexmaria000001', login: 'maria.silva@globex.example', groups: ['Finance'] },
      { id: '00uglobexhank0000002', login: 'hank.scorpio@globex.example', groups: ['Operations'] },
    ],
    apps: [
      {
        ...brokerApp('globex', brokerUrl),
        label: 'Globex Dashboards',
        authMethod: 'private_key_jwt',
        jwksUri: `${brokerUrl}/t/globex/connections/okta/jwks.json`,
        initiateLoginUri: tile('globex', brokerUrl, 'dashboards'),
        assign: 'everyone',
      },
      {
        clientId: '0oaglobexscim0000001',
        label: DEMO_ORGS.globex.provisioning.app,
        grantTypes: [],
        authMethod: 'none',
        assign: 'everyone',
      },
    ],
    apiTokens: [{ name: 'Group picker', value: '00demo-globex-api-token', role: 'READ_ONLY_ADMIN' }],
  };
}
