import type { RunningOktaOrg } from '../../demo/okta/server.js';
import type { DesiredApplication, DesiredTenant } from '../../src/domain/configuration/desired.js';
import { APP_SECRET } from './acme.js';
import type { TestApplication } from './application.js';
import { startTestNode, type TestNode, type TestNodeOptions } from './node.js';
import type { OktaPerson } from './okta-sign-in.js';
import { anOkta, connectionTo } from './organization.js';

const person = (login: string): OktaPerson => ({ username: login, password: 'Okta-demo-1', otp: '123456' });

/** A technician of the MSP; people of two of its customers; somebody of a customer of another MSP. */
export const NORA = person('nora@northwind.example');
export const ADA = person('ada@acme.example');
export const BOB = person('bob@acme.example');
export const CAL = person('cal@acme.example');
export const GUS = person('gus@globex.example');
export const SID = person('sid@stranger.example');

/** What SCIM's agent at Acme's Okta shows. */
export const ACME_SCIM_TOKEN = 'a-scim-token-of-acme-at-the-msp-0123';

type Tenant = Omit<DesiredTenant, 'path'>;

/** An MSP with two customers, each with an Okta of its own, and another MSP with a customer. */
export interface Msp {
  readonly causeway: TestNode;
  readonly publicUrl: string;
  readonly oktas: Readonly<Record<'northwind' | 'acme' | 'globex' | 'stranger', RunningOktaOrg>>;
  readonly tenants: Readonly<Record<'northwind' | 'acme' | 'globex' | 'contoso' | 'stranger', Tenant>>;
  /** An application of the MSP, by clientId. */
  app(clientId: string): TestApplication;
  stop(): Promise<void>;
}

const application = (clientId: string, more: Partial<DesiredApplication> = {}): DesiredApplication => ({
  clientId,
  name: clientId,
  type: 'web',
  redirectUris: [redirectUri(clientId)],
  postLogoutRedirectUris: [redirectUri(clientId)],
  grantTypes: ['authorization_code', 'refresh_token'],
  tokenEndpointAuthMethod: 'client_secret_basic',
  clientSecret: APP_SECRET,
  claims: { roles: 'roles', groups: true },
  audience: 'tenant-and-customers',
  ...more,
});

const redirectUri = (clientId: string): string => `http://localhost:5999/${clientId}`;

/** Applications of the MSP: two for all, one for its own people, two that not everybody may use. */
const APPLICATIONS: readonly DesiredApplication[] = [
  application('tickets'),
  application('assets'),
  application('internal', { audience: 'tenant' }),
  application('for-admins', { assignment: { roles: ['admin'] } }),
  application('for-support', { assignment: { groups: ['Support'] } }),
];

const ROLES = [
  { key: 'admin', name: 'Administrator' },
  { key: 'viewer', name: 'Viewer' },
];

export async function startMsp(options: TestNodeOptions = {}): Promise<Msp> {
  const causeway = await startTestNode(options);
  const publicUrl = options.settings?.publicUrl ?? causeway.url;
  const okta = (slug: string, users: readonly { readonly login: string; readonly groups?: string[] }[]) =>
    anOkta([`${publicUrl}/t/${slug}/callback/okta`], {
      groups: [{ name: 'Engineering' }, { name: 'Support' }, { name: 'Owners' }],
      users: [...users],
    });
  const [northwind, acme, globex, stranger] = await Promise.all([
    okta('northwind', [{ login: NORA.username, groups: ['Support'] }]),
    okta('acme', [
      { login: ADA.username, groups: ['Engineering', 'Owners'] },
      { login: BOB.username, groups: ['Support'] },
      { login: CAL.username },
    ]),
    okta('globex', [{ login: GUS.username }]),
    okta('stranger', [{ login: SID.username }]),
  ]);
  const oktas = { northwind, acme, globex, stranger };
  const tenants = tenantsOf(oktas);
  await causeway.apply([tenants.northwind, tenants.contoso]);
  await causeway.apply([tenants.acme, tenants.globex, tenants.stranger]);
  return {
    causeway,
    publicUrl,
    oktas,
    tenants,
    app: (clientId) => ({
      issuer: `${publicUrl}/t/northwind`,
      clientId,
      clientSecret: APP_SECRET,
      redirectUri: redirectUri(clientId),
    }),
    async stop() {
      await causeway.stop();
      await Promise.all(Object.values(oktas).map((org) => org.stop()));
    },
  };
}

function tenantsOf(oktas: Msp['oktas']): Msp['tenants'] {
  const customer = (slug: 'acme' | 'globex' | 'stranger', parent: string, more: Partial<Tenant> = {}) => ({
    slug,
    name: `${slug} Inc.`,
    parent,
    domains: [{ name: `${slug}.example`, verified: true }],
    connections: [connectionTo(oktas[slug], { name: `${slug} Okta` })],
    ...more,
  });
  return {
    northwind: {
      slug: 'northwind',
      name: 'Northwind IT',
      domains: [{ name: 'northwind.example', verified: true }],
      connections: [connectionTo(oktas.northwind, { name: 'Northwind Okta' })],
      roles: [...ROLES, { key: 'guest', name: 'Guest' }],
      defaultRole: 'guest',
      applications: APPLICATIONS,
    },
    contoso: {
      slug: 'contoso',
      name: 'Contoso',
      applications: [application('tickets')],
    },
    acme: customer('acme', 'northwind', {
      roles: [...ROLES, { key: 'owner', name: 'Owner' }],
      // A key that the MSP doesn't define, one for an application of the customer's own, and two for all.
      roleMappings: [
        { group: { name: 'Engineering' }, role: 'admin' },
        { group: { name: 'Owners' }, role: 'owner' },
        { group: { name: 'Engineering' }, role: 'viewer', application: 'tickets' },
        { group: { name: 'Support' }, role: 'viewer' },
      ],
      applications: [application('tickets', { audience: 'tenant', name: "Acme's own" })],
      scimTokens: [{ name: 'okta', token: ACME_SCIM_TOKEN }],
    }),
    globex: customer('globex', 'northwind'),
    stranger: customer('stranger', 'contoso'),
  };
}
