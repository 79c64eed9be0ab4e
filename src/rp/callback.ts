import { UpstreamError } from './causes.js';
import type { UpstreamMetadata } from './metadata.js';
import { causeOf, quotable } from './refusal.js';

/** Parameters that decide something; twice the same one is an attack or a broken proxy (RFC 6749 section 3.1). */
const SINGLE = ['code', 'error', 'error_description', 'iss', 'response', 'state'] as const;

/**
 * Checks an authorization response before anything is sent: each parameter once, `state`, `iss` (RFC 9207 section 2.4),
 * and only then whether it is an error. openid-client checks all of it again; this names the cause.
 * @throws UpstreamError with the cause; no request has been made then
 */
export function checkCallback(
  parameters: URLSearchParams,
  expectedState: string,
  { issuer, authorization_response_iss_parameter_supported: sendsIssuer }: UpstreamMetadata,
): void {
  const repeated = SINGLE.find((name) => parameters.getAll(name).length > 1);
  if (repeated !== undefined) throw unfit('response_invalid', `The answer has '${repeated}' more than once`);
  if (parameters.get('state') !== expectedState)
    throw unfit('nonce_mismatch', 'The answer belongs to another sign-in (state)');
  const iss = parameters.get('iss');
  if (iss === null && sendsIssuer)
    throw unfit('issuer_mismatch', 'The answer does not name its issuer, which this provider always does');
  if (iss !== null && iss !== issuer) throw unfit('issuer_mismatch', 'The answer names another issuer');
  const error = parameters.get('error');
  if (error !== null) throw refused(error, parameters.get('error_description') ?? '', parameters.get('code'));
  if (!parameters.get('code')) throw unfit('response_invalid', 'The answer has neither a code nor an error');
}

function refused(error: string, text: string, code: string | null): UpstreamError {
  const hidden = code === null ? [] : [code];
  const words = [error, text].filter((part) => part !== '').map((part) => quotable(part, hidden));
  return new UpstreamError(
    causeOf({ status: undefined, error, ownForm: false, text }),
    'authorization',
    `The upstream refused: ${words.join(': ')}`,
    { upstreamError: quotable(error, hidden) },
  );
}

function unfit(
  reason: 'response_invalid' | 'nonce_mismatch' | 'issuer_mismatch',
  message: string,
): UpstreamError {
  return new UpstreamError(reason, 'authorization', message);
}
