import { randomText } from './ids.js';
import { factsOf, noStore, type Ctx } from './http/context.js';
import { formPostPage, postMessagePage } from './pages/responses.js';
import type { ResponseMode } from './sessions.js';

interface ResponseTarget {
  readonly redirectUri: string;
  readonly responseMode: ResponseMode;
}

/**
 * Sends the answer to the client in the mode that it asked for. Okta adds no `iss` (RFC 9207); failures that
 * are set for the response change it here.
 */
export function answerClient(
  ctx: Ctx,
  target: ResponseTarget,
  answer: Readonly<Record<string, string>>,
): void {
  const { org, record } = ctx.state;
  const params = new URLSearchParams(answer);
  for (const { id, effect, value } of org.failures.take('callback')) {
    record.failures.push(id);
    effect.change(params, factsOf(ctx, { value }));
  }
  record.error = params.get('error_description') ?? undefined;
  noStore(ctx);
  ctx.set('Referrer-Policy', 'no-referrer');
  if (target.responseMode === 'form_post' || target.responseMode === 'okta_post_message') {
    const nonce = randomText(16);
    ctx.set('Content-Security-Policy', `default-src 'none'; script-src 'nonce-${nonce}'`);
    ctx.type = 'html';
    const page = target.responseMode === 'form_post' ? formPostPage : postMessagePage;
    ctx.body = page(target.redirectUri, params, nonce).toString();
    return;
  }
  ctx.status = 302;
  ctx.set('Location', withParams(target, params));
}

function withParams({ redirectUri, responseMode }: ResponseTarget, params: URLSearchParams): string {
  if (responseMode === 'fragment') return `${redirectUri}#${params.toString()}`;
  return `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${params.toString()}`;
}
