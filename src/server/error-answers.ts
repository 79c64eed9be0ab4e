import type { Context } from 'koa';
import { isHttpError } from './http-error.js';
import { DomainError, messageOf, type DomainErrorCode } from '../core/errors.js';
import type { Ids } from '../core/ids.js';
import { requestIdOf } from '../http/request-id.js';
import type { Logger } from '../core/logger.js';
import { pageHeaders, pagePolicy } from '../pages/policy.js';
import { renderError } from '../pages/error/error-page.js';
import type { ErrorReason } from '../pages/error/strings.js';

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly page: ErrorReason;
}

const DOMAIN: Readonly<Record<DomainErrorCode, Answer>> = {
  not_found: { status: 404, code: 'not_found', page: 'unknown_page' },
  already_exists: { status: 409, code: 'already_exists', page: 'bad_request' },
  conflict: { status: 409, code: 'version_mismatch', page: 'bad_request' },
  invalid_argument: { status: 400, code: 'invalid_request', page: 'bad_request' },
  forbidden: { status: 403, code: 'forbidden', page: 'bad_request' },
  limit_exceeded: { status: 429, code: 'rate_limited', page: 'too_many_tries' },
  upstream_unavailable: { status: 503, code: 'unavailable', page: 'server_error' },
};

const UNKNOWN: Answer = { status: 500, code: 'internal_error', page: 'server_error' };

function answerFor(error: unknown): Answer {
  if (error instanceof DomainError) return DOMAIN[error.code];
  if (isHttpError(error) && error.status < 500)
    return {
      status: error.status,
      code: 'invalid_request',
      page: error.status === 404 ? 'unknown_page' : 'bad_request',
    };
  return UNKNOWN;
}

/**
 * Answers an error that reached the edge: a page for a person, RFC 9457 for a program. What is unknown says nothing of
 * its cause; the request's id finds it in the log.
 */
export function showError(
  ctx: Context,
  error: unknown,
  deps: {
    readonly publicUrl: string;
    readonly stylesheetHref: string;
    readonly ids: Ids;
    readonly now: () => Date;
    readonly log: Logger;
  },
): void {
  const answer = answerFor(error);
  const requestId = requestIdOf(ctx.req);
  ctx.status = answer.status;
  ctx.set('Cache-Control', 'no-store');
  if (answer.status === 503) ctx.set('Retry-After', '2');
  const detail = answer === UNKNOWN ? 'Something failed on our side.' : messageOf(error);
  if (ctx.accepts('json', 'html') === 'html') {
    const reference = deps.ids.reference();
    deps.log.info('http.error_page', { requestId, reference, page: answer.page });
    ctx.set({ ...pageHeaders, 'content-security-policy': pagePolicy() });
    const frame = {
      brand: { tenantName: 'Causeway' },
      lang: 'en',
      stylesheetHref: deps.stylesheetHref,
    } as const;
    ctx.body = renderError(frame, { reason: answer.page, reference, at: deps.now(), detail });
    return;
  }
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.body = {
    type: `${deps.publicUrl}/problems/${answer.code}`,
    status: answer.status,
    title: detail,
    requestId,
  };
  ctx.type = 'application/problem+json';
}
