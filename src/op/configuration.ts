import type { ClientAuthMethod, Configuration } from 'oidc-provider';
import type { Application, GrantType, ResponseType } from '../domain/application/application.js';
import type { TenantContext } from '../http/tenant-context.js';
import { findAccount } from './account.js';
import { createAdapter } from './adapter.js';
import { checkAssertion } from './client-assertions.js';
import { accessTokenClaims, scopeClaims } from './claims.js';
import type { OpDeps } from './deps.js';
import { checkDeviceReference, deviceFlow } from './device-flow.js';
import { DPOP_ALGORITHMS, dpopFeature } from './dpop.js';
import { renderOAuthError } from './error-page.js';
import { subjectOfJwt } from './exchanged-claims.js';
import { frontchannelMetadata } from './frontchannel-logout.js';
import { grantLoader } from './grants.js';
import { endsWithSession } from './ipsie.js';
import {
  CODE_SECONDS,
  DEVICE_CODE_SECONDS,
  epoch,
  ID_TOKEN_SECONDS,
  INTERACTION_SECONDS,
  OPAQUE_TOKEN_SECONDS,
  SESSION_IDLE_SECONDS,
} from './lifetimes.js';
import { restoreOfflineAccess } from './offline-access.js';
import { createPolicy } from './policy.js';
import { requestObjectsFeature } from './request-objects.js';
import { defaultResource, resourceServer } from './resources.js';
import { cookieOptions, signedOut, signOut } from './sign-out.js';

/** Paths of the endpoints: where Okta has them, so that an application moves by changing its issuer (B2). */
const ROUTES = {
  authorization: '/oauth2/v1/authorize',
  token: '/oauth2/v1/token',
  jwks: '/oauth2/v1/keys',
  userinfo: '/oauth2/v1/userinfo',
  introspection: '/oauth2/v1/introspect',
  revocation: '/oauth2/v1/revoke',
  pushed_authorization_request: '/oauth2/v1/par',
  end_session: '/oauth2/v1/logout',
  device_authorization: '/oauth2/v1/device/authorize',
  code_verification: '/device',
};

const ASYMMETRIC = ['RS256', 'ES256', 'EdDSA'] as const;
const CLIENT_KEY_SET_BYTES_MAX = 64 * 1024;
/** Longest life of a grant: that of the longest refresh token. */
const GRANT_SECONDS = 90 * 86_400;

/** The library's configuration for one tenant. What it leaves out is off. */
export function providerConfiguration(tenant: TenantContext, deps: OpDeps): Configuration {
  const { applications } = tenant.configuration;
  const uses = (grant: GrantType): boolean =>
    applications.some(({ settings }) => settings.grantTypes.includes(grant));
  return {
    adapter: createAdapter,
    jwks: { keys: [...tenant.signingKeys(null)] },
    routes: ROUTES,
    cookies: cookies(tenant),
    features: features(tenant, uses, deps),
    discovery: {
      ...backchannelLogout(applications),
      ...frontchannelMetadata(tenant),
      registration_endpoint: `${tenant.issuer}/oauth2/v1/clients`,
    },
    findAccount,
    loadExistingGrant: grantLoader(deps.consents),
    interactions: {
      policy: createPolicy(),
      url: (_ctx, interaction) => `${tenant.issuer}/sign-in/${interaction.uid}`,
    },
    extraParams: {
      connection: restoreOfflineAccess,
      idp: null,
      domain_hint: null,
      audience: null,
      ...(coversCustomers(applications) ? { organization: null } : {}),
      device_reference: checkDeviceReference,
    },
    claims: scopeClaims(tenant),
    conformIdTokenClaims: false,
    extraTokenClaims: accessTokenClaims,
    formats: { customizers: { jwt: subjectOfJwt } },
    scopes: ['openid', ...(uses('refresh_token') ? ['offline_access'] : []), 'profile', 'email', 'phone'],
    responseTypes: responseTypes(tenant),
    subjectTypes: ['public'],
    pkce: { required: (_ctx, client) => tenant.application(client.clientId)?.settings.pkce !== 'optional' },
    clientAuthMethods: authMethods(applications),
    enabledJWA: enabledAlgorithms(),
    assertJwtClientAuthClaimsAndHeader: checkAssertion,
    clientBasedCORS: (_ctx, origin, client) =>
      tenant.application(client.clientId)?.settings.allowedOrigins.includes(origin) === true,
    allowOmittingSingleRegisteredRedirectUri: false,
    expiresWithSession: (_ctx, source) =>
      endsWithSession(tenant, source.clientId) || !source.scopes.has('offline_access'),
    enableHttpPostMethods: tenant.issuer.startsWith('https:'),
    rotateRefreshToken: (ctx) =>
      tenant.application(ctx.oidc.client?.clientId ?? '')?.settings.profile !== 'fapi2',
    ...(uses('refresh_token') ? { issueRefreshToken } : {}),
    ttl: lifetimes(tenant),
    fetch: (url, init) => deps.fetch(url instanceof Request ? url.url : url.toString(), init),
    fetchResponseBodyLimits: {
      jwks_uri: CLIENT_KEY_SET_BYTES_MAX,
      sector_identifier_uri: CLIENT_KEY_SET_BYTES_MAX,
    },
    renderError: (ctx, out, error) => renderOAuthError(ctx, out, error, tenant, deps),
  };
}

/** Whether a request may say of which customer its person is (E4). */
const coversCustomers = (applications: readonly Application[]): boolean =>
  applications.some(({ settings }) => settings.audience === 'tenant-and-customers');

/** Implicit and hybrid answers are there only once an application of the tenant may have them. */
function responseTypes(tenant: TenantContext): ResponseType[] {
  const asked = tenant.configuration.applications.flatMap(({ settings }) => settings.responseTypes);
  return [...new Set<ResponseType>(['code', ...asked])];
}

/**
 * Said in the metadata once an application wants to be told. The library's own feature stays off: it would send
 * within the request and never again; what the end of access leaves in the outbox is delivered instead.
 */
function backchannelLogout(applications: readonly Application[]): Configuration['discovery'] {
  if (applications.every(({ settings }) => settings.backchannelLogoutUri === null)) return {};
  return { backchannel_logout_supported: true, backchannel_logout_session_supported: true };
}

/** A secret is taken in the header and in the body alike, whichever of the two an application is set up with. */
function authMethods(applications: readonly Application[]): ClientAuthMethod[] {
  const used = new Set(applications.map(({ settings }) => settings.tokenEndpointAuthMethod));
  return [
    'client_secret_basic',
    'client_secret_post',
    ...(['private_key_jwt', 'none'] as const).filter((method) => used.has(method)),
  ];
}

const issueRefreshToken: Configuration['issueRefreshToken'] = (_ctx, client, code) =>
  client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access');

function cookies(tenant: TenantContext): Configuration['cookies'] {
  const secure = tenant.issuer.startsWith('https:');
  const prefix = secure ? '__Secure-' : '';
  const { path: _path, ...short } = { ...cookieOptions(tenant), sameSite: 'lax' as const };
  return {
    keys: [tenant.vault.derive('cookies').toString('base64url')],
    names: {
      session: `${prefix}cw_s_${tenant.slug}`,
      interaction: `${prefix}cw_i_${tenant.slug}`,
      resume: `${prefix}cw_r_${tenant.slug}`,
    },
    long: cookieOptions(tenant),
    short,
  };
}

function features(
  tenant: TenantContext,
  uses: (grant: GrantType) => boolean,
  deps: OpDeps,
): Configuration['features'] {
  return {
    devInteractions: { enabled: false },
    dPoP: dpopFeature(tenant),
    requestObjects: requestObjectsFeature(tenant),
    jwtResponseModes: {
      enabled: tenant.configuration.applications.some(({ settings }) => settings.signedResponses),
    },
    userinfo: { enabled: true },
    clientCredentials: { enabled: uses('client_credentials') },
    deviceFlow: deviceFlow(tenant, deps, uses('device_code')),
    introspection: {
      enabled: true,
      // Own tokens only.
      allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
    },
    revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
    pushedAuthorizationRequests: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource,
      getResourceServerInfo: resourceServer,
      useGrantedResource: () => true,
    },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx) => signOut(ctx, tenant, deps),
      postLogoutSuccessSource: (ctx) => signedOut(ctx, tenant, deps),
    },
  };
}

/** No symmetric algorithm: secrets are kept as hashes, so nothing can be signed with one. */
function enabledAlgorithms(): Configuration['enabledJWA'] {
  const algorithms = [...ASYMMETRIC];
  return {
    clientAuthSigningAlgValues: [...algorithms, 'PS256'],
    idTokenSigningAlgValues: algorithms,
    requestObjectSigningAlgValues: [...algorithms, 'PS256'],
    dPoPSigningAlgValues: DPOP_ALGORITHMS,
    userinfoSigningAlgValues: algorithms,
    introspectionSigningAlgValues: algorithms,
    authorizationSigningAlgValues: algorithms,
  };
}

function lifetimes(tenant: TenantContext): Configuration['ttl'] {
  return {
    AuthorizationCode: CODE_SECONDS,
    DeviceCode: DEVICE_CODE_SECONDS,
    Interaction: INTERACTION_SECONDS,
    AccessToken: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? OPAQUE_TOKEN_SECONDS,
    ClientCredentials: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? OPAQUE_TOKEN_SECONDS,
    IdToken: ID_TOKEN_SECONDS,
    Session: SESSION_IDLE_SECONDS,
    Grant: GRANT_SECONDS,
    RefreshToken: (_ctx, token) => {
      const refresh = tenant.application(token.clientId ?? '')?.settings.refresh;
      if (refresh === undefined) return 1;
      const left = refresh.absoluteSeconds - (epoch() - (token.iiat ?? epoch()));
      return Math.max(1, Math.min(refresh.idleSeconds, left));
    },
  };
}
