import type { Context } from 'koa';
import { auditEntry } from '../domain/audit/audit-event.js';
import { recordOf } from '../domain/audit/audit-record.js';
import type { Application } from '../domain/application/application.js';
import { endAccess } from '../domain/session/end-access.js';
import type { Account } from '../domain/user/account.js';
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
  if (withdrawn !== undefined) await withdraw(tenant, person, withdrawn, deps);
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

/** Forgets the permission and ends what hangs on it, together: its tokens are dead from now on. */
async function withdraw(
  tenant: TenantContext,
  person: Account,
  application: Application,
  deps: BrokerDeps,
): Promise<void> {
  const actor = { type: 'user', id: person.userId } as const;
  const auditTools = { ...deps, vault: tenant.vault };
  const entry = auditEntry({
    action: 'consent.withdrawn',
    actor,
    target: `application:${application.clientId}`,
    application: application.clientId,
  });
  await deps.transactions.withTenant(tenant.id, async (scope) => {
    deps.consents.forget(scope, { userId: person.userId, applicationId: application.id });
    deps.audit.append(scope, [recordOf(tenant.id, entry, auditTools)]);
    await endAccess({ ...deps, auditTools }, scope, {
      target: { personIn: `${person.userId}:${application.clientId}` },
      reason: 'consent_withdrawn',
      actor,
    });
  });
}
