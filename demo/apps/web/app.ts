import { Router, type RouterContext } from '@koa/router';
import Koa from 'koa';
import { readForm } from '../shared/form.js';
import { STYLESHEET, stylesheet, type Look } from '../shared/look.js';
import { faultOf, isOver, STRAY_ANSWER, UNKNOWN_PAGE, type Fault } from './faults.js';
import { LogoutTokenError, type LogoutTokens } from './logout-tokens.js';
import { faultPage, homePage, welcomePage } from './pages.js';
import { remember, take, type Session, type Sessions } from './sessions.js';
import type { SignIn, Wishes } from './sign-in.js';

export interface WebAppParts {
  readonly look: Look;
  /** The application's own address, without a slash at the end. */
  readonly url: string;
  readonly issuer: string;
  readonly signIn: SignIn;
  readonly logoutTokens: LogoutTokens;
  readonly sessions: Sessions;
  readonly cookieName: string;
  /** Told of errors that nobody in front of a browser can mend. */
  readonly onError: (error: unknown) => void;
}

const ENDED_ELSEWHERE =
  'Your access was ended from elsewhere: your organization took it away, or you signed out in another application.';

/** The routes of the web application. */
export class WebApp {
  readonly #parts: WebAppParts;

  constructor(parts: WebAppParts) {
    this.#parts = parts;
  }

  routes(): Koa {
    const router = new Router();
    router.get('/', (ctx) => this.#home(ctx));
    router.get('/login', (ctx) => this.#login(ctx));
    router.get('/login/initiate', (ctx) => this.#initiate(ctx, ctx.URL.searchParams));
    router.post('/login/initiate', async (ctx) => this.#initiate(ctx, await readForm(ctx)));
    router.get('/callback', (ctx) => this.#callback(ctx));
    router.post('/refresh', (ctx) => this.#refresh(ctx));
    router.post('/logout', (ctx) => this.#logout(ctx));
    router.post('/backchannel-logout', (ctx) => this.#logoutElsewhere(ctx));
    router.get('/signed-out', (ctx) => {
      ctx.body = welcomePage(this.#parts.look, 'You are signed out.');
    });
    router.get(STYLESHEET, async (ctx) => {
      ctx.set('Cache-Control', 'max-age=60');
      ctx.type = 'css';
      ctx.body = await stylesheet();
    });
    const app = new Koa();
    app.on('error', this.#parts.onError);
    app.use((ctx, next) => this.#frame(ctx, next));
    app.use(router.routes());
    app.use((ctx) => this.#fail(ctx, UNKNOWN_PAGE));
    return app;
  }

  /** What every answer carries, and what becomes of every error. */
  async #frame(ctx: Koa.Context, next: () => Promise<unknown>): Promise<void> {
    const { issuer } = this.#parts;
    ctx.set({
      'Cache-Control': 'no-store',
      // A form's redirects count as well: signing out leads to the issuer and back.
      'Content-Security-Policy':
        `default-src 'none'; style-src 'self'; img-src data:; form-action 'self' ${new URL(issuer).origin}; ` +
        "base-uri 'none'; frame-ancestors 'none'",
      // Not no-referrer: that would make the Origin of our own forms null.
      'Referrer-Policy': 'same-origin',
      'X-Content-Type-Options': 'nosniff',
    });
    ctx.type = 'html';
    try {
      await next();
    } catch (error) {
      this.#parts.onError(error);
      this.#fail(ctx, faultOf(error));
    }
  }

  #home(ctx: RouterContext): void {
    const { look } = this.#parts;
    const session = this.#session(ctx);
    if (session?.signedIn === undefined) {
      ctx.body = welcomePage(look, session?.endedElsewhere === true ? ENDED_ELSEWHERE : undefined);
      return;
    }
    const notice = ctx.query['renewed'] === undefined ? undefined : 'The tokens were renewed.';
    ctx.body = homePage(look, session.signedIn, notice);
  }

  async #login(ctx: RouterContext): Promise<void> {
    await this.#begin(ctx, '/', { prompt: ctx.query['another'] === undefined ? undefined : 'login' });
  }

  /**
   * Someone else asks this application to sign a person in (OpenID Connect Core section 4): a tile on a dashboard was
   * clicked. Only our issuer is believed, and what follows is a sign-in like any other.
   */
  async #initiate(ctx: RouterContext, parameters: URLSearchParams): Promise<void> {
    const { issuer, url } = this.#parts;
    if (parameters.get('iss') !== issuer) {
      this.#fail(ctx, { ...STRAY_ANSWER, heading: 'This sign-in comes from somewhere unknown' });
      return;
    }
    const target = parameters.get('target_link_uri');
    const isOurs = target !== null && URL.canParse(target) && new URL(target).origin === url;
    const { pathname, search } = new URL(isOurs ? target : url);
    await this.#begin(ctx, pathname + search, { loginHint: parameters.get('login_hint') ?? undefined });
  }

  async #begin(ctx: RouterContext, returnTo: string, wishes: Wishes): Promise<void> {
    const { signIn, sessions } = this.#parts;
    const { url, attempt } = await signIn.begin(returnTo, wishes);
    const session = this.#session(ctx) ?? sessions.create();
    remember(session, attempt);
    this.#setCookie(ctx, session);
    seeOther(ctx, url.href);
  }

  async #callback(ctx: RouterContext): Promise<void> {
    const { sessions, signIn, url } = this.#parts;
    const session = this.#session(ctx);
    const attempt = take(session, ctx.URL.searchParams.get('state'));
    if (session === undefined || attempt === undefined) {
      this.#fail(ctx, STRAY_ANSWER);
      return;
    }
    const signedIn = await signIn.finish(new URL(ctx.url, url), attempt);
    this.#setCookie(ctx, sessions.signedIn(session, signedIn));
    seeOther(ctx, attempt.returnTo);
  }

  async #refresh(ctx: RouterContext): Promise<void> {
    const { signIn, sessions, look, onError } = this.#parts;
    const session = this.#ownPost(ctx);
    if (session?.signedIn === undefined) {
      seeOther(ctx, '/');
      return;
    }
    try {
      session.signedIn = await signIn.renew(session.signedIn);
      seeOther(ctx, '/?renewed');
    } catch (error) {
      if (!isOver(error)) throw error;
      onError(error);
      sessions.end(session);
      ctx.body = welcomePage(
        look,
        'Your access has ended, or you signed out elsewhere. Please sign in again.',
      );
    }
  }

  async #logout(ctx: RouterContext): Promise<void> {
    const { signIn, sessions, cookieName } = this.#parts;
    const session = this.#ownPost(ctx);
    if (session !== undefined) sessions.end(session);
    ctx.cookies.set(cookieName, null);
    const signedIn = session?.signedIn;
    seeOther(ctx, signedIn === undefined ? '/signed-out' : (await signIn.end(signedIn)).href);
  }

  /**
   * The issuer tells that a sign-in has ended (OpenID Connect Back-Channel Logout 1.0): server to server, without cookie.
   * Whoever asks is believed for the token's signature alone. 200 also when no such sign-in is here any more.
   */
  async #logoutElsewhere(ctx: RouterContext): Promise<void> {
    const { logoutTokens, sessions, onError } = this.#parts;
    try {
      const [token, ...others] = (await readForm(ctx)).getAll('logout_token');
      if (token === undefined || others.length > 0)
        throw new LogoutTokenError('one logout_token is expected');
      sessions.endElsewhere(await logoutTokens.take(token));
      ctx.status = 200;
      ctx.body = '';
    } catch (error) {
      onError(error);
      // 400 whatever it was (section 2.8): the issuer tries again.
      ctx.status = 400;
      const reason = error instanceof LogoutTokenError ? error.message : 'it could not be checked';
      ctx.body = { error: 'invalid_request', error_description: reason };
    }
  }

  #session(ctx: RouterContext): Session | undefined {
    return this.#parts.sessions.find(ctx.cookies.get(this.#parts.cookieName));
  }

  /** The session of a form that was sent from our own page, and from nobody else's. */
  #ownPost(ctx: RouterContext): Session | undefined {
    const origin = ctx.get('Origin');
    if (origin !== '' && origin !== this.#parts.url) ctx.throw(403, 'a form of another site');
    return this.#session(ctx);
  }

  #setCookie(ctx: RouterContext, { id }: Session): void {
    const secure = this.#parts.url.startsWith('https:');
    // Lax: the answer of the issuer is a navigation from another site, and must bring the cookie along.
    ctx.cookies.set(this.#parts.cookieName, id, { httpOnly: true, sameSite: 'lax', secure, overwrite: true });
  }

  #fail(ctx: Koa.Context, fault: Fault): void {
    ctx.status = fault.status;
    ctx.type = 'html';
    ctx.body = faultPage(this.#parts.look, fault);
  }
}

/** A redirect that is a GET, whatever the request was (RFC 9110 section 15.4.4). */
function seeOther(ctx: Koa.Context, address: string): void {
  ctx.status = 303;
  ctx.redirect(address);
}
