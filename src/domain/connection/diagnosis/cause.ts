import type { OktaPath } from './okta-paths.js';

/** What can end a sign-in, a refresh or a sign-out at, or because of, an upstream. The relying party finds it. */
export const UPSTREAM_CAUSES = [
  // The upstream's rules kept this person out.
  'user_not_assigned',
  'policy_no_match',
  'app_policy_denied',
  'network_zone',
  'access_denied',
  'unmet_authentication',
  'login_required',
  'consent_required',
  // The connection's settings and the upstream's don't agree.
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
  'request_refused',
  'groups_eval',
  'groups_too_many',
  'encrypted_id_token',
  'custom_as_missing',
  'no_api_am',
  'metadata_invalid',
  // The answer failed one of our checks.
  'code_invalid',
  'issuer_mismatch',
  'wrong_authorization_server',
  'key_unknown',
  'keys_missing',
  'token_invalid',
  'userinfo_mismatch',
  'nonce_mismatch',
  'assurance_unmet',
  'auth_too_old',
  'clock_skew',
  // Nothing, or nothing sensible, came back.
  'response_invalid',
  'rate_limited',
  'okta_down',
  'unreachable',
  'tls',
  'unknown',
] as const;

export type UpstreamCause = (typeof UPSTREAM_CAUSES)[number];

/** What only a test, the set-up or the flow of provisioning shows: nobody's sign-in is refused for it. */
export const SET_UP_CAUSES = [
  'admin_host',
  'wellknown_suffix',
  'trailing_slash',
  'address_shortened',
  'http',
  'wrong_environment',
  'key_pinned',
  'thin_token',
  'groups_missing',
  'groups_malformed',
  'browser_lost',
  'fbm_suspected',
  'scim_no_traffic',
  'scim_bad_token',
  'scim_underscore_in_base_url',
  'scim_html_from_proxy',
  'scim_same_group_assign_and_push',
  'scim_assigned_before_provisioning',
  'scim_user_name_differs',
  'scim_mode_seen',
] as const;

export type SetUpCause = (typeof SET_UP_CAUSES)[number];

/** Everything that has a name between a connection and its upstream. */
export type ConnectionCause = UpstreamCause | SetUpCause;

/** All of them. */
export const CONNECTION_CAUSES: readonly ConnectionCause[] = [...UPSTREAM_CAUSES, ...SET_UP_CAUSES];

/** Who can end the fault; `time`: it passes; `nobody`: it is none. */
export type Mender = 'person' | 'okta_admin' | 'operator' | 'time' | 'nobody';

/** The page on which a person reads it, by `ErrorReason` of the pages. */
export type RefusalReason =
  | 'not_assigned'
  | 'upstream_refused'
  | 'upstream_unavailable'
  | 'mfa_required'
  | 'expired'
  | 'connection_broken';

/** What whoever can mend it needs. */
export interface AdminWords {
  /** What happened, without blame: "Okta refused the secret". */
  readonly title: string;
  /** What that means, and how it comes about. */
  readonly meaning: string;
  readonly cure: string;
  readonly path: OktaPath;
}

/** One cause as an admin is told of it. */
export interface Diagnosis {
  readonly mender: Mender;
  readonly admin: AdminWords;
}

/** A cause that ends sign-ins: told to the person in front of it too. */
export interface UpstreamDiagnosis extends Diagnosis {
  readonly reason: RefusalReason;
  readonly person: {
    /** In place of the reason's, where that would say something untrue. */
    readonly heading?: string;
    readonly what: string;
    readonly whatToDo: string;
  };
}
