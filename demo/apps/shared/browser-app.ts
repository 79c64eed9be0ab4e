import { readFile } from 'node:fs/promises';
import { Router } from '@koa/router';
import Koa, { type Context } from 'koa';
import { beside } from './files.js';
import { STYLESHEET, stylesheet, type Look } from './look.js';
import { serve, type RunningApp } from './serve.js';

export interface BrowserAppOptions {
  readonly look: Look;
  readonly issuer: string;
  readonly clientId: string;
  /** Port of loopback; the application's addresses there are registered with the issuer. */
  readonly port: number;
  readonly onError?: (error: unknown) => void;
}

/** What the server of a single-page application hands out. */
export interface BrowserFiles {
  /** Addresses that the application itself handles in the browser, and the file that is sent for them. */
  readonly pages: readonly string[];
  readonly page: string;
  /** A page that may be framed, by the application alone. */
  readonly framed?: { readonly path: string; readonly file: string };
  /** Scripts: their addresses, and where the files lie. */
  readonly scripts: Readonly<Record<string, string>>;
}

/** The elements of which such applications make their pages. */
const ELEMENTS = beside(import.meta.url, 'elements.js');

/**
 * Starts the server of a single-page application: it hands out files, and knows nobody.
 * @throws Error when its port is taken
 */
export function startBrowserApp(options: BrowserAppOptions, files: BrowserFiles): Promise<RunningApp> {
  return serve(options.port, () => browserApp(options, files));
}

function browserApp(
  { look, issuer, clientId, onError = () => undefined }: BrowserAppOptions,
  { pages, page, framed, scripts }: BrowserFiles,
): Koa {
  const router = new Router();
  for (const path of pages) router.get(path, async (ctx) => send(ctx, 'html', await readFile(page)));
  if (framed !== undefined)
    router.get(framed.path, async (ctx) => send(ctx, 'html', await readFile(framed.file)));
  for (const [path, file] of Object.entries(scripts))
    router.get(path, async (ctx) => send(ctx, 'js', await readFile(file)));
  router.get('/elements.js', async (ctx) => send(ctx, 'js', await readFile(ELEMENTS)));
  router.get(STYLESHEET, async (ctx) => send(ctx, 'css', await stylesheet()));
  const config = `export const config = ${JSON.stringify({ issuer, clientId, look })};\n`;
  router.get('/config.js', (ctx) => send(ctx, 'js', config));
  const app = new Koa();
  app.on('error', onError);
  app.use(async (ctx, next) => {
    ctx.set(headers(issuer, ctx.path === framed?.path));
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
