/**
 * What Okta says, in both wordings. Okta is rewriting its messages ("is not" became "isn't", "application"
 * became "app"), org by org, so a relying party meets both. A sentence that is known in one form only has
 * one.
 */
export type Wording = 'old' | 'new';

type Sentence = string | { readonly old: string; readonly new: string };

const SENTENCES = {
  user_not_assigned: {
    old: 'User is not assigned to the client application.',
    new: "User isn't assigned to the client app.",
  },
  not_signed_in: {
    old: 'The client specified not to prompt, but the user is not logged in.',
    new: "The client specified not to prompt, but the user isn't signed in.",
  },
  needs_reauthentication:
    'The client specified not to prompt, but the client app requires re-authentication or MFA.',
  consent_required: {
    old: 'The client specified not to prompt, but user consent is required.',
    new: 'The client specified not to prompt, but the user must give consent.',
  },
  consent_denied: 'The resource owner or authorization server denied the request.',
  loa_unmet: {
    old: 'The user is not able to satisfy the requested authentication requirements.',
    new: "The user can't satisfy the requested authentication requirements.",
  },
  policy_no_match: 'Policy evaluation failed for this request, please check the policy configurations.',
  multiple_credentials: {
    old:
      'Cannot supply multiple client credentials. Use one of the following: credentials in the ' +
      'Authorization header, credentials in the post body, or a client_assertion in the post body.',
    new:
      "Can't supply multiple client credentials. Use one of the following: credentials in the " +
      'Authorization header, credentials in the post body, or a `client_assertion` in the post body.',
  },
  no_credentials: 'No client credentials found.',
  bad_secret: 'The client secret supplied for a confidential client is invalid.',
  authentication_failed:
    'Client authentication failed. Either the client or the client credentials are invalid.',
  other_client:
    'The grant was issued to another client. Ensure that the `client_id` matches the one used at the ' +
    'authorize request.',
  bad_code: 'The authorization code is invalid or has expired.',
  bad_refresh_token: 'The refresh token is invalid or expired.',
  other_redirect_uri:
    "The 'redirect_uri' does not match the redirection URI used in the authorization request.",
  pkce_failed: 'PKCE verification failed.',
  pkce_illegal: 'PKCE code challenge contains illegal characters.',
  pkce_method: {
    old: "The 'code_challenge_method' parameter must be 'S256'.",
    new: 'The `code_challenge_method` must be `S256`.',
  },
  pkce_required_public:
    "PKCE code challenge is required when the token endpoint authentication method is 'NONE'.",
  pkce_required: 'PKCE code challenge is required by the client.',
  state_invalid: "The authentication request has an invalid 'state' parameter.",
  duplicate_parameters: 'The request contains duplicate parameters.',
  grant_unsupported: {
    old: 'The authorization grant type is not supported by the authorization server.',
    new: "The grant type in the request isn't supported.",
  },
  response_mode: {
    old: 'The response mode is not supported by the authorization server.',
    new: "The response mode contained in the request isn't supported.",
  },
  no_scopes: 'No scopes were requested.',
  scope_not_configured: 'One or more scopes are not configured for the authorization server resource.',
  custom_scope_on_org: 'Custom scopes are not allowed for this request',
  scope_not_allowed: 'You are not allowed any of the requested scopes.',
  scope_without_openid:
    'Requests for ID tokens or access tokens with OpenID scopes require the `openid` scope.',
  groups_too_many: 'The groups claim matched too many groups and must be configured to match fewer groups',
  network_zone: "The request is made from outside the client's permitted network zones.",
  assertion_audience: 'The audience claim for client_assertion must be the endpoint invoked for the request.',
  assertion_kid: 'The client_assertion JWT kid is invalid.',
  assertion_signature: 'The client_assertion signature is invalid.',
  assertion_used: 'The client_assertion token has already been used.',
  assertion_expired: 'The client_assertion token is expired.',
  assertion_far: 'The client_assertion token has an expiration too far into the future.',
  assertion_early: 'The client_assertion token was issued in the future.',
  assertion_type: 'The client_assertion_type is invalid.',
  assertion_malformed: 'The client_assertion is not a valid JWT.',
  assertion_subject: 'The issuer and subject of client_assertion must be the client_id.',
  assertion_alg: 'The client_assertion signing algorithm is not allowed for this client.',
  secret_too_short: 'The client secret is too short to verify a JWT HMAC.',
  org_needs_private_key:
    'Client Credentials requests to the Org Authorization Server must use the private_key_jwt ' +
    'token_endpoint_auth_method.',
  dpop_missing: 'The DPoP proof JWT header is missing.',
  dpop_nonce: 'Authorization server requires nonce in DPoP proof.',
  dpop_invalid: 'The DPoP proof JWT is invalid.',
  server_id_invalid: 'The authorization server id is invalid',
} as const satisfies Readonly<Record<string, Sentence>>;

export type SentenceId = keyof typeof SENTENCES;

/** The sentence as this org words it. */
export function say(wording: Wording, id: SentenceId): string {
  const sentence: Sentence = SENTENCES[id];
  return typeof sentence === 'string' ? sentence : sentence[wording];
}

/** A grant or response type that the app may not use; Okta names those it may. */
export function sayConfigured(
  wording: Wording,
  what: 'grant type' | 'response type',
  configured: readonly string[],
): string {
  const types = `Configured ${what}s: [${configured.join(', ')}].`;
  if (what === 'response type') {
    return wording === 'old'
      ? `The response type is not supported by the authorization server. ${types}`
      : "The response type contained in the request isn't supported.";
  }
  return wording === 'old'
    ? `The client is not authorized to use the provided grant type. ${types}`
    : `The client isn't authorized to use the provided grant type. ${types}`;
}
