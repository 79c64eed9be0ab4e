import { DomainError, type DomainErrorCode } from '../../core/errors.js';
import type { Json } from '../../core/json.js';
import { FaultyConfiguration } from '../../domain/configuration/change-tenant.js';
import { ConfirmationRequired } from '../../domain/connection/lifecycle/impact.js';
import { ReasonRequired } from '../../domain/connection/lifecycle/turn-on-anyway.js';
import { TooManyRequests } from '../../http/rate-limit.js';

/**
 * What can go wrong, by the code that programs read; `{PUBLIC_URL}/problems/{code}` is its type (RFC 9457 section 3.1.1).
 * Codes are never renamed. `cure` is for who reads the reference; a problem's own `detail` is about its one case.
 */
export const PROBLEMS = {
  invalid_request: {
    status: 400,
    title: 'The request is not valid',
    cure: 'Mend what detail names: a header, a parameter, an address.',
  },
  invalid_body: {
    status: 400,
    title: 'The body is not what is asked for',
    cure: 'Mend what errors points to.',
  },
  unauthenticated: {
    status: 401,
    title: 'Nobody is signed in',
    cure: 'Send another token: this one is unknown, expired or taken back.',
  },
  forbidden: {
    status: 403,
    title: 'This caller may not do that',
    cure: 'Ask an owner.',
  },
  step_up_required: {
    status: 403,
    title: 'Sign in again to do that',
    cure: 'Prove in the console who you are, then send it again within five minutes.',
  },
  not_found: {
    status: 404,
    title: 'There is no such resource',
    cure: 'It is not there, or is not yours to see.',
  },
  method_not_allowed: {
    status: 405,
    title: 'The method is not served at this address',
    cure: 'Look at Allow.',
  },
  already_exists: {
    status: 409,
    title: 'It exists already',
    cure: 'Read what is there, and change that.',
  },
  conflict: {
    status: 409,
    title: 'It does not fit what is in force',
    cure: 'Read what is in force, then decide.',
  },
  not_tested: {
    status: 409,
    title: 'The connection has not passed its test',
    cure: 'Test the connection as it is to be served, then send it again.',
  },
  reason_required: {
    status: 409,
    title: 'Say why it is turned on anyway',
    cure: 'Look at checks: mend them, or send a reason, which is kept in the audit log.',
  },
  confirmation_required: {
    status: 409,
    title: 'Confirm what this does to people',
    cure: 'Look at impact, and send its confirmation as confirm.',
  },
  idempotency_mismatch: {
    status: 409,
    title: 'The key was used for another request',
    cure: 'Use a new key.',
  },
  idempotency_unknown: {
    status: 409,
    title: 'What became of the first request is not known',
    cure: 'Look whether the first request was done. If it was not, send it under a new key.',
  },
  version_mismatch: {
    status: 412,
    title: 'Somebody changed it meanwhile',
    cure: 'Read it again, and send the new ETag in If-Match.',
  },
  too_large: {
    status: 413,
    title: 'The body is too large',
    cure: 'Send less at once.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Send application/json',
    cure: 'Send JSON as application/json.',
  },
  precondition_required: {
    status: 428,
    title: 'Say which version is meant',
    cure: 'Send the ETag that you have read in If-Match.',
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    cure: 'Wait for Retry-After seconds.',
  },
  internal_error: {
    status: 500,
    title: 'Something failed on our side',
    cure: 'Tell the operators the requestId: it finds the log line.',
  },
  upstream_unavailable: {
    status: 502,
    title: 'The upstream does not answer',
    cure: 'Try again in a while.',
  },
  unavailable: {
    status: 503,
    title: 'Not available right now',
    cure: 'Wait for Retry-After seconds.',
  },
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
  if (error instanceof ReasonRequired)
    return new Problem('reason_required', error.message, {
      members: { checks: error.checks.map(({ id, seen }) => ({ id, seen })) },
    });
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
