import { plainText } from '../core/text.js';
import type { UpstreamCause } from '../domain/connection/diagnosis/cause.js';
import { isRecord } from './record.js';
import type { UnknownRecord } from './record.js';

/** An error answer, as far as it could be read. */
export interface Refusal {
  /** Status of the answer; undefined when the error came in the browser's address. */
  readonly status: number | undefined;
  /** OAuth's `error`, or the `errorCode` of Okta's own form. */
  readonly error: string | undefined;
  /** Whether it was Okta's own form: its `invalid_client` means the client ID, OAuth's the credentials. */
  readonly ownForm: boolean;
  /** `error_description` or `errorSummary`. */
  readonly text: string;
}

interface Rule {
  readonly error?: string;
  readonly ownForm?: boolean;
  readonly text?: RegExp;
  readonly cause: UpstreamCause;
}

/**
 * First match wins: rules with a text first, since one error code has many causes. Texts are matched after `plainWords`,
 * so that Okta's old wording and its new one (contractions, "app" for "application") meet the same rule.
 */
const RULES: readonly Rule[] = [
  { error: 'access_denied', text: /user is not assigned/, cause: 'user_not_assigned' },
  { error: 'access_denied', text: /policy evaluation failed/, cause: 'policy_no_match' },
  { error: 'access_denied', text: /network zone/, cause: 'network_zone' },
  { error: 'access_denied', text: /not allowed to access this app/, cause: 'app_policy_denied' },
  { text: /groups claim matched too many groups/, cause: 'groups_too_many' },
  { text: /claim could not be evaluated|claim_evaluation_failure/, cause: 'groups_eval' },
  { text: /custom scopes are not allowed/, cause: 'custom_scope_on_org_as' },
  { text: /scopes? (?:is|are) not configured/, cause: 'scope_not_configured' },
  { text: /audience claim for client_assertion/, cause: 'assertion_audience' },
  { text: /client_assertion.{0,40}\bkid\b/, cause: 'assertion_kid' },
  { text: /client_assertion.{0,40}\bsignature\b/, cause: 'assertion_signature' },
  {
    text: /client_assertion.{0,80}(?:expir|issued|future|lifetime|\bexp\b|\biat\b|\btime)/,
    cause: 'assertion_time',
  },
  { text: /client secret supplied .{0,60}invalid/, cause: 'bad_secret' },
  { text: /no client credentials found|multiple client credentials/, cause: 'auth_method_mismatch' },
  { text: /client authentication failed|secret is too short/, cause: 'auth_method_mismatch' },
  { text: /value for 'client_id' parameter/, cause: 'unknown_client' },
  { text: /'post_logout_redirect_uri' parameter/, cause: 'post_logout_mismatch' },
  { text: /redirect[_ ]uri/, cause: 'redirect_uri_mismatch' },
  { text: /'state' parameter/, cause: 'state_invalid' },
  { text: /authorization server id is invalid/, cause: 'custom_as_missing' },
  { error: 'invalid_client', ownForm: true, cause: 'unknown_client' },
  { error: 'E0000007', cause: 'custom_as_missing' },
  { error: 'E0000015', cause: 'no_api_am' },
  { error: 'E0000047', cause: 'rate_limited' },
  { error: 'access_denied', cause: 'access_denied' },
  { error: 'unmet_authentication_requirements', cause: 'unmet_authentication' },
  { error: 'login_required', cause: 'login_required' },
  { error: 'interaction_required', cause: 'login_required' },
  { error: 'account_selection_required', cause: 'login_required' },
  { error: 'consent_required', cause: 'consent_required' },
  { error: 'invalid_client', cause: 'bad_secret' },
  { error: 'invalid_grant', cause: 'code_invalid' },
  { error: 'invalid_scope', cause: 'scope_not_configured' },
  { error: 'unauthorized_client', cause: 'grant_disabled' },
  { error: 'unsupported_grant_type', cause: 'grant_disabled' },
  { error: 'unsupported_response_type', cause: 'grant_disabled' },
  { error: 'unsupported_response_mode', cause: 'grant_disabled' },
  { error: 'invalid_dpop_proof', cause: 'dpop_required' },
  { error: 'use_dpop_nonce', cause: 'dpop_required' },
  { error: 'invalid_token', cause: 'response_invalid' },
  { error: 'insufficient_scope', cause: 'scope_not_configured' },
  { error: 'invalid_request', cause: 'request_refused' },
  { error: 'temporarily_unavailable', cause: 'okta_down' },
  { error: 'server_error', cause: 'okta_down' },
];

/** The cause of an error answer: `error` and text by the table, else what the status says. */
export function causeOf({ status, error, ownForm, text }: Refusal): UpstreamCause {
  if (status === 429) return 'rate_limited';
  const words = plainWords(text);
  const rule = RULES.find(
    (candidate) =>
      (candidate.error === undefined || candidate.error === error) &&
      (candidate.ownForm === undefined || candidate.ownForm === ownForm) &&
      (candidate.text === undefined || candidate.text.test(words)),
  );
  if (rule !== undefined) return rule.cause;
  if (status !== undefined && status >= 500) return 'okta_down';
  return error === undefined ? 'response_invalid' : 'unknown';
}

const BODY_READ_MAX = 16 * 1024;

/** Reads the body of an error answer: OAuth's form (RFC 6749 5.2), Okta's own, or neither. */
export function readRefusal(status: number, body: Uint8Array): Refusal {
  const members = parseObject(new TextDecoder().decode(body.subarray(0, BODY_READ_MAX)));
  const text = (name: string): string | undefined => {
    const value = members[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const error = text('error');
  if (error !== undefined) return { status, error, ownForm: false, text: text('error_description') ?? '' };
  return { status, error: text('errorCode'), ownForm: true, text: text('errorSummary') ?? '' };
}

function parseObject(text: string): UnknownRecord {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {}; // A proxy's page, or a body cut at the cap: the status alone is judged.
  }
}

/** Lower case, straight quotes, no contractions, no "application". */
function plainWords(text: string): string {
  return text
    .slice(0, 1_000)
    .toLowerCase()
    .replace(/[\u2018\u2019`"]/g, "'")
    .replace(/\bcan't\b/g, 'can not')
    .replace(/\b([a-z]+)n't\b/g, '$1 not')
    .replace(/\bapplications?\b/g, 'app')
    .replace(/\s+/g, ' ');
}

/** A JWT or JWE, wherever it stands in a text. */
const TOKEN = /\beyJ[\w-]*\.[\w-]*\.[\w.-]*/g;

/**
 * The upstream's words for an admin's eyes and the log: plain text of at most 300 characters. A hostile or clumsy
 * upstream may repeat what we sent, so tokens and the values of `hidden` are struck out.
 */
export function quotable(text: string, hidden: readonly string[] = []): string {
  const struck = hidden
    .filter((value) => value.length >= 8)
    .reduce((words, value) => words.replaceAll(value, '…'), text.slice(0, 4_000));
  return plainText(struck.replace(TOKEN, '…')).trim();
}
