import type { Api } from '../api/api.js';
import type {
  ApplicationSettings,
  ApplicationType,
  GrantType,
  TokenEndpointAuthMethod,
} from '../application/application.js';
import type { ConnectionSettings, ConnectionStatus, ConnectionType } from '../connection/connection.js';

/** What a new connection is where the file says nothing. The operator's file answers for having tested. */
export const NEW_CONNECTION: { readonly type: ConnectionType; readonly status: ConnectionStatus } = {
  type: 'okta',
  status: 'enforced',
};

export const NEW_CONNECTION_SETTINGS: Omit<ConnectionSettings, 'clientId'> = {
  clientAuth: 'client_secret_post',
  scopes: ['openid', 'profile', 'email', 'groups'],
  groupsClaim: 'groups',
  groupsFrom: ['id_token', 'userinfo'],
  groupSource: 'auto',
  join: { claim: 'sub', attribute: 'externalId' },
  acrValues: [],
  federationBrokerMode: false,
  provisioning: 'create-and-update',
  revalidateSeconds: null,
  revalidateGraceSeconds: 3_600,
  forwardLogout: false,
};

export const NEW_API: Omit<Api, 'id' | 'identifier'> = {
  scopes: [],
  tokenFormat: 'jwt',
  isDefault: false,
  accessTokenSeconds: 300,
  profile: 'rfc9068',
};

/** Public clients keep no secret; what else has a token endpoint authenticates there. */
const AUTH_METHODS: Readonly<Record<ApplicationType, TokenEndpointAuthMethod>> = {
  web: 'client_secret_basic',
  spa: 'none',
  native: 'none',
  service: 'client_secret_basic',
};

/** A service signs nobody in. */
const GRANTS: Readonly<Record<ApplicationType, readonly GrantType[]>> = {
  web: ['authorization_code', 'refresh_token'],
  spa: ['authorization_code', 'refresh_token'],
  native: ['authorization_code', 'refresh_token'],
  service: ['client_credentials'],
};

/**
 * Settings of a new application where the file says nothing, by its type and the grants that the file gives
 * it.
 */
export function newApplicationSettings(
  type: ApplicationType,
  grantTypes: readonly GrantType[] = GRANTS[type],
): ApplicationSettings {
  return {
    redirectUris: [],
    postLogoutRedirectUris: [],
    backchannelLogoutUri: null,
    frontchannelLogoutUri: null,
    initiateLoginUri: null,
    deviceWebhookUri: null,
    allowedOrigins: [],
    grantTypes,
    responseTypes: grantTypes.includes('authorization_code') ? ['code'] : [],
    tokenEndpointAuthMethod: AUTH_METHODS[type],
    jwks: null,
    jwksUri: null,
    idTokenAlg: 'RS256',
    profile: 'default',
    pkce: 'required',
    dpop: 'optional',
    requirePushedRequests: false,
    requestObjects: 'off',
    signedResponses: false,
    refresh: { idleSeconds: 28_800, absoluteSeconds: 2_592_000, leewaySeconds: 10 },
    apis: [],
    scopes: null,
    consent: false,
    audience: 'tenant',
    assignment: 'everyone',
    claims: { roles: 'roles', groups: false },
  };
}
