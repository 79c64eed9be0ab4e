import type { KoaContextWithOIDC } from 'oidc-provider';
import type { TenantContext } from '../http/tenant-context.js';

/** Only the library's self-posting forms have a script, by its hash. */
const OWN_SCRIPT = /script-src [^;]*'sha256-/;

/**
 * Lets an authorization response by form_post leave (OAuth 2.0 Form Post Response Mode). Browsers hold every redirect
 * that follows a POST against `form-action`, so the application's origin alone wouldn't do: where it goes on to after
 * its callback is its own affair. Frames of the application's allowed origins may hold the page: silent renewal (B5).
 */
export function allowFormPost(ctx: KoaContextWithOIDC, tenant: TenantContext): void {
  const { redirectUriCheckPerformed, params, client } = ctx.oidc;
  const policy = ctx.response.get('content-security-policy');
  const redirectUri = params?.['redirect_uri'];
  if (!redirectUriCheckPerformed || typeof redirectUri !== 'string' || !OWN_SCRIPT.test(policy)) return;
  const targets = new Set(['https:', new URL(redirectUri).protocol]);
  const frames = tenant.application(client?.clientId ?? '')?.settings.allowedOrigins ?? [];
  const directives = policy
    .split(';')
    .map((directive) => directive.trim())
    .filter((directive) => !/^(?:form-action|frame-ancestors) /.test(directive));
  directives.push(`form-action ${[...targets].join(' ')}`);
  directives.push(`frame-ancestors ${frames.length === 0 ? "'none'" : frames.join(' ')}`);
  ctx.set('Content-Security-Policy', directives.join('; '));
  if (frames.length > 0) ctx.remove('X-Frame-Options');
}
