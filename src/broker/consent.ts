import { auditEntry } from '../domain/audit/audit-event.js';
import { recordOf } from '../domain/audit/audit-record.js';
import { apiScope } from '../op/grants.js';
import { showPage } from '../op/page-frame.js';
import { CONSENT_FIELD, renderConsent } from '../pages/consent/consent.js';
import type { Permission } from '../pages/consent/permission-list.js';
import { renderContinue } from '../pages/sign-in/continue.js';
import { readOwnForm } from './form.js';
import { refuse } from './refusal.js';
import { frame, type Visit } from './visit.js';

/** Scopes that the request wants beyond what the person has allowed before. */
function missingScopes(details: Readonly<Record<string, unknown>>): readonly Permission[] {
  const { missingOIDCScope: openid = [], missingResourceScopes: apis = {} } = details as {
    missingOIDCScope?: readonly string[];
    missingResourceScopes?: Readonly<Record<string, readonly string[]>>;
  };
  return [
    ...openid.map((scope) => ({ scope })),
    ...Object.entries(apis).flatMap(([api, scopes]) =>
      scopes.map((scope) => ({ scope: apiScope(api, scope), description: `${scope} (${api})` })),
    ),
  ];
}

/** Asks a person whether a third-party application may have their data (B14). */
export async function showConsent(visit: Visit): Promise<void> {
  const { ctx, tenant, interaction, address, deps } = visit;
  const account =
    interaction.accountId === undefined
      ? undefined
      : await deps.artifacts.account(tenant.id, interaction.accountId);
  const redirectUri = interaction.params['redirect_uri'];
  const html = renderConsent(frame(visit), {
    action: address,
    permissions: missingScopes(interaction.details),
    signedInAs: account?.profile.email ?? account?.profile.userName,
    useAnotherHref: `${address}?another=1`,
    returnsToHost: typeof redirectUri === 'string' ? new URL(redirectUri).host : undefined,
  });
  showPage(ctx, 200, html);
}

/** Takes the answer. What is allowed is remembered with its audit event; a no reaches the application. */
export async function answerConsent(visit: Visit): Promise<void> {
  const { ctx, tenant, open, interaction, deps } = visit;
  const form = await readOwnForm(ctx, tenant);
  const application = tenant.application(interaction.clientId);
  const { accountId } = interaction;
  if (application === undefined || accountId === undefined)
    return refuse(ctx, tenant, { reason: 'expired', clientId: interaction.clientId }, deps);
  const decision = form.get(CONSENT_FIELD);
  if (decision !== 'allow' && decision !== 'deny')
    return refuse(ctx, tenant, { reason: 'bad_request', clientId: interaction.clientId }, deps);
  let next: string;
  if (decision === 'allow') {
    const scopes = missingScopes(interaction.details).map((permission) => permission.scope);
    const entry = auditEntry({
      action: 'consent.given',
      actor: { type: 'user', id: accountId },
      target: `application:${application.clientId}`,
      application: application.clientId,
      details: { scopes },
    });
    const record = recordOf(tenant.id, entry, { ...deps, vault: tenant.vault });
    await deps.consents.allow(
      tenant.id,
      { userId: accountId, applicationId: application.id },
      scopes,
      record,
    );
    next = await open.answer({ consent: { scopes } });
  } else {
    next = await open.answer({ error: 'access_denied', error_description: 'consent_refused' });
  }
  showPage(ctx, 200, renderContinue(frame(visit), { targetName: application.name, href: next }));
}
