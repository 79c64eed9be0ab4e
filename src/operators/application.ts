import type { Context } from 'koa';
import { DomainError } from '../core/errors.js';
import { integrationOf } from '../domain/application/integration.js';
import { PERMISSIONS } from '../domain/operator/permissions.js';
import { SYSTEM_SLUG } from '../domain/tenant/tenant.js';
import { findConsoleSession } from '../http/console-cookie.js';
import type { TenantContext } from '../http/tenant-context.js';
import { renderApplicationPage } from '../pages/operators/application.js';
import type { OperatorsDeps } from './deps.js';
import { basePath, frameOf, show } from './visit.js';

/**
 * `/console/t/{slug}/applications/{clientId}`: what whoever builds the application needs (B17), for people of the tenant
 * and of those above it who may see applications. Nobody else learns whether there is such a tenant or application.
 * @throws DomainError `not_found`
 */
export async function serveApplicationPage(
  ctx: Context,
  deps: OperatorsDeps,
  asked: { readonly slug: string; readonly clientId: string },
): Promise<void> {
  const session = await findConsoleSession(ctx, deps.sessions);
  const home = session === undefined ? undefined : await deps.directory.find(session.tenantSlug);
  if (session === undefined || home === undefined) {
    ctx.status = 303;
    ctx.redirect(`${basePath(deps.publicUrl)}/console/sign-in?tenant=${asked.slug}`);
    return;
  }
  const tenant = await deps.directory.find(asked.slug);
  const application = tenant?.application(asked.clientId);
  const roles = await deps.rolesOf(home, session.userId);
  const mayRead = PERMISSIONS['applications.read'].roles.some((role) => roles.includes(role));
  if (tenant === undefined || application === undefined || !mayRead || !reaches(home, tenant))
    throw new DomainError('not_found', 'there is nothing at this address');
  const { issuer, configuration } = tenant;
  const { snippets, ...facts } = integrationOf(application, { issuer, apis: configuration.apis });
  const texts = await Promise.all(
    snippets.map(async (snippet) => ({ ...snippet, text: await deps.readSnippet(snippet.file) })),
  );
  show(
    ctx,
    200,
    renderApplicationPage(frameOf(tenant, deps), { ...facts, name: application.name, snippets: texts }),
  );
}

/** A role holds in the tenant and in those below it. */
const reaches = (home: TenantContext, tenant: TenantContext): boolean =>
  home.id === tenant.id || home.slug === SYSTEM_SLUG || tenant.configuration.tenant.parentId === home.id;
