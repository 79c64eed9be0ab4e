import type {
  ApplicationType,
  GrantType,
  TokenEndpointAuthMethod,
} from '../../domain/application/application.js';

/** Types of applications as Okta spells them; OpenID Connect Registration knows `web` and `native` only. */
export const TYPES: Readonly<Record<string, ApplicationType>> = {
  web: 'web',
  browser: 'spa',
  native: 'native',
  service: 'service',
};

/** Grants by their names in token requests (RFC 7591 section 2, RFC 8628, RFC 8693). */
export const GRANTS: Readonly<Record<string, GrantType>> = {
  authorization_code: 'authorization_code',
  refresh_token: 'refresh_token',
  client_credentials: 'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code': 'device_code',
  'urn:ietf:params:oauth:grant-type:token-exchange': 'token_exchange',
};

export const AUTH_METHODS: readonly TokenEndpointAuthMethod[] = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'none',
];

/** Members of client metadata, and the settings that they are. */
export const MEMBERS = {
  client_id: 'clientId',
  client_secret: 'clientSecret',
  client_name: 'name',
  application_type: 'type',
  redirect_uris: 'redirectUris',
  post_logout_redirect_uris: 'postLogoutRedirectUris',
  grant_types: 'grantTypes',
  response_types: 'responseTypes',
  token_endpoint_auth_method: 'tokenEndpointAuthMethod',
  jwks: 'jwks',
  jwks_uri: 'jwksUri',
  initiate_login_uri: 'initiateLoginUri',
  frontchannel_logout_uri: 'frontchannelLogoutUri',
  backchannel_logout_uri: 'backchannelLogoutUri',
  id_token_signed_response_alg: 'idTokenAlg',
  dpop_bound_access_tokens: 'dpop',
  scope: 'scopes',
} as const;

/** The word of a dialect for what the settings call otherwise. */
export function wordFor<T extends string>(words: Readonly<Record<string, T>>, value: T): string {
  return Object.entries(words).find(([, meaning]) => meaning === value)?.[0] ?? value;
}
