import type { ErrorReason } from '../strings.js';

/** What can be wrong at, or with, an upstream. The relying party finds it; pages, CLI and log tell it. */
export const UPSTREAM_CAUSES = [
  'user_not_assigned',
  'policy_no_match',
  'app_policy_denied',
  'network_zone',
  'access_denied',
  'unmet_authentication',
  'assurance_unmet',
  'auth_too_old',
  'login_required',
  'consent_required',
  'unknown_client',
  'bad_secret',
  'auth_method_mismatch',
  'assertion_audience',
  'assertion_kid',
  'assertion_signature',
  'assertion_time',
  'grant_disabled',
  'dpop_required',
  'redirect_uri_mismatch',
  'post_logout_mismatch',
  'scope_not_configured',
  'custom_scope_on_org_as',
  'state_invalid',
  'code_invalid',
  'request_refused',
  'groups_eval',
  'groups_too_many',
  'groups_missing',
  'encrypted_id_token',
  'issuer_mismatch',
  'wrong_authorization_server',
  'custom_as_missing',
  'no_api_am',
  'admin_host',
  'key_unknown',
  'keys_missing',
  'token_invalid',
  'userinfo_mismatch',
  'nonce_mismatch',
  'clock_skew',
  'response_invalid',
  'rate_limited',
  'okta_down',
  'unreachable',
  'tls',
  'metadata_invalid',
  'unknown',
] as const;

export type UpstreamCause = (typeof UPSTREAM_CAUSES)[number];

/** Who can end the fault. */
export type Mender = 'person' | 'okta_admin' | 'operator' | 'time';

/** One cause: what a person is told, and what whoever can mend it needs. */
export interface UpstreamDiagnosis {
  /** The page that tells it. */
  readonly reason: ErrorReason;
  readonly mender: Mender;
  readonly person: {
    /** In place of the reason's, where that would say something untrue. */
    readonly heading?: string;
    readonly what: string;
    readonly whatToDo: string;
  };
  readonly admin: {
    /** What happened, without blame: "Okta refused the secret". */
    readonly title: string;
    readonly cure: string;
    /** Labels to click in Okta's Admin Console, in order; empty where nothing there helps. */
    readonly path: readonly string[];
  };
}
