import type { Connection } from '../connection/connection.js';
import { connectionAddresses, tenantAddresses } from '../tenant/addresses.js';

/** What an admin enters in Okta, to the letter. */
export interface SetupValues {
  readonly redirectUri: string;
  readonly postLogoutRedirectUri: string;
  readonly initiateLoginUri: string;
  readonly jwksUri: string;
  readonly scimBaseUrl: string;
  readonly groupsClaim: string;
  /** A regular expression that all groups match. */
  readonly groupsFilter: string;
}

/** @param connection undefined while it isn't there: its values are known already */
export function setupValues(
  publicUrl: string,
  slug: string,
  key: string,
  connection: Connection | undefined,
): SetupValues {
  const { issuer, scimBaseUrl } = tenantAddresses(publicUrl, slug);
  return {
    ...connectionAddresses(issuer, key),
    jwksUri: `${issuer}/connections/${key}/jwks.json`,
    scimBaseUrl,
    groupsClaim: connection?.settings.groupsClaim ?? 'groups',
    groupsFilter: '.*',
  };
}
