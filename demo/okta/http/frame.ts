import type { IncomingMessage } from 'node:http';
import type { Middleware } from 'koa';
import { ApiError, HostedError, OAuthError } from '../errors.js';
import { randomText } from '../ids.js';
import type { OktaOrg } from '../org.js';
import { errorPage } from '../pages/error.js';
import type { RequestRecord } from '../request-log.js';
import type { BaseCtx, OktaState } from './context.js';

const BODY_BYTES_MAX = 1024 * 1024;

/** @throws ApiError 413 when the body is larger than any form of ours */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) throw new ApiError(413, 'E0000003', 'The request body was too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function answerError(ctx: BaseCtx, error: unknown): void {
  const { org, record } = ctx.state;
  if (error instanceof OAuthError || error instanceof ApiError) {
    ctx.status = error.status;
    ctx.set(error.headers);
    ctx.set('Cache-Control', 'no-cache, no-store');
    ctx.body = error.body;
    record.error = error.message;
  } else if (error instanceof HostedError) {
    ctx.status = error.status;
    ctx.set('Cache-Control', 'no-cache, no-store');
    ctx.type = 'html';
    ctx.body = errorPage(org, error).toString();
    record.error = error.message;
  } else {
    org.reportError(error);
    ctx.status = 500;
    ctx.body = new ApiError(500, 'E0000009', 'Internal Server Error').body;
    record.error = String(error);
  }
}

/**
 * What surrounds every request: the record in the log, Okta's request id, the `Date` of the org's own clock,
 * and the form that an error takes.
 */
export function frame(org: OktaOrg): Middleware<OktaState> {
  return async (ctx, next) => {
    const record: RequestRecord = {
      id: randomText(18),
      at: org.today(),
      method: ctx.method,
      path: ctx.path,
      query: ctx.querystring,
      headers: { ...ctx.headers },
      body: '',
      params: new URLSearchParams(ctx.querystring),
      endpoint: undefined,
      status: undefined,
      error: undefined,
      failures: [],
    };
    org.log.add(record);
    ctx.set('X-Okta-Request-Id', record.id);
    ctx.set('Date', org.today().toUTCString());
    ctx.set('X-Content-Type-Options', 'nosniff');
    ctx.state = { org, record, form: new URLSearchParams() };
    try {
      record.body = await readBody(ctx.req);
      if (ctx.is('application/x-www-form-urlencoded') !== false && record.body !== '') {
        record.params = new URLSearchParams(record.body);
        ctx.state = { org, record, form: record.params };
      }
      await next();
    } catch (error) {
      answerError(ctx, error);
    }
    if (ctx.respond !== false) record.status = ctx.status;
  };
}
