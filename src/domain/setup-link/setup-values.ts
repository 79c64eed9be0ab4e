import type { Connection } from '../connection/connection.js';
import { connectionAddresses, tenantAddresses } from '../tenant/addresses.js';
import type { SetupLink } from './setup-link.js';

/** What an admin enters in Okta, to the letter. */
export interface SetupValues {
  /** Name of the app at Okta: of whom it leads to. */
  readonly appName: string;
  readonly redirectUri: string;
  readonly postLogoutRedirectUri: string;
  readonly initiateLoginUri: string;
  readonly jwksUri: string;
  readonly scimBaseUrl: string;
  readonly groupsClaim: string;
  /** A regular expression that all groups match. */
  readonly groupsFilter: string;
  /** For groups of Active Directory, which a filter does not see: Okta's claim type *Expression*. */
  readonly groupsExpression: string;
}

/**
 * @param service who sent the link, as its holder knows them; null: the deployment
 * @param connection undefined while it isn't there: its values are known already
 */
export function setupValues(
  publicUrl: string,
  slug: string,
  { connection: key, service }: Pick<SetupLink, 'connection' | 'service'>,
  connection: Connection | undefined,
): SetupValues {
  const { issuer, scimBaseUrl } = tenantAddresses(publicUrl, slug);
  return {
    appName: service ?? 'Causeway',
    ...connectionAddresses(issuer, key),
    jwksUri: `${issuer}/connections/${key}/jwks.json`,
    scimBaseUrl,
    groupsClaim: connection?.settings.groupsClaim ?? 'groups',
    groupsFilter: '.*',
    groupsExpression: 'Groups.startsWith("active_directory", "", 100)',
  };
}
