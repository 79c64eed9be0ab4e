import { DomainError } from '../core/errors.js';
import { plainText } from '../core/text.js';
import type { UpstreamCause } from '../domain/connection/diagnosis/cause.js';

/** What an application is told (RFC 6749 4.1.2.1, OpenID Connect Core 3.1.2.6, OpenID Connect Unmet Requirements 1.0). */
export type DownstreamError =
  | 'access_denied'
  | 'login_required'
  | 'interaction_required'
  | 'unmet_authentication_requirements'
  | 'temporarily_unavailable'
  | 'server_error';

interface Traits {
  readonly oauthError: DownstreamError;
  /** Whether the same sign-in, started again, may well succeed without anybody's help. */
  readonly mayRetry: boolean;
}

const refused: Traits = { oauthError: 'access_denied', mayRetry: false };
const broken: Traits = { oauthError: 'server_error', mayRetry: false };
const passing: Traits = { oauthError: 'temporarily_unavailable', mayRetry: true };
const onceMore: Traits = { oauthError: 'server_error', mayRetry: true };

const TRAITS: Readonly<Record<UpstreamCause, Traits>> = {
  user_not_assigned: refused,
  policy_no_match: refused,
  app_policy_denied: refused,
  network_zone: refused,
  access_denied: refused,
  unmet_authentication: { oauthError: 'unmet_authentication_requirements', mayRetry: false },
  login_required: { oauthError: 'login_required', mayRetry: true },
  // The consent is the upstream's affair, which the application can't ask for: it may only allow an interaction.
  consent_required: { oauthError: 'interaction_required', mayRetry: true },
  unknown_client: broken,
  bad_secret: broken,
  auth_method_mismatch: broken,
  assertion_audience: broken,
  assertion_kid: broken,
  assertion_signature: broken,
  assertion_time: broken,
  grant_disabled: broken,
  dpop_required: broken,
  redirect_uri_mismatch: broken,
  post_logout_mismatch: broken,
  scope_not_configured: broken,
  custom_scope_on_org_as: broken,
  state_invalid: broken,
  request_refused: broken,
  groups_eval: broken,
  groups_too_many: broken,
  encrypted_id_token: broken,
  custom_as_missing: broken,
  no_api_am: broken,
  metadata_invalid: broken,
  code_invalid: onceMore,
  issuer_mismatch: broken,
  wrong_authorization_server: broken,
  key_unknown: onceMore,
  keys_missing: broken,
  token_invalid: broken,
  userinfo_mismatch: broken,
  nonce_mismatch: onceMore,
  assurance_unmet: { oauthError: 'unmet_authentication_requirements', mayRetry: false },
  auth_too_old: { oauthError: 'login_required', mayRetry: true },
  clock_skew: broken,
  response_invalid: passing,
  rate_limited: passing,
  okta_down: passing,
  unreachable: passing,
  tls: { oauthError: 'temporarily_unavailable', mayRetry: false },
  unknown: broken,
};

/** Where in a sign-in it happened. */
export type UpstreamStep =
  | 'discovery'
  | 'authorization'
  | 'token'
  | 'keys'
  | 'id_token'
  | 'access_token'
  | 'logout_token'
  | 'userinfo'
  | 'pushed_authorization'
  | 'introspection'
  | 'groups_api'
  | 'sign_out';

/** Values that an admin can act on: an issuer to adopt, seconds to wait. Never a token, a code or a secret. */
export type UpstreamFacts = Readonly<
  Partial<Record<'issuer' | 'seconds' | 'endpoint' | 'upstreamError' | 'status' | 'keyId', string>>
>;

const MESSAGE_LENGTH_MAX = 400;

/**
 * A sign-in that the upstream refused, or whose answer we refuse. `message` is for admins: plain text that may hold the
 * upstream's words, never a token, code, secret or body. The library's own errors hold all of those, so they are
 * not kept as `cause`; only the guarded HTTP client's are.
 */
export class UpstreamError extends DomainError {
  readonly oauthError: DownstreamError;
  readonly mayRetry: boolean;

  constructor(
    readonly reason: UpstreamCause,
    readonly step: UpstreamStep,
    message: string,
    readonly facts: UpstreamFacts = {},
    options?: ErrorOptions,
  ) {
    const { oauthError, mayRetry } = TRAITS[reason];
    const passes = oauthError === 'temporarily_unavailable';
    // Parts of it come from tokens and answers: whatever they hold, this stays one short line.
    const line = plainText(message, MESSAGE_LENGTH_MAX);
    super(passes ? 'upstream_unavailable' : 'forbidden', line, { reason, step, ...facts }, options);
    this.oauthError = oauthError;
    this.mayRetry = mayRetry;
  }
}
