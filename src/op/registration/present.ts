import type { JsonObject } from '../../core/json.js';
import type { Application } from '../../domain/application/application.js';
import { GRANTS, TYPES, wordFor } from './dialect.js';

/** What a client is told of itself, besides its metadata (RFC 7591 section 3.2.1, RFC 7592 section 3). */
export interface ClientInformation {
  readonly application: Omit<Application, 'id'>;
  readonly issuedAt: Date;
  readonly issuer: string;
  /** The token that opens its registration: as it was presented or made, since it isn't kept. */
  readonly registrationToken: string;
  /** Only where it was made just now. */
  readonly clientSecret?: string | undefined;
}

/** Where a registered application changes itself. */
export const clientAddress = (issuer: string, clientId: string): string =>
  `${issuer}/oauth2/v1/clients/${clientId}`;

/** Client information as registered: what isn't there wasn't kept (RFC 7591 section 3.2.1). Never a secret twice. */
export function presentClient(information: ClientInformation): JsonObject {
  const { application, issuedAt, issuer, registrationToken, clientSecret } = information;
  return {
    client_id: application.clientId,
    client_id_issued_at: Math.floor(issuedAt.getTime() / 1000),
    ...(clientSecret === undefined ? {} : { client_secret: clientSecret }),
    // Required beside a secret; 0: it doesn't expire.
    ...(application.settings.tokenEndpointAuthMethod.startsWith('client_secret')
      ? { client_secret_expires_at: 0 }
      : {}),
    registration_access_token: registrationToken,
    registration_client_uri: clientAddress(issuer, application.clientId),
    ...metadataOf(application),
  };
}

function metadataOf({ name, type, settings }: Omit<Application, 'id'>): JsonObject {
  return {
    client_name: name,
    application_type: wordFor(TYPES, type),
    redirect_uris: settings.redirectUris,
    post_logout_redirect_uris: settings.postLogoutRedirectUris,
    grant_types: settings.grantTypes.map((grant) => wordFor(GRANTS, grant)),
    response_types: settings.responseTypes,
    token_endpoint_auth_method: settings.tokenEndpointAuthMethod,
    id_token_signed_response_alg: settings.idTokenAlg,
    dpop_bound_access_tokens: settings.dpop === 'required',
    ...(settings.scopes === null ? {} : { scope: settings.scopes.join(' ') }),
    ...(settings.jwks === null ? {} : { jwks: { keys: settings.jwks.keys } }),
    ...present('jwks_uri', settings.jwksUri),
    ...present('initiate_login_uri', settings.initiateLoginUri),
    ...present('frontchannel_logout_uri', settings.frontchannelLogoutUri),
    ...present('backchannel_logout_uri', settings.backchannelLogoutUri),
  };
}

const present = (member: string, value: string | null): JsonObject =>
  value === null ? {} : { [member]: value };
