import { readFile } from 'node:fs/promises';
import { Router } from '@koa/router';
import { beside } from '../shared/files.js';
import type { Look } from '../shared/look.js';
import { serve, type RunningApp } from '../shared/serve.js';
import { seeOther, smallApp } from '../shared/small-app.js';
import { tvPage } from './pages.js';
import { Tv } from './tv.js';

export interface TvAppOptions {
  readonly look: Look;
  readonly issuer: string;
  readonly clientId: string;
  /** Port of loopback. No address of it is registered: nothing of a device's is ever sent anywhere. */
  readonly port: number;
  readonly onError?: (error: unknown) => void;
}

const PUBLIC = beside(import.meta.url, 'public/');

/**
 * Starts a television; its page is its screen, and its buttons are the remote control.
 * @throws Error when its port is taken
 */
export async function startTv(options: TvAppOptions): Promise<RunningApp> {
  const { look, issuer, clientId, onError = () => undefined } = options;
  const tv = new Tv({ issuer, clientId, name: `${look.tenant} ${look.name}`, now: Date.now, onError });
  const running = await serve(options.port, (url) => {
    const router = new Router();
    router.get('/', (ctx) => {
      ctx.type = 'html';
      ctx.body = tvPage(look, tv.screen, tv.number);
    });
    router.get('/screen', (ctx) => {
      ctx.body = { screen: tv.number };
    });
    router.post('/sign-in', async (ctx) => {
      await tv.signIn();
      seeOther(ctx, '/');
    });
    router.post('/renew', async (ctx) => {
      await tv.renew();
      seeOther(ctx, '/');
    });
    router.post('/sign-out', async (ctx) => {
      await tv.signOut();
      seeOther(ctx, '/');
    });
    for (const [type, file] of [
      ['js', 'tv.js'],
      ['css', 'tv.css'],
    ] as const)
      router.get(`/${file}`, async (ctx) => {
        ctx.type = type;
        ctx.body = await readFile(PUBLIC + file);
      });
    return smallApp(router, { url, scripts: true, onError });
  });
  return {
    url: running.url,
    stop: async () => {
      tv.stop();
      await running.stop();
    },
  };
}
