import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { Context, Next } from 'koa';
import { ApiError } from '../errors.js';
import type { Endpoint, Failure } from './types.js';

const MIB = 1024 * 1024;
const HUGE_MIB = 50;
const BOMB_MIB = 100;
/** White space is harmless in JSON: only the size of these answers is wrong. */
const PADDING = ' '.repeat(MIB);
/**
 * Unzips to one MiB of spaces. Members of a gzip file may follow one another, so a bomb is this, many times.
 */
let gzippedPadding: Buffer | undefined;

/** What the handler answered, as it would go over the wire. */
function textOf(ctx: Context): string {
  const body: unknown = ctx.body;
  if (body === undefined || body === null) return '';
  if (typeof body === 'string') return body;
  return Buffer.isBuffer(body) ? body.toString() : JSON.stringify(body);
}

/** Replaces the body and keeps the type, which Koa would guess anew. */
function replaceBody(ctx: Context, body: string | Buffer | Readable): void {
  const type = ctx.response.get('Content-Type') || 'application/json';
  ctx.body = body;
  ctx.set('Content-Type', type);
}

function* padded(text: string): Generator<string> {
  for (let i = 0; i < HUGE_MIB; i += 1) yield PADDING;
  yield text;
}

/** From here on the answer is written by hand. */
function takeOver(ctx: Context): void {
  ctx.respond = false;
}

function cutConnection(ctx: Context): void {
  takeOver(ctx);
  ctx.req.socket.resetAndDestroy();
}

/** One byte each half second: each read succeeds, the whole never arrives. */
function drip(ctx: Context, text: string): void {
  takeOver(ctx);
  const bytes = Buffer.from(text);
  const { res } = ctx;
  res.writeHead(200, {
    'Content-Type': ctx.response.get('Content-Type') || 'application/json',
    'Content-Length': String(bytes.length),
  });
  let sent = 0;
  const timer = setInterval(() => {
    res.write(bytes.subarray(sent, sent + 1));
    sent += 1;
    if (sent >= bytes.length) res.end();
  }, 500);
  res.once('close', () => clearInterval(timer));
}

/** Says that more is coming, and hangs up. */
function cutShort(ctx: Context, text: string): void {
  takeOver(ctx);
  const bytes = Buffer.from(text);
  ctx.res.writeHead(200, {
    'Content-Type': ctx.response.get('Content-Type') || 'application/json',
    'Content-Length': String(bytes.length + 1_000),
  });
  ctx.res.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => ctx.req.socket.destroy());
}

interface AnswerFault {
  readonly title: string;
  readonly detail: string;
  readonly value?: Failure['value'];
  readonly answer: (ctx: Context, next: Next, value: string) => Promise<void>;
}

/** After the request was processed, so that what it changed stays changed. */
const afterwards =
  (spoil: (ctx: Context, text: string) => void): AnswerFault['answer'] =>
  async (ctx, next) => {
    await next();
    spoil(ctx, textOf(ctx));
  };

/** Without the request being processed at all. */
const instead =
  (answer: (ctx: Context, value: string) => void): AnswerFault['answer'] =>
  async (ctx, _next, value) =>
    answer(ctx, value);

function html(ctx: Context, status: number, title: string): void {
  ctx.status = status;
  ctx.type = 'text/html';
  ctx.body = `<!DOCTYPE html><html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`;
}

export const ANSWER_FAULTS = {
  http_429: {
    title: '429',
    detail: 'E0000047 with rate limit headers; the window ends in the given seconds.',
    value: { label: 'seconds until reset', default: '30' },
    answer: instead((ctx, seconds) => {
      const now = Math.floor(Date.parse(ctx.response.get('Date')) / 1000);
      throw new ApiError(429, 'E0000047', 'API call exceeded rate limit due to too many requests.', {
        'X-Rate-Limit-Limit': '100',
        'X-Rate-Limit-Remaining': '0',
        'X-Rate-Limit-Reset': String(now + Number(seconds)),
      });
    }),
  },
  http_500: {
    title: '500',
    detail: 'E0000009, Internal Server Error.',
    answer: instead(() => {
      throw new ApiError(500, 'E0000009', 'Internal Server Error');
    }),
  },
  http_502: {
    title: '502 HTML',
    detail: "A gateway's HTML page.",
    answer: instead((ctx) => html(ctx, 502, '502 Bad Gateway')),
  },
  http_503: {
    title: '503',
    detail: 'E0000010, the service is in read-only mode.',
    answer: instead(() => {
      throw new ApiError(503, 'E0000010', 'Service is in read only mode');
    }),
  },
  redirect: {
    title: 'Redirect',
    detail: '302 to another address.',
    value: { label: 'Location', default: '/redirected' },
    answer: instead((ctx, location) => {
      ctx.status = 302;
      ctx.set('Location', location);
    }),
  },
  connection_reset: {
    title: 'Connection reset',
    detail: 'The connection is cut before the request is processed.',
    answer: instead(cutConnection),
  },
  lost_answer: {
    title: 'Lost answer',
    detail: 'The request is processed (a code is spent), then the connection is cut.',
    answer: afterwards(cutConnection),
  },
  no_answer: {
    title: 'No answer',
    detail: 'The connection stays open and nothing comes.',
    answer: instead(takeOver),
  },
  slow_drip: {
    title: 'Slow drip',
    detail: 'The right answer, one byte each half second.',
    answer: afterwards(drip),
  },
  cut_short: {
    title: 'Cut short',
    detail: 'Half the answer, then the connection is closed.',
    answer: afterwards(cutShort),
  },
  huge_body: {
    title: 'Huge body',
    detail: `The right answer after ${HUGE_MIB} MiB of spaces.`,
    answer: afterwards((ctx, text) => replaceBody(ctx, Readable.from(padded(text)))),
  },
  gzip_bomb: {
    title: 'Gzip bomb',
    detail: `The right answer after ${BOMB_MIB} MiB of spaces, in some 100 KB of gzip.`,
    answer: afterwards((ctx, text) => {
      gzippedPadding ??= gzipSync(PADDING, { level: 9 });
      const padding = Array.from({ length: BOMB_MIB }, () => gzippedPadding ?? Buffer.alloc(0));
      replaceBody(ctx, Buffer.concat([...padding, gzipSync(text)]));
      ctx.set('Content-Encoding', 'gzip');
    }),
  },
  garbage: {
    title: 'Garbage',
    detail: 'Random bytes as JSON.',
    answer: afterwards((ctx) => replaceBody(ctx, randomBytes(2_000))),
  },
  html: {
    title: 'HTML',
    detail: 'A page with status 200, as from a proxy that wants a sign-in.',
    answer: afterwards((ctx) => html(ctx, 200, 'Please sign in to the network')),
  },
  truncated: {
    title: 'Truncated',
    detail: 'Half of the JSON, as if it were all.',
    answer: afterwards((ctx, text) => replaceBody(ctx, text.slice(0, Math.ceil(text.length / 2)))),
  },
  empty: {
    title: 'Empty',
    detail: 'Status 200 and no body.',
    answer: afterwards((ctx) => replaceBody(ctx, '')),
  },
} as const satisfies Readonly<Record<string, AnswerFault>>;

export type AnswerFaultId = keyof typeof ANSWER_FAULTS;
export type AnswerFailureId = `${Endpoint}.${AnswerFaultId}`;

/** One fault of the wire at one endpoint. */
export function answerFailure(endpoint: Endpoint, id: AnswerFaultId): Failure {
  const { title, detail, answer, value }: AnswerFault = ANSWER_FAULTS[id];
  return {
    group: `Answers of ${endpoint}`,
    title,
    detail,
    effect: { kind: 'answer', endpoint, answer },
    ...(value === undefined ? {} : { value }),
  };
}
