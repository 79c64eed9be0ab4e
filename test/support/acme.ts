import { startOktaOrg, type RunningOktaOrg, type StartOktaOrgConfig } from '../../demo/okta/server.js';
import type { DesiredTenant } from '../../src/domain/configuration/desired.js';
import type { TestApplication } from './application.js';
import { startTestNode, type TestNode, type TestNodeOptions } from './node.js';
import type { OktaPerson } from './okta-sign-in.js';
import { oktaSigningKeys } from './signing-keys.js';

/** Two people of the organization; Bob isn't assigned to the app at Okta. */
export const ADA: OktaPerson = { username: 'ada@acme.example', password: 'Okta-demo-1', otp: '123456' };
export const BOB: OktaPerson = { username: 'bob@acme.example', password: 'Okta-demo-1', otp: '123456' };
export const CAT: OktaPerson = { username: 'cat@acme.example', password: 'Okta-demo-1', otp: '123456' };

export const UPSTREAM_SECRET = 'upstream-secret_with-32-characters-1';
export const APP_SECRET = 'application-secret-with-32-chars-01';
export const REDIRECT_URI = 'http://localhost:5999/cb';
const CLIENT_ID = '0oacauseway000000001';

export interface Acme {
  readonly causeway: TestNode;
  readonly okta: RunningOktaOrg;
  readonly tenant: Omit<DesiredTenant, 'path'>;
  readonly app: TestApplication;
  /** Another application of the same tenant: public. */
  readonly spa: TestApplication;
  stop(): Promise<void>;
}

export interface AcmeOptions extends TestNodeOptions {
  readonly okta?: Partial<StartOktaOrgConfig>;
  readonly tenant?: Partial<DesiredTenant>;
}

/** One organization: its simulated Okta, a serving node, a web application and a single-page one. */
export async function startAcme(options: AcmeOptions = {}): Promise<Acme> {
  const causeway = await startTestNode(options);
  const publicUrl = options.settings?.publicUrl ?? causeway.url;
  const issuer = `${publicUrl}/t/acme`;
  const okta = await startOktaOrg({
    signingKeys: oktaSigningKeys(),
    groups: [{ name: 'Engineering' }, { name: 'Support' }],
    users: [
      { login: ADA.username, firstName: 'Ada', lastName: 'Byron', groups: ['Engineering'], factors: ['otp'] },
      { login: BOB.username },
      { login: CAT.username, groups: ['Support'] },
    ],
    apps: [
      {
        label: 'Causeway',
        clientId: CLIENT_ID,
        clientSecret: UPSTREAM_SECRET,
        redirectUris: [`${issuer}/callback/okta`],
        postLogoutRedirectUris: [`${issuer}/signed-out/okta`],
        groupsClaim: { name: 'groups', type: 'FILTER', match: 'REGEX', value: '.*' },
        assign: { groups: ['Engineering', 'Support'] },
      },
    ],
    ...options.okta,
  });
  const tenant = acmeTenant(okta, options.tenant);
  await causeway.apply([tenant]);
  return {
    causeway,
    okta,
    tenant,
    app: { issuer, clientId: 'grafana', clientSecret: APP_SECRET, redirectUri: REDIRECT_URI },
    spa: { issuer, clientId: 'spa', redirectUri: 'http://localhost:5998/cb' },
    async stop() {
      await causeway.stop();
      await okta.stop();
    },
  };
}

function acmeTenant(okta: RunningOktaOrg, change: Partial<DesiredTenant> = {}): Omit<DesiredTenant, 'path'> {
  return {
    slug: 'acme',
    name: 'Acme Inc.',
    domains: [{ name: 'acme.example', verified: true }],
    connections: [
      {
        key: 'okta',
        type: 'okta',
        name: 'Acme Okta',
        issuer: okta.issuer,
        clientId: CLIENT_ID,
        clientAuth: 'client_secret_post',
        clientSecret: UPSTREAM_SECRET,
        scopes: ['openid', 'profile', 'email', 'groups'],
        status: 'enforced',
      },
    ],
    roles: [
      { key: 'admin', name: 'Administrator' },
      { key: 'viewer', name: 'Viewer' },
    ],
    roleMappings: [
      { group: { name: 'Engineering' }, role: 'admin' },
      { group: { name: 'Support' }, role: 'viewer' },
    ],
    applications: [
      {
        clientId: 'grafana',
        name: 'Grafana',
        type: 'web',
        redirectUris: [REDIRECT_URI],
        postLogoutRedirectUris: ['http://localhost:5999/bye'],
        initiateLoginUri: 'http://localhost:5999/login',
        grantTypes: ['authorization_code', 'refresh_token'],
        tokenEndpointAuthMethod: 'client_secret_basic',
        clientSecret: APP_SECRET,
        claims: { roles: 'roles', groups: true },
      },
      {
        clientId: 'spa',
        name: 'Reports',
        type: 'spa',
        redirectUris: ['http://localhost:5998/cb'],
        postLogoutRedirectUris: ['http://localhost:5998/'],
        allowedOrigins: ['http://localhost:5998'],
        grantTypes: ['authorization_code', 'refresh_token'],
        tokenEndpointAuthMethod: 'none',
      },
    ],
    ...change,
  };
}
