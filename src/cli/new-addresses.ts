import type { PresentedApply } from '../management/apply-file/present-apply.js';
import type { Told } from './told.js';

/**
 * What the admins of upstreams must be told of connections and SCIM tokens that a change makes, a line each; with
 * `--json` all addresses are in the answer anyway.
 */
export function newAddresses({ plan, tenants }: Told<PresentedApply>): readonly string[] {
  const made = plan.filter(({ action }) => action === 'create');
  const addressesOf = (slug: string) => tenants.find((tenant) => tenant.slug === slug);
  const connections = made.flatMap(({ kind, tenant, key }) => {
    const addresses = addressesOf(tenant)?.connections.find((connection) => connection.key === key);
    return kind === 'connection' && addresses !== undefined ? [{ tenant, ...addresses }] : [];
  });
  const provisioned = new Set(made.flatMap(({ kind, tenant }) => (kind === 'scimToken' ? [tenant] : [])));
  return [
    ...connections.flatMap(({ tenant, key, redirectUri, initiateLoginUri }) => [
      `Redirect URI of ${tenant} / ${key}, for the upstream: ${redirectUri}`,
      `Initiate login URI of ${tenant} / ${key}, for a tile there: ${initiateLoginUri}/CLIENT_ID`,
    ]),
    ...[...provisioned].flatMap((slug) => {
      const scimBaseUrl = addressesOf(slug)?.scimBaseUrl;
      return scimBaseUrl === undefined ? [] : [`SCIM base URL of ${slug}: ${scimBaseUrl}`];
    }),
  ];
}
