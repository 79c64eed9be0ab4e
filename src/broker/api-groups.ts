import type { Connection } from '../domain/connection/connection.js';
import { countedGroups, expectsGroups } from '../domain/connection/upstream-groups/counted-groups.js';
import type { UpstreamCause } from '../domain/connection/diagnosis/cause.js';
import type { GroupsTrouble } from '../domain/connection/upstream-groups/found-groups.js';
import {
  groupsApiSecretPlace,
  isOfOrg,
  type StoredGroupsApi,
} from '../domain/connection/upstream-groups/groups-api.js';
import type { LoginRequest } from '../domain/sign-in/login-transaction.js';
import type { UpstreamGroup, UpstreamPerson } from '../domain/sign-in/upstream-identity.js';
import type { TenantContext } from '../http/tenant-context.js';
import { UpstreamError } from '../rp/causes.js';
import type { Deadline } from '../rp/deadline.js';
import type { GroupsAccess } from '../rp/okta-groups/groups-call.js';
import type { UpstreamParty } from '../rp/party.js';
import type { BrokerDeps } from './deps.js';

export type ApiGroupsDeps = Pick<BrokerDeps, 'groupsApis' | 'oktaGroups' | 'log'>;

/** Whose groups are missing, and where they may be asked for. */
export interface MissingGroups {
  readonly tenant: TenantContext;
  readonly connection: Connection;
  readonly person: UpstreamPerson;
  readonly deadline: Deadline;
  readonly lane?: string;
  /** It is a sign-in's second trip: the token was not asked, so that the API has to be. */
  readonly withoutGroups?: LoginRequest['withoutGroups'] | undefined;
}

/**
 * What the Groups API said of a person. `trouble`: nothing, so that a sign-in changes nothing of their groups, as where a
 * claim is absent (contract, Groups); whoever reads the audit event knows that they are those of an earlier one. A second
 * trip's sign-in is refused then.
 */
export type ToldByApi =
  | { readonly groups: readonly UpstreamGroup[]; readonly leftOut: number }
  | { readonly trouble: GroupsTrouble; readonly message: string };

/** How it stands in audit events: without names. */
export type ToldFacts =
  | { readonly from: 'groups_api'; readonly count: number; readonly leftOut: number }
  | { readonly from: 'earlier_sign_in'; readonly trouble: GroupsTrouble }
  | { readonly from: 'nowhere'; readonly trouble: GroupsTrouble };

/** Who speaks to a connection's Groups API, and with what; undefined: it isn't set up for this org. */
export function groupsCaller(
  tenant: TenantContext,
  connection: Connection,
  { api, sealedToken }: StoredGroupsApi,
): { readonly party: UpstreamParty; readonly access: GroupsAccess } | undefined {
  if (api === null || connection.type !== 'okta' || !isOfOrg(api, connection)) return undefined;
  const party = {
    tenantId: tenant.id,
    connection,
    secrets: {},
    clientKeys: tenant.signingKeys(connection.id),
    redirectUri: tenant.redirectUri(connection),
  };
  if (api.kind === 'service-app') return { party, access: { kind: 'service-app', clientId: api.clientId } };
  if (sealedToken === null) return undefined;
  const token = tenant.vault.open(groupsApiSecretPlace(tenant.id, connection), sealedToken);
  return { party, access: { kind: 'api-token', token } };
}

/**
 * Asks Okta's API for the groups that a token should have had and hadn't (A11). No transaction is open meanwhile.
 * @returns undefined where there is nothing to ask: the token told, or the connection has no Groups API, or listens to SCIM
 */
export async function askMissingGroups(
  missing: MissingGroups,
  deps: ApiGroupsDeps,
): Promise<ToldByApi | undefined> {
  const { tenant, connection, person, withoutGroups, ...limits } = missing;
  if (person.groups !== undefined || !expectsGroups(connection)) return undefined;
  const stored = await deps.groupsApis.read(tenant.id, connection.id);
  const caller = groupsCaller(tenant, connection, stored);
  if (caller === undefined || stored.api === null)
    return withoutGroups === undefined
      ? undefined
      : { trouble: 'not_authorized', message: 'The Groups API was taken away meanwhile.' };
  const { subject } = person;
  const told = await deps.oktaGroups.groupsOf(caller.party, caller.access, { subject, ...limits });
  if (!('trouble' in told)) return countedGroups(told.groups, stored.api);
  const { trouble, message } = told;
  const about = { tenant: tenant.slug, connection: connection.key, trouble, message };
  deps.log.warn('groups_api.failed', about);
  return { trouble, message };
}

/** What is kept of it in audit events. */
export const factsOfTold = (told: ToldByApi): ToldFacts =>
  'trouble' in told
    ? { from: 'earlier_sign_in', trouble: told.trouble }
    : { from: 'groups_api', count: told.groups.length, leftOut: told.leftOut };

/**
 * What refuses a sign-in whose second trip learnt no groups. Its first answer came by the person's browser, unsigned, so
 * that anybody can make it up: nobody keeps the groups of an earlier sign-in by keeping them out of this one.
 * @returns undefined where the API told, or where it is no second trip
 */
export function untoldGroups(
  told: ToldByApi | undefined,
  { withoutGroups }: Pick<LoginRequest, 'withoutGroups'>,
): { readonly groups: ToldFacts; readonly upstream: UpstreamError } | undefined {
  if (withoutGroups === undefined || told === undefined || !('trouble' in told)) return undefined;
  const { trouble, message } = told;
  // What passes is told as such; the rest is for whoever repairs the connection.
  const cause = PASSING[trouble] ?? 'groups_too_many';
  const detail = `The person's groups don't fit into a token, and Okta's API didn't tell them: ${message}`;
  return { groups: { from: 'nowhere', trouble }, upstream: new UpstreamError(cause, 'groups_api', detail) };
}

const PASSING: Readonly<Partial<Record<GroupsTrouble, UpstreamCause>>> = {
  unreachable: 'okta_down',
  invalid_answer: 'okta_down',
  foreign_page: 'okta_down',
  rate_limited: 'rate_limited',
};

/** The person with the groups that the API told. */
export const withTold = <T extends UpstreamPerson>(person: T, told: ToldByApi | undefined): T =>
  told === undefined || 'trouble' in told ? person : { ...person, groups: told.groups };
