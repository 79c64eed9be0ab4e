import type { Router } from '@koa/router';
import Koa from 'koa';
import { STYLESHEET, stylesheet } from './look.js';

export interface SmallAppOptions {
  /** The application's own address, without a slash at the end. */
  readonly url: string;
  /** Its pages run scripts of its own, which call nobody but itself. */
  readonly scripts?: boolean;
  readonly onError: (error: unknown) => void;
}

/** What applications without visitors of their own share: headers, the stylesheet, and whose forms count. */
export function smallApp(router: Router, { url, scripts = false, onError }: SmallAppOptions): Koa {
  const sources = scripts ? "script-src 'self'; connect-src 'self'; " : '';
  const app = new Koa();
  app.on('error', onError);
  app.use(async (ctx, next) => {
    ctx.set({
      'Cache-Control': 'no-store',
      'Content-Security-Policy':
        `default-src 'none'; ${sources}style-src 'self'; img-src data:; form-action 'self'; ` +
        "base-uri 'none'; frame-ancestors 'none'",
      // Not no-referrer: that would make the Origin of our own forms null.
      'Referrer-Policy': 'same-origin',
      'X-Content-Type-Options': 'nosniff',
    });
    const origin = ctx.get('Origin');
    if (ctx.method === 'POST' && origin !== '' && origin !== url) ctx.throw(403, 'a form of another site');
    await next();
  });
  router.get(STYLESHEET, async (ctx) => {
    ctx.type = 'css';
    ctx.body = await stylesheet();
  });
  app.use(router.routes());
  return app;
}

/** Sends a browser on after a form, so that a reload doesn't send the form again (RFC 9110 section 15.4.4). */
export function seeOther(ctx: Koa.Context, address: string): void {
  ctx.status = 303;
  ctx.redirect(address);
}
