import { upstreamIdTokenPlace } from '../domain/keys/sealed-places.js';
import type { TenantContext } from '../http/tenant-context.js';

/**
 * Seals the ID Token of a sign-in, to be the hint when its session's sign-out is forwarded (A13). The session doesn't
 * exist yet, so the place is that of the interaction, which the sealed text names.
 */
export function sealUpstreamIdToken(tenant: TenantContext, interaction: Buffer, idToken: string): string {
  const row = interaction.toString('base64url');
  return `${row}.${tenant.vault.seal(upstreamIdTokenPlace(tenant.id, row), idToken)}`;
}

/** @throws SealError when it was sealed for another place or tenant, or altered */
export function openUpstreamIdToken(tenant: TenantContext, sealed: string): string {
  const dot = sealed.indexOf('.');
  return tenant.vault.open(upstreamIdTokenPlace(tenant.id, sealed.slice(0, dot)), sealed.slice(dot + 1));
}
