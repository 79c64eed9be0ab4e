import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Router } from '@koa/router';
import Koa, { type Context } from 'koa';
import { beside } from '../shared/files.js';
import { STYLESHEET, stylesheet, type Look } from '../shared/look.js';
import { serve, type RunningApp } from '../shared/serve.js';

export interface SpaOptions {
  readonly look: Look;
  readonly issuer: string;
  readonly clientId: string;
  /** Port of loopback; `http://localhost:{port}/callback` and `/silent.html` are registered with the issuer. */
  readonly port: number;
  readonly onError?: (error: unknown) => void;
}

const PUBLIC = beside(import.meta.url, 'public/');
/** The library as its package ships it for browsers. */
const LIBRARY = join(
  dirname(createRequire(import.meta.url).resolve('oidc-client-ts/package.json')),
  'dist/browser/oidc-client-ts.min.js',
);
const SCRIPTS = ['app.js', 'session.js', 'silent.js', 'view.js', 'words.js'];
/** Addresses that the application itself handles in the browser. */
const PAGES = ['/', '/callback', '/login/initiate', '/signed-out'];

/** Starts the server of the single-page sample application: it hands out files, and knows nobody. */
export function startSpa(options: SpaOptions): Promise<RunningApp> {
  return serve(options.port, () => spa(options));
}

function spa({ look, issuer, clientId, onError = () => undefined }: SpaOptions): Koa {
  const router = new Router();
  for (const path of PAGES)
    router.get(path, async (ctx) => send(ctx, 'html', await readFile(`${PUBLIC}index.html`)));
  router.get('/silent.html', async (ctx) => send(ctx, 'html', await readFile(`${PUBLIC}silent.html`)));
  for (const file of SCRIPTS)
    router.get(`/${file}`, async (ctx) => send(ctx, 'js', await readFile(PUBLIC + file)));
  router.get('/vendor/oidc-client-ts.js', async (ctx) => send(ctx, 'js', await readFile(LIBRARY)));
  router.get(STYLESHEET, async (ctx) => send(ctx, 'css', await stylesheet()));
  const config = `export const config = ${JSON.stringify({ issuer, clientId, look })};\n`;
  router.get('/config.js', (ctx) => send(ctx, 'js', config));
  const app = new Koa();
  app.on('error', onError);
  app.use(async (ctx, next) => {
    ctx.set(headers(issuer, ctx.path === '/silent.html'));
    await next();
  });
  app.use(router.routes());
  return app;
}

function send(ctx: Context, type: string, body: string | Buffer): void {
  ctx.type = type;
  ctx.body = body;
}

/** Scripts are our own files; the only other origin that the page may talk to, or frame, is the issuer. */
function headers(issuer: string, framed: boolean): Record<string, string> {
  const { origin } = new URL(issuer);
  return {
    'Cache-Control': 'no-cache',
    'Content-Security-Policy':
      `default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src ${origin}; ` +
      `frame-src 'self' ${origin}; frame-ancestors ${framed ? "'self'" : "'none'"}; base-uri 'none'; ` +
      "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
  };
}
