import type { Context } from 'koa';
import { serveApplicationPage } from './application.js';
import type { OperatorsDeps } from './deps.js';
import { serveEnrolment } from './enrol.js';
import { serveSignIn, serveStepUp } from './sign-in.js';
import { serveSignOut } from './sign-out.js';
import { serveCallback, serveStart } from './through-organization.js';

const LINK = /^\/console\/(first-run|enrol)\/([A-Za-z0-9_-]{1,200})$/;
const APPLICATION = /^\/console\/t\/([a-z0-9-]{1,40})\/applications\/([A-Za-z0-9._~-]{1,64})$/;
const METHODS = ['GET', 'HEAD', 'POST'];

/** Serves the pages on which people make their way into the console. */
export class OperatorPages {
  constructor(private readonly deps: OperatorsDeps) {}

  /**
   * @param path relative to `PUBLIC_URL`
   * @returns false when the path names none of these pages
   */
  async serve(ctx: Context, path: string): Promise<boolean> {
    const page = this.#pageOf(path);
    if (page === undefined || !METHODS.includes(ctx.method)) return false;
    ctx.state['route'] = page.route;
    await page.serve(ctx);
    return true;
  }

  #pageOf(path: string): { readonly route: string; serve(ctx: Context): Promise<void> } | undefined {
    const { deps } = this;
    switch (path) {
      case '/console/sign-in':
        return { route: path, serve: (ctx) => serveSignIn(ctx, deps) };
      case '/console/start':
        return { route: path, serve: (ctx) => serveStart(ctx, deps) };
      case '/console/callback':
        return { route: path, serve: (ctx) => serveCallback(ctx, deps) };
      case '/console/step-up':
        return { route: path, serve: (ctx) => serveStepUp(ctx, deps) };
      case '/console/sign-out':
        return { route: path, serve: (ctx) => serveSignOut(ctx, deps) };
      default: {
        const [, slug, clientId] = APPLICATION.exec(path) ?? [];
        if (slug !== undefined && clientId !== undefined) {
          const asked = { slug, clientId };
          return { route: '/console/applications', serve: (ctx) => serveApplicationPage(ctx, deps, asked) };
        }
        const [, name, token] = LINK.exec(path) ?? [];
        if (token === undefined) return undefined;
        const kind = name === 'enrol' ? 'enrolment' : 'first_run';
        return { route: `/console/${name}`, serve: (ctx) => serveEnrolment(ctx, kind, token, deps) };
      }
    }
  }
}
