import type { TenantId } from '../../core/ids.js';

/** What a domain says in DNS when whoever runs it gives it to a tenant. */
export interface DomainRecord {
  readonly type: 'TXT';
  readonly name: string;
  readonly value: string;
}

/**
 * The record that proves a domain. It names the tenant and is no secret: only who runs the domain can publish it, and what
 * they publish says to whom they give it.
 */
export function verificationRecord(
  tenantId: TenantId,
  domain: string,
): DomainRecord & { readonly [key: string]: string } {
  return { type: 'TXT', name: `_causeway.${domain}`, value: `causeway-tenant=${tenantId}` };
}

/** Asks DNS for the texts of a name; none when there are none. @throws DomainError `upstream_unavailable` */
export type FindTexts = (name: string) => Promise<readonly string[]>;
