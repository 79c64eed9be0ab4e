import type { Context } from 'koa';
import { messageOf } from '../core/errors.js';
import { pagePolicy, soloPageHeaders } from '../pages/policy.js';
import { renderStatus, type StatusCheck } from '../pages/status/status-page.js';
import type { Metrics } from './metrics.js';

export interface OperationsDeps {
  readonly version: string;
  readonly stylesheetHref: string;
  readonly databaseKind: 'embedded' | 'external';
  /** Asks the database for an answer. */
  readonly pingDatabase: () => Promise<void>;
  /** Whether the token may read metrics on the main port. */
  readonly isApiToken: (token: string) => Promise<boolean>;
  readonly metrics: Metrics;
  /** Metrics have a listener of their own: the main port has none then. */
  readonly metricsElsewhere: boolean;
  readonly consolePath: string;
}

/** Health, readiness, metrics, and until there is a console, the page that stands in its place. */
export class Operations {
  #stopping = false;

  constructor(private readonly deps: OperationsDeps) {}

  /** From now on this node says that it isn't ready, so that nothing new is sent to it. */
  stop(): void {
    this.#stopping = true;
  }

  /** `/healthz` and `/readyz`: for whatever host they are asked. */
  async serveHealth(ctx: Context): Promise<boolean> {
    if (ctx.path !== '/healthz' && ctx.path !== '/readyz') return false;
    ctx.state['route'] = ctx.path;
    ctx.set('Cache-Control', 'no-store');
    if (ctx.path === '/healthz') {
      ctx.body = { status: 'ok' };
      return true;
    }
    const database = await this.#database();
    const ready = database.state === 'ok' && !this.#stopping;
    ctx.status = ready ? 200 : 503;
    ctx.body = { status: ready ? 'ready' : 'not ready', database: database.state };
    return true;
  }

  /** Metrics and the console's place. */
  async serve(ctx: Context, path: string): Promise<boolean> {
    if (path === '/metrics') return this.#serveMetrics(ctx);
    const { consolePath } = this.deps;
    if (path === '/' || path === consolePath.replace(/\/$/, '')) {
      ctx.status = 302;
      ctx.redirect(`${ctx.path.slice(0, ctx.path.length - path.length)}${consolePath}`);
      return true;
    }
    if (!path.startsWith(consolePath)) return false;
    ctx.state['route'] = '/console';
    return this.#serveConsole(ctx, path.slice(consolePath.length));
  }

  async #serveMetrics(ctx: Context): Promise<boolean> {
    ctx.state['route'] = '/metrics';
    if (this.deps.metricsElsewhere) return false;
    const [, token] = /^Bearer (\S+)$/i.exec(ctx.get('authorization')) ?? [];
    if (token === undefined || !(await this.deps.isApiToken(token))) {
      ctx.status = 401;
      ctx.set('WWW-Authenticate', 'Bearer');
      ctx.body = {
        error: 'unauthenticated',
        error_description: 'metrics need an API token, or METRICS_PORT',
      };
      return true;
    }
    const { registry } = this.deps.metrics;
    ctx.set('Content-Type', registry.contentType);
    ctx.body = await registry.metrics();
    return true;
  }

  async #serveConsole(ctx: Context, rest: string): Promise<boolean> {
    if (rest !== '') return false;
    const frame = {
      brand: { tenantName: 'Causeway' },
      lang: 'en',
      stylesheetHref: this.deps.stylesheetHref,
    } as const;
    ctx.set({ ...soloPageHeaders, 'content-security-policy': pagePolicy() });
    const database = await this.#database();
    ctx.body = renderStatus(frame, {
      version: this.deps.version,
      uptimeSeconds: Math.floor(process.uptime()),
      database: { kind: this.deps.databaseKind, state: database.state },
      checks: [database.check],
    });
    return true;
  }

  async #database(): Promise<{ readonly state: 'ok' | 'failing'; readonly check: StatusCheck }> {
    try {
      await this.deps.pingDatabase();
      return { state: 'ok', check: { name: 'Database', state: 'ok' } };
    } catch (error) {
      return { state: 'failing', check: { name: 'Database', state: 'failing', detail: messageOf(error) } };
    }
  }
}
