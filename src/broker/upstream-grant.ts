import { upstreamGrantPlace } from '../domain/keys/sealed-places.js';
import type { TenantContext } from '../http/tenant-context.js';

/** What is kept, sealed, of an upstream's grant: whom it is about, and what to ask by. */
export interface UpstreamGrant {
  readonly subject: string;
  readonly refreshToken: string;
}

/** Seals it for the person's row alone. */
export function sealGrant(tenant: TenantContext, userId: string, grant: UpstreamGrant): string {
  return tenant.vault.seal(upstreamGrantPlace(tenant.id, userId), JSON.stringify(grant));
}

/** @throws SealError when it was sealed for another person, or altered */
export function openGrant(tenant: TenantContext, userId: string, sealed: string): UpstreamGrant {
  const grant: UpstreamGrant = JSON.parse(tenant.vault.open(upstreamGrantPlace(tenant.id, userId), sealed));
  return grant;
}
