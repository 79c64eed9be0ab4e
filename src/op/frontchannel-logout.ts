import type { SessionPart } from '../domain/session/upstream-logout.js';
import type { TenantContext } from '../http/tenant-context.js';
import type { SignOutFrame } from '../pages/sign-out/frames.js';

/**
 * The frames by which the applications of an ended session are told in its browser (OpenID Connect Front-Channel Logout
 * 1.0 section 2): always with `iss` and `sid`, so that nobody else's frame can pass for ours.
 */
export function signOutFrames(tenant: TenantContext, parts: readonly SessionPart[]): readonly SignOutFrame[] {
  return parts.flatMap(({ clientId, sid }) => {
    const application = tenant.application(clientId);
    const uri = application?.settings.frontchannelLogoutUri ?? null;
    if (application === undefined || uri === null) return [];
    const src = new URL(uri);
    src.searchParams.set('iss', tenant.issuer);
    src.searchParams.set('sid', sid);
    return [{ applicationName: application.name, src: src.href }];
  });
}

/** Metadata once an application of the tenant wants to be told so. */
export function frontchannelMetadata(tenant: TenantContext): Readonly<Record<string, boolean>> {
  const { applications } = tenant.configuration;
  if (applications.every(({ settings }) => settings.frontchannelLogoutUri === null)) return {};
  return { frontchannel_logout_supported: true, frontchannel_logout_session_supported: true };
}
