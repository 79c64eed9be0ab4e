import { randomBytes } from 'node:crypto';
import type { AdapterPayload } from 'oidc-provider';
import type { Application, GrantType } from '../domain/application/application.js';
import { TOKEN_EXCHANGE_GRANT } from './exchanged-claims.js';
import { securityMetadata } from './security-metadata.js';

/** Grants that the provider offers now; others of an application's list wait for theirs. */
const GRANTS: Partial<Record<GrantType, string>> = {
  authorization_code: 'authorization_code',
  refresh_token: 'refresh_token',
  client_credentials: 'client_credentials',
  device_code: 'urn:ietf:params:oauth:grant-type:device_code',
  token_exchange: TOKEN_EXCHANGE_GRANT,
};

/**
 * The library insists on a secret's clear value and would derive keys from it. It gets a random one that opens nothing:
 * secrets are compared by hash (provider.ts).
 */
const NO_SECRET = randomBytes(32).toString('base64url');

/** An application as client metadata (RFC 7591, OpenID Connect Dynamic Client Registration 1.0). */
export function clientMetadata(application: Application): AdapterPayload {
  const { settings } = application;
  const needsSecret = settings.tokenEndpointAuthMethod.startsWith('client_secret');
  const interactive = settings.grantTypes.includes('authorization_code');
  return {
    client_id: application.clientId,
    client_name: application.name,
    application_type: application.type === 'native' ? 'native' : 'web',
    redirect_uris: interactive ? [...settings.redirectUris] : [],
    post_logout_redirect_uris: [...settings.postLogoutRedirectUris],
    grant_types: grantTypes(application),
    response_types: interactive ? [...settings.responseTypes] : [],
    token_endpoint_auth_method: settings.tokenEndpointAuthMethod,
    id_token_signed_response_alg: settings.idTokenAlg,
    ...securityMetadata(settings),
    ...(needsSecret ? { client_secret: NO_SECRET } : {}),
    ...(settings.jwks === null ? {} : { jwks: settings.jwks }),
    ...(settings.jwksUri === null ? {} : { jwks_uri: settings.jwksUri }),
  };
}

function grantTypes(application: Application): string[] {
  const { grantTypes: asked, responseTypes } = application.settings;
  const offered = asked.flatMap((grant) => GRANTS[grant] ?? []);
  return responseTypes.some((type) => type.includes('id_token')) && asked.includes('authorization_code')
    ? [...offered, 'implicit']
    : offered;
}
