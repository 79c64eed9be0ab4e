import type { UpstreamGroup } from '../../sign-in/upstream-identity.js';
import type { Connection } from '../connection.js';
import type { PersonGroup } from './found-groups.js';
import type { CountedGroups } from './groups-api.js';

/** The scope without which an org's own server doesn't work out its groups claim. */
export const GROUPS_SCOPE = 'groups';

/** Whether tokens of the connection should say groups: only then an absent claim leaves a question open. */
export function expectsGroups({ type, issuer, settings }: Connection): boolean {
  const { groupSource, groupsClaim, scopes } = settings;
  if (type !== 'okta' || groupSource === 'scim' || groupsClaim === '') return false;
  const isOrgServer = new URL(issuer).pathname === '/';
  return !isOrgServer || scopes.includes(GROUPS_SCOPE);
}

/** Those of a person's groups that count, as a claim would have told them, and how many were left out. */
export function countedGroups(
  groups: readonly PersonGroup[],
  { importedGroups = false, namesBegin = '' }: CountedGroups,
): { readonly groups: readonly UpstreamGroup[]; readonly leftOut: number } {
  const counted = groups.filter(
    ({ name, type }) => (importedGroups || OWN.has(type)) && name.startsWith(namesBegin),
  );
  return {
    groups: counted.map(({ id, name }) => ({ id, name })),
    leftOut: groups.length - counted.length,
  };
}

/** Types of the groups that are named in Okta itself. */
const OWN: ReadonlySet<string> = new Set(['OKTA_GROUP', 'BUILT_IN']);
