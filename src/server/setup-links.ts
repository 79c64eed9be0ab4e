import type { Context } from 'koa';
import { systemClock } from '../core/clock.js';
import type { SetupLink } from '../domain/setup-link/setup-link.js';
import { setupCookieHash } from '../http/setup-cookie.js';
import type { TenantDirectory } from '../http/tenant-directory.js';
import type { Operation } from '../management/api/operation.js';
import type { ConfigurationDeps } from '../management/routes/configuration/entry-operations.js';
import { setupLinkOperations } from '../management/routes/setup-links.js';
import { SetupPages, type SetupPagesDeps } from '../operators/setup-pages.js';
import type { Database } from '../storage/database.js';
import { PostgresScimRequestListStore } from '../storage/scim-request-list-store.js';
import { PostgresSetupLinks } from '../storage/setup-links.js';
import { PostgresSetupStatusStore } from '../storage/setup-status-store.js';

/** Which set-up link the request's browser has taken. */
export function findSetupLinkIn(database: Database): (ctx: Context) => Promise<SetupLink | undefined> {
  const links = new PostgresSetupLinks(database);
  return async (ctx) => {
    const hash = setupCookieHash(ctx);
    return hash === undefined ? undefined : links.findByBrowser(hash);
  };
}

/** What the API does with set-up links, and for who holds one. */
export function composeSetupLinks(
  configuration: ConfigurationDeps,
  { database, directory }: { readonly database: Database; readonly directory: TenantDirectory },
): readonly Operation[] {
  const { apply, publicUrl } = configuration;
  return setupLinkOperations({
    audit: apply.audit,
    auditTools: { ids: apply.ids, clock: systemClock },
    configuration,
    directory,
    transactions: database,
    links: new PostgresSetupLinks(database),
    status: new PostgresSetupStatusStore(database),
    requests: new PostgresScimRequestListStore(database),
    publicUrl,
    now: () => systemClock.now(),
  });
}

/** The pages of a set-up link, over the stores of this node. */
export function composeSetupPages(
  database: Database,
  { publicUrl }: { readonly publicUrl: string },
  directory: TenantDirectory,
  shared: Pick<SetupPagesDeps, 'audit' | 'ids' | 'originOf' | 'stylesheetHref'>,
): SetupPages {
  return new SetupPages({
    ...shared,
    auditTools: { ids: shared.ids, clock: systemClock },
    publicUrl,
    directory,
    transactions: database,
    links: new PostgresSetupLinks(database),
    status: new PostgresSetupStatusStore(database),
    now: () => systemClock.now(),
  });
}
