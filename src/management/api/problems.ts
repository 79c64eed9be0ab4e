import { DomainError, type DomainErrorCode } from '../../core/errors.js';
import type { Json } from '../../core/json.js';
import { FaultyConfiguration } from '../../domain/configuration/change-tenant.js';
import { ConfirmationRequired } from '../../domain/connection/lifecycle/impact.js';
import { TooManyRequests } from '../../http/rate-limit.js';

/**
 * What can go wrong, by the code that programs read; `{PUBLIC_URL}/problems/{code}` is its type (RFC 9457 section 3.1.1).
 * Codes are never renamed.
 */
export const PROBLEMS = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  invalid_body: { status: 400, title: 'The body is not what is asked for' },
  unauthenticated: { status: 401, title: 'Nobody is signed in' },
  forbidden: { status: 403, title: 'This caller may not do that' },
  step_up_required: { status: 403, title: 'Sign in again to do that' },
  not_found: { status: 404, title: 'There is no such resource' },
  method_not_allowed: { status: 405, title: 'The method is not served at this address' },
  already_exists: { status: 409, title: 'It exists already' },
  conflict: { status: 409, title: 'It does not fit what is in force' },
  not_tested: { status: 409, title: 'The connection has not passed its test' },
  confirmation_required: { status: 409, title: 'Confirm what this does to people' },
  idempotency_mismatch: { status: 409, title: 'The key was used for another request' },
  idempotency_unknown: { status: 409, title: 'What became of the first request is not known' },
  version_mismatch: { status: 412, title: 'Somebody changed it meanwhile' },
  too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'Send application/json' },
  precondition_required: { status: 428, title: 'Say which version is meant' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal_error: { status: 500, title: 'Something failed on our side' },
  upstream_unavailable: { status: 502, title: 'The upstream does not answer' },
  unavailable: { status: 503, title: 'Not available right now' },
} as const;
export type ProblemCode = keyof typeof PROBLEMS;

/** One thing to mend in a body: a JSON Pointer (RFC 6901) to it, and what it must be. */
export interface BodyFault {
  readonly pointer: string;
  readonly message: string;
}

/** An error that the API answers as it is. `message` is for the person who must act; it never holds a secret. */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly code: ProblemCode,
    message: string,
    readonly extras: {
      readonly errors?: readonly BodyFault[];
      readonly headers?: Readonly<Record<string, string>>;
      /** Members of the body beside the standard ones: `impact`. */
      readonly members?: Readonly<Record<string, Json>>;
    } = {},
  ) {
    super(message);
  }
}

const OF_DOMAIN: Readonly<Record<DomainErrorCode, ProblemCode>> = {
  not_found: 'not_found',
  already_exists: 'already_exists',
  conflict: 'conflict',
  invalid_argument: 'invalid_body',
  forbidden: 'forbidden',
  limit_exceeded: 'rate_limited',
  upstream_unavailable: 'unavailable',
};

/** Whatever was thrown, as the problem that the caller is told. What is unknown says nothing of its cause. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TooManyRequests)
    return new Problem('rate_limited', error.message, {
      headers: { 'Retry-After': String(error.retryAfterSeconds) },
    });
  if (error instanceof FaultyConfiguration)
    return new Problem('invalid_body', error.message, {
      errors: error.faults.map(({ path, message }) => ({ pointer: pointerOf(path), message })),
    });
  if (error instanceof ConfirmationRequired)
    return new Problem('confirmation_required', error.message, { members: { impact: error.impact } });
  if (error instanceof DomainError) {
    const named = error.details['problem'];
    const code = isProblemCode(named) ? named : OF_DOMAIN[error.code];
    const retry = code === 'rate_limited' || code === 'unavailable';
    return new Problem(code, error.message, retry ? { headers: { 'Retry-After': '2' } } : {});
  }
  return new Problem('internal_error', 'Something failed on our side. The request id finds it in the log.');
}

const isProblemCode = (code: string | undefined): code is ProblemCode =>
  code !== undefined && Object.hasOwn(PROBLEMS, code);

/** `connections[0].issuer` → `/connections/0/issuer`. */
function pointerOf(path: string): string {
  const segments = path.split(/[.[\]]+/).filter((segment) => segment !== '');
  return segments.map((segment) => `/${segment.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
