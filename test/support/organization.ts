import { startOktaOrg, type RunningOktaOrg, type StartOktaOrgConfig } from '../../demo/okta/server.js';
import type { DesiredConnection, DesiredTenant } from '../../src/domain/configuration/desired.js';
import { UPSTREAM_SECRET, type Acme } from './acme.js';
import type { TestApplication } from './application.js';
import { oktaSigningKeys } from './signing-keys.js';

type AppSeed = NonNullable<StartOktaOrgConfig['apps']>[number];

export const CLIENT_ID = '0oacauseway000000001';

/** Causeway as an app of an Okta org: everybody has it, all groups are told. */
export const causewayApp = (redirectUris: readonly string[], more: Partial<AppSeed> = {}): AppSeed => ({
  label: 'Causeway',
  clientId: CLIENT_ID,
  clientSecret: UPSTREAM_SECRET,
  redirectUris,
  groupsClaim: { name: 'groups', type: 'FILTER', match: 'REGEX', value: '.*' },
  assign: 'everyone',
  ...more,
});

/** Another Okta org, with Causeway among its apps. */
export function anOkta(
  redirectUris: readonly string[],
  config: Partial<StartOktaOrgConfig> = {},
  app: Partial<AppSeed> = {},
): Promise<RunningOktaOrg> {
  return startOktaOrg({ signingKeys: oktaSigningKeys(), apps: [causewayApp(redirectUris, app)], ...config });
}

/** A connection of a tenant to an Okta org. */
export const connectionTo = (
  okta: RunningOktaOrg,
  change: Partial<DesiredConnection> = {},
): DesiredConnection => ({
  key: 'okta',
  type: 'okta',
  name: 'Acme Okta',
  issuer: okta.issuer,
  clientId: CLIENT_ID,
  clientAuth: 'client_secret_post',
  clientSecret: UPSTREAM_SECRET,
  scopes: ['openid', 'profile', 'email', 'groups'],
  status: 'enforced',
  ...change,
});

/** Another tenant of Acme's deployment, with an Okta of its own and applications of the same names and secrets. */
export interface Organization {
  readonly slug: string;
  readonly okta: RunningOktaOrg;
  readonly tenant: Omit<DesiredTenant, 'path'>;
  readonly app: TestApplication;
  readonly spa: TestApplication;
  stop(): Promise<void>;
}

export async function addOrganization(
  acme: Acme,
  slug: string,
  options: {
    readonly okta?: Partial<StartOktaOrgConfig>;
    readonly tenant?: Partial<DesiredTenant>;
  } = {},
): Promise<Organization> {
  const issuer = acme.app.issuer.replace(/\/acme$/, `/${slug}`);
  const okta = await anOkta([`${issuer}/callback/okta`], options.okta);
  const tenant = {
    ...acme.tenant,
    slug,
    name: slug,
    domains: [{ name: `${slug}.example`, verified: true }],
    connections: [connectionTo(okta, { name: `${slug} Okta` })],
    ...options.tenant,
  };
  await acme.causeway.apply([tenant]);
  return {
    slug,
    okta,
    tenant,
    app: { ...acme.app, issuer },
    spa: { ...acme.spa, issuer },
    stop: () => okta.stop(),
  };
}
