import type { Context } from 'koa';
import { DomainError } from '../core/errors.js';
import type { Ids } from '../core/ids.js';
import type { RequestOrigin } from '../domain/audit/audit-event.js';
import { takeSetupLink, type SetupLinkDeps } from '../domain/setup-link/create-setup-link.js';
import { readSetupStatus } from '../domain/setup-link/read-status.js';
import type { FoundSetupLink, SetupLink } from '../domain/setup-link/setup-link.js';
import type { SetupStatusStore } from '../domain/setup-link/setup-status.js';
import { setupValues } from '../domain/setup-link/setup-values.js';
import { SYSTEM_SLUG } from '../domain/tenant/tenant.js';
import type { TenantTransactions } from '../domain/tenant/transactions.js';
import { readFormOf } from '../http/own-form.js';
import { setSetupCookie, setupCookieHash } from '../http/setup-cookie.js';
import type { TenantContext } from '../http/tenant-context.js';
import type { TenantDirectory } from '../http/tenant-directory.js';
import { sha256 } from '../keys/hash.js';
import { readToken } from '../keys/tokens.js';
import type { Frame } from '../pages/frame.js';
import { pagePolicy, soloPageHeaders } from '../pages/policy.js';
import { renderDeadSetupLink, type DeadSetupLinkModel } from '../pages/setup/dead-link.js';
import { renderSetupOverview } from '../pages/setup/overview.js';
import { renderSetupStart } from '../pages/setup/start.js';
import { basePath } from './visit.js';

export interface SetupPagesDeps extends Omit<SetupLinkDeps, 'auditTools'> {
  readonly auditTools: Omit<SetupLinkDeps['auditTools'], 'vault'>;
  /** Without a slash at the end. */
  readonly publicUrl: string;
  readonly directory: Pick<TenantDirectory, 'find'>;
  readonly transactions: TenantTransactions;
  readonly status: SetupStatusStore;
  readonly ids: Ids;
  readonly now: () => Date;
  readonly originOf: (ctx: Context) => RequestOrigin;
  readonly stylesheetHref: string;
}

const LINK = /^\/setup\/([A-Za-z0-9_-]{1,200})$/;
const STATUS = { unknown: 404, elsewhere: 409, expired: 410, revoked: 410 } as const;

/**
 * `/setup/{token}` shows a start page, which mail scanners may open as often as they like; its form takes the link for this
 * browser, and the token leaves the address. `/setup/` is the page of the set-up that the browser has taken.
 */
export class SetupPages {
  constructor(private readonly deps: SetupPagesDeps) {}

  /**
   * @param path relative to `PUBLIC_URL`
   * @returns false when the path names neither of these pages
   */
  async serve(ctx: Context, path: string): Promise<boolean> {
    const isRead = ctx.method === 'GET' || ctx.method === 'HEAD';
    if (path === '/setup/' && isRead) {
      ctx.state['route'] = '/setup/';
      await this.#overview(ctx);
      return true;
    }
    const [, token] = LINK.exec(path) ?? [];
    if (token === undefined || !(isRead || ctx.method === 'POST')) return false;
    ctx.state['route'] = '/setup/{token}';
    if (ctx.method === 'POST') await readFormOf(ctx, new URL(this.deps.publicUrl).origin);
    await this.#link(ctx, token);
    return true;
  }

  async #link(ctx: Context, token: string): Promise<void> {
    const hash = sha256(token);
    const found = await this.#find(token, hash);
    if (found === undefined) return this.#dead(ctx, 'unknown');
    const { link, tenant } = found;
    if (link.state === 'waiting' && ctx.method !== 'POST') return this.#start(ctx, found, token);
    if (link.state === 'waiting' && (await this.#take(ctx, found))) return this.#enter(ctx);
    // Whoever lost the race for it sees who won.
    const now = (await this.deps.links.findByToken(hash)) ?? found;
    if (now.link.state !== 'open') return this.#dead(ctx, 'revoked', now.link, tenant);
    const own = setupCookieHash(ctx);
    if (own !== undefined && now.browserHash?.equals(own) === true) return this.#enter(ctx);
    return this.#dead(ctx, 'elsewhere', now.link, tenant);
  }

  async #find(
    token: string,
    hash: Buffer,
  ): Promise<(FoundSetupLink & { readonly tenant: TenantContext }) | undefined> {
    // A mistake in copying is told without asking the database.
    const found = readToken(token)?.kind === 'setup' ? await this.deps.links.findByToken(hash) : undefined;
    const tenant = found && (await this.deps.directory.find(found.link.tenantSlug));
    return found === undefined || tenant === undefined ? undefined : { ...found, tenant };
  }

  async #take(
    ctx: Context,
    { link, tenant }: { readonly link: SetupLink; readonly tenant: TenantContext },
  ): Promise<boolean> {
    const { deps } = this;
    const secret = deps.ids.secret(32);
    const auditTools = { ...deps.auditTools, vault: tenant.vault };
    const taken = await deps.transactions.withTenant(tenant.id, (scope) =>
      takeSetupLink({ ...deps, auditTools }, scope, {
        link,
        browserHash: sha256(secret),
        origin: deps.originOf(ctx),
      }),
    );
    if (taken) setSetupCookie(ctx, secret, link.expiresAt);
    return taken;
  }

  #start(
    ctx: Context,
    { link, tenant }: { readonly link: SetupLink; readonly tenant: TenantContext },
    token: string,
  ): void {
    const action = `${basePath(this.deps.publicUrl)}/setup/${token}`;
    const { service, expiresAt } = link;
    this.#show(ctx, 200, renderSetupStart(this.#frame(tenant), { action, service, expiresAt }));
  }

  #enter(ctx: Context): void {
    ctx.set({ ...soloPageHeaders, 'content-security-policy': pagePolicy() });
    ctx.status = 303;
    ctx.redirect(`${basePath(this.deps.publicUrl)}/setup/`);
  }

  async #overview(ctx: Context): Promise<void> {
    const { deps } = this;
    const hash = setupCookieHash(ctx);
    const link = hash === undefined ? undefined : await deps.links.findByBrowser(hash);
    const tenant = link === undefined ? undefined : await deps.directory.find(link.tenantSlug);
    if (link === undefined || tenant === undefined) return this.#dead(ctx, 'unknown');
    if (link.state !== 'open') return this.#dead(ctx, 'revoked', link, tenant);
    const { configuration, slug } = tenant;
    const { steps, checks } = await readSetupStatus(deps, link, configuration, deps.publicUrl);
    const connection = configuration.connections.find(({ key }) => key === link.connection);
    const html = renderSetupOverview(this.#frame(tenant), {
      service: link.service,
      connection: link.connection,
      expiresAt: link.expiresAt,
      slug,
      linkId: link.id,
      values: { ...setupValues(deps.publicUrl, slug, link, connection) },
      steps,
      checks,
      againHref: `${basePath(deps.publicUrl)}/setup/`,
    });
    this.#show(ctx, 200, html);
  }

  /** @param state `revoked` stands for what the link says itself */
  async #dead(
    ctx: Context,
    state: 'unknown' | 'elsewhere' | 'revoked',
    link?: SetupLink,
    tenant?: TenantContext,
  ): Promise<void> {
    const shown = tenant ?? (await this.deps.directory.find(SYSTEM_SLUG));
    if (shown === undefined) throw new DomainError('not_found', 'there is nothing at this address');
    const model = deadModel(state, link);
    this.#show(ctx, STATUS[model.state], renderDeadSetupLink(this.#frame(shown), model));
  }

  #frame(tenant: TenantContext): Frame {
    const { name: tenantName } = tenant.configuration.tenant;
    return { brand: { tenantName }, lang: 'en', stylesheetHref: this.deps.stylesheetHref };
  }

  /** No application opens these pages, so they keep no tie to whoever did. */
  #show(ctx: Context, status: number, html: string): void {
    ctx.status = status;
    ctx.set({ ...soloPageHeaders, 'content-security-policy': pagePolicy() });
    ctx.body = html;
  }
}

function deadModel(
  state: 'unknown' | 'elsewhere' | 'revoked',
  link: SetupLink | undefined,
): DeadSetupLinkModel {
  if (link === undefined) return { state: 'unknown', at: null, contact: null };
  const contact = link.contact ?? link.service;
  if (state === 'elsewhere') return { state, at: link.openedAt, contact };
  if (link.state === 'expired') return { state: 'expired', at: link.expiresAt, contact };
  return { state: 'revoked', at: link.revokedAt, contact };
}
