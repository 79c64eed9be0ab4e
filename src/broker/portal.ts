import type { Context } from 'koa';
import { withdrawConsent } from '../domain/consent/withdraw-consent.js';
import type { TenantContext } from '../http/tenant-context.js';
import { signedInPerson } from '../op/open-session.js';
import { frameOf, showPage } from '../op/page-frame.js';
import type { ProviderCache } from '../op/provider-cache.js';
import { renderPermissions, renderPortalSignedOut, WITHDRAW_FIELD } from '../pages/portal/permissions.js';
import type { BrokerDeps } from './deps.js';
import { readOwnForm } from './form.js';

/** `/portal`: what a person has allowed third-party applications, and how to take it back (B14). */
export async function servePortal(
  ctx: Context,
  tenant: TenantContext,
  providers: ProviderCache,
  deps: BrokerDeps,
): Promise<void> {
  const form = ctx.method === 'POST' ? await readOwnForm(ctx, tenant) : undefined;
  const person = await signedInPerson(ctx, tenant, providers, deps.artifacts);
  const frame = frameOf(tenant, deps.stylesheetHref);
  if (person === undefined) return showPage(ctx, 401, renderPortalSignedOut(frame));
  const withdrawn = tenant.application(form?.get(WITHDRAW_FIELD) ?? '');
  if (withdrawn !== undefined) {
    const actor = { type: 'user', id: person.userId } as const;
    await deps.transactions.withTenant(tenant.id, (scope) =>
      withdrawConsent({ ...deps, auditTools: { ...deps, vault: tenant.vault } }, scope, {
        userId: person.userId,
        application: withdrawn,
        actor,
      }),
    );
  }
  const consents = await deps.consents.list(tenant.id, person.userId);
  const html = renderPermissions(frame, {
    action: `${tenant.issuer}/portal`,
    signedInAs: person.profile.email ?? person.profile.userName,
    applications: consents.map(({ clientId, scopes }) => ({
      clientId,
      name: tenant.application(clientId)?.name ?? clientId,
      permissions: scopes.map((scope) => ({ scope })),
    })),
  });
  showPage(ctx, 200, html);
}
