import { Router } from '@koa/router';
import type { Look } from '../shared/look.js';
import { serve, type RunningApp } from '../shared/serve.js';
import { seeOther, smallApp } from '../shared/small-app.js';
import { Bot, type BotOptions } from './bot.js';
import { botPage, type Standing } from './pages.js';
import { ReportApi } from './report-api.js';

export interface BotAppOptions extends Pick<BotOptions, 'issuer' | 'file' | 'initialAccessToken'> {
  readonly look: Look;
  /** Port of loopback for the bot's page, and for the API that it calls, at `/api/reports`. */
  readonly port: number;
  readonly api: { readonly identifier: string; readonly scope: string };
  readonly onError?: (error: unknown) => void;
}

/** A bot whose page answers. */
export interface RunningBot extends RunningApp {
  /** What it is registered as; undefined while it isn't. */
  readonly clientId: string | undefined;
}

/**
 * Starts the bot, lets it do its work once, and shows it. What fails is on its page.
 * @throws Error when its port is taken
 */
export async function startBot(options: BotAppOptions): Promise<RunningBot> {
  const { look, issuer, file, api, initialAccessToken, onError = () => undefined } = options;
  const name = `${look.tenant} ${look.name}`;
  const bot = new Bot({ issuer, name, api, file, initialAccessToken, now: Date.now });
  let standing: Standing = { last: undefined, fault: undefined };
  const work = async (url: string): Promise<void> => {
    try {
      standing = { last: await bot.run(`${url}/api/reports`), fault: undefined };
    } catch (error) {
      onError(error);
      standing = { ...standing, fault: error instanceof Error ? error.message : String(error) };
    }
  };
  const running = await serve(options.port, (url) => {
    const reports = new ReportApi({ ...api, issuer, now: Date.now });
    const router = new Router();
    router.get('/', (ctx) => {
      ctx.type = 'html';
      ctx.body = botPage(look, api, standing);
    });
    router.post('/ask', async (ctx) => {
      await work(url);
      seeOther(ctx, '/');
    });
    router.post('/api/reports', (ctx) => reports.file(ctx));
    return smallApp(router, { url, onError });
  });
  await work(running.url);
  return {
    ...running,
    get clientId() {
      return bot.clientId;
    },
  };
}
