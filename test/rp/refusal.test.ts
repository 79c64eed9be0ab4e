import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { causeOf, quotable, readRefusal } from '../../src/rp/refusal.js';

const body = (value: unknown): Uint8Array =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const oauth = (status: number, error: string, description?: string): string =>
  causeOf(readRefusal(status, body({ error, error_description: description })));
const own = (status: number, errorCode: string, errorSummary: string): string =>
  causeOf(
    readRefusal(
      status,
      body({ errorCode, errorSummary, errorLink: errorCode, errorId: 'oae1', errorCauses: [] }),
    ),
  );

describe('Okta’s words, old and new', () => {
  test.each<[error: string, description: string, cause: string]>([
    ['access_denied', 'User is not assigned to the client application.', 'user_not_assigned'],
    ['access_denied', "User isn't assigned to the client app.", 'user_not_assigned'],
    ['access_denied', 'User isn\u2019t assigned to the client app.', 'user_not_assigned'],
    [
      'access_denied',
      'Policy evaluation failed for this request, please check the policy configurations.',
      'policy_no_match',
    ],
    [
      'access_denied',
      "The request is made from outside the client's permitted network zones.",
      'network_zone',
    ],
    ['access_denied', 'You are not allowed to access this app.', 'app_policy_denied'],
    ['access_denied', 'The resource owner or authorization server denied the request.', 'access_denied'],
    ['unmet_authentication_requirements', 'None of the factors fit.', 'unmet_authentication'],
    [
      'login_required',
      'The client specified not to prompt, but the user is not logged in.',
      'login_required',
    ],
    ['login_required', "The client specified not to prompt, but the user isn't signed in.", 'login_required'],
    [
      'login_required',
      'The client specified not to prompt, but the client app requires re-authentication or MFA.',
      'login_required',
    ],
    ['interaction_required', '', 'login_required'],
    ['consent_required', '', 'consent_required'],
    ['invalid_client', 'The client secret supplied for a confidential client is invalid.', 'bad_secret'],
    ['invalid_client', 'No client credentials found.', 'auth_method_mismatch'],
    [
      'invalid_client',
      'Client authentication failed. Either the client or the client credentials are invalid.',
      'auth_method_mismatch',
    ],
    ['invalid_client', 'The client secret is too short to verify a JWT HMAC.', 'auth_method_mismatch'],
    ['invalid_client', '', 'bad_secret'],
    [
      'invalid_request',
      "Can't supply multiple client credentials. Use one of the following: …",
      'auth_method_mismatch',
    ],
    [
      'invalid_request',
      'Cannot supply multiple client credentials. Use one of the following: …',
      'auth_method_mismatch',
    ],
    [
      'invalid_client',
      'The audience claim for client_assertion must be the endpoint invoked for the request.',
      'assertion_audience',
    ],
    ['invalid_client', 'The client_assertion JWT kid is invalid.', 'assertion_kid'],
    ['invalid_client', 'The client_assertion signature is invalid.', 'assertion_signature'],
    ['invalid_client', 'The client_assertion token is expired.', 'assertion_time'],
    [
      'invalid_client',
      'The client_assertion token has an expiration too far into the future.',
      'assertion_time',
    ],
    ['invalid_client', 'The client_assertion token was issued in the future.', 'assertion_time'],
    [
      'invalid_request',
      "The 'redirect_uri' parameter must be a Login redirect URI in the client app settings.",
      'redirect_uri_mismatch',
    ],
    [
      'invalid_request',
      "The 'post_logout_redirect_uri' parameter must be a Logout redirect URI in the client app settings.",
      'post_logout_mismatch',
    ],
    ['invalid_request', "The authentication request has an invalid 'state' parameter.", 'state_invalid'],
    ['invalid_request', 'PKCE code challenge contains illegal characters.', 'request_refused'],
    [
      'invalid_scope',
      'One or more scopes are not configured for the authorization server resource.',
      'scope_not_configured',
    ],
    [
      'invalid_scope',
      "One or more scopes aren't configured for the authorization server resource.",
      'scope_not_configured',
    ],
    ['invalid_scope', 'Custom scopes are not allowed for this request', 'custom_scope_on_org_as'],
    ['invalid_scope', "Custom scopes aren't allowed for this request", 'custom_scope_on_org_as'],
    [
      'unauthorized_client',
      "The client isn't authorized to use the provided grant type. Configured grant types: [..].",
      'grant_disabled',
    ],
    [
      'unsupported_response_type',
      "The response type contained in the request isn't supported.",
      'grant_disabled',
    ],
    ['invalid_grant', 'The authorization code is invalid or has expired.', 'code_invalid'],
    ['invalid_grant', 'The grant was issued to another client.', 'code_invalid'],
    ['invalid_grant', 'PKCE verification failed.', 'code_invalid'],
    ['invalid_dpop_proof', 'The DPoP proof JWT header is missing.', 'dpop_required'],
    ['use_dpop_nonce', 'Authorization server requires nonce in DPoP proof.', 'dpop_required'],
    [
      'server_error',
      'The groups claim matched too many groups and must be configured to match fewer groups',
      'groups_too_many',
    ],
    ['server_error', "The 'groups' user claim could not be evaluated.", 'groups_eval'],
    ['server_error', "The 'groups' user claim couldn't be evaluated.", 'groups_eval'],
    ['invalid_request', 'The authorization server id is invalid', 'custom_as_missing'],
    ['temporarily_unavailable', '', 'okta_down'],
    ['some_new_error', 'Something that nobody knows.', 'unknown'],
  ])('%s “%s” is %s', (error, description, cause) => {
    expect(oauth(400, error, description)).toBe(cause);
    expect(causeOf({ status: undefined, error, ownForm: false, text: description })).toBe(cause);
  });

  test.each<[status: number, code: string, summary: string, cause: string]>([
    [401, 'invalid_client', "Invalid value for 'client_id' parameter.", 'unknown_client'],
    [400, 'invalid_client', 'Invalid value for `client_id` parameter', 'unknown_client'],
    [401, 'invalid_client', '', 'unknown_client'],
    [404, 'E0000007', 'Not found: Resource not found: ausx (AuthorizationServer)', 'custom_as_missing'],
    [401, 'E0000015', 'You do not have permission to access the feature you are requesting.', 'no_api_am'],
    [429, 'E0000047', 'API call exceeded rate limit due to too many requests.', 'rate_limited'],
    [200, 'E0000047', 'API call exceeded rate limit due to too many requests.', 'rate_limited'],
    [500, 'E0000009', 'Internal Server Error', 'okta_down'],
    [400, 'E0000001', 'Api validation failed', 'unknown'],
  ])('%d in Okta’s own form: %s “%s” is %s', (status, code, summary, cause) => {
    expect(own(status, code, summary)).toBe(cause);
  });
});

test.each<[status: number, content: unknown, cause: string]>([
  [429, '<html>slow down</html>', 'rate_limited'],
  [503, '<html>maintenance</html>', 'okta_down'],
  [500, '', 'okta_down'],
  [302, '', 'response_invalid'],
  [404, '<html>', 'response_invalid'],
  [400, '{"error":', 'response_invalid'],
  [400, [], 'response_invalid'],
  [400, { error: { code: 1 } }, 'response_invalid'],
  [400, { error: '' }, 'response_invalid'],
  [400, 'null', 'response_invalid'],
])('status %d with %j is %s', (status, content, cause) => {
  expect(causeOf(readRefusal(status, body(content)))).toBe(cause);
});

test('a description without a known error code is only a hint, and never hangs', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 3_000 }), fc.string({ maxLength: 5_000 }), (error, text) => {
      expect(typeof causeOf({ status: 400, error, ownForm: false, text })).toBe('string');
    }),
  );
});

describe('A-35 an upstream’s words', () => {
  test('are plain, short, and without what we sent', () => {
    const text = quotable(
      `<b>no</b>\r\n\u001b[2J secret=s3cr3t-s3cr3t eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln ${'x'.repeat(500)}`,
      ['s3cr3t-s3cr3t'],
    );
    expect(text).toMatch(/^<b>no<\/b> {2} \[2J secret=… … x+$/);
    expect(text.length).toBeLessThanOrEqual(300);
  });

  test('never hold a control character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        // oxlint-disable-next-line no-control-regex -- that is what is tested
        expect(quotable(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });
});
