import { HostedError, OAuthError } from '../errors.js';
import { say, sayConfigured, type SentenceId } from '../wording.js';
import type { Endpoint, Failure } from './types.js';

const group = 'Client and request';

/** A request that Okta refuses, whatever the app's settings say. */
const refusal = (
  endpoint: Endpoint,
  title: string,
  detail: string,
  error: () => OAuthError | HostedError,
): Failure => ({ group, title, detail, effect: { kind: 'refusal', endpoint, error } });

const client = (id: SentenceId, title: string): Failure =>
  refusal(
    'token',
    title,
    `401 invalid_client: ${say('old', id)}`,
    () => new OAuthError(401, 'invalid_client', say('old', id)),
  );

const pushed = (error: string, id: SentenceId, title: string): Failure =>
  refusal('par', title, `400 ${error}: ${say('old', id)}`, () => new OAuthError(400, error, say('old', id)));

/** What can be wrong between an app's settings and a client's: each can be had by settings too, or nearly. */
export const requestFailures = {
  'token.no_credentials': client('no_credentials', 'Credentials not seen'),
  'token.authentication_failed': client('authentication_failed', 'Other client authentication'),
  'token.assertion_audience': client('assertion_audience', 'Assertion: audience'),
  'token.assertion_kid': client('assertion_kid', 'Assertion: key id'),
  'token.assertion_signature': client('assertion_signature', 'Assertion: signature'),
  'token.assertion_expired': client('assertion_expired', 'Assertion: expired'),
  'token.grant_disabled': refusal(
    'token',
    'Grant not allowed',
    '400 unauthorized_client: the app may not use the authorization code.',
    () => new OAuthError(400, 'unauthorized_client', sayConfigured('old', 'grant type', ['refresh_token'])),
  ),
  'par.state_invalid': pushed('invalid_request', 'state_invalid', 'State refused'),
  'par.custom_scope': pushed('invalid_scope', 'custom_scope_on_org', 'Custom scope at the org'),
  'par.scope_not_configured': pushed('invalid_scope', 'scope_not_configured', 'Scope not configured'),
  'par.malformed': refusal(
    'par',
    'Request refused',
    '400 invalid_request, without a word that says why.',
    () => new OAuthError(400, 'invalid_request', 'The request is malformed.'),
  ),
  'par.new_error': refusal(
    'par',
    'Error that nobody knows',
    '400 with an error code that no document has.',
    () => new OAuthError(400, 'quota_exhausted', 'The quota for this feature is exhausted.'),
  ),
  'discovery.unknown_org': refusal(
    'discovery',
    'No org here',
    "404: Okta's page for a host name that no org has, as in another environment.",
    () => new HostedError(404, 'Page not found', 'The page you requested does not exist.'),
  ),
} as const satisfies Readonly<Record<string, Failure>>;
