import type { Change } from '../domain/configuration/change.js';
import { connectionAddresses, tenantAddresses } from '../domain/tenant/addresses.js';

/**
 * What the admins of upstreams must be told of connections and SCIM tokens that a change makes, a line each; with
 * `--json` all addresses are in the answer anyway.
 */
export function newAddresses(changes: readonly Change[], publicUrl: string): readonly string[] {
  const made = changes.filter(({ action }) => action === 'create');
  const connections = made.filter(({ kind }) => kind === 'connection');
  const tenants = new Set(made.flatMap(({ kind, tenant }) => (kind === 'scimToken' ? [tenant] : [])));
  return [
    ...connections.flatMap(({ tenant, key }) => {
      const { issuer } = tenantAddresses(publicUrl, tenant);
      const { redirectUri, initiateLoginUri } = connectionAddresses(issuer, key);
      return [
        `Redirect URI of ${tenant} / ${key}, for the upstream: ${redirectUri}`,
        `Initiate login URI of ${tenant} / ${key}, for a tile there: ${initiateLoginUri}/CLIENT_ID`,
      ];
    }),
    ...[...tenants].map(
      (slug) => `SCIM base URL of ${slug}: ${tenantAddresses(publicUrl, slug).scimBaseUrl}`,
    ),
  ];
}
