import { DomainError } from '../../../core/errors.js';
import type { ConnectionId, TenantId } from '../../../core/ids.js';
import type { TenantScope } from '../../../core/scope.js';
import type { Authority } from '../../account/owners.js';
import { auditEntry, type Actor, type RequestOrigin } from '../../audit/audit-event.js';
import { recordOf } from '../../audit/audit-record.js';
import type { ApplyDeps } from '../../configuration/apply-deps.js';
import { addSigningKey } from '../../configuration/make-tenant.js';
import type { SealedPlace } from '../../keys/vault.js';
import { requireAuthorityOverGroups } from '../../operator/group-authority.js';
import type { Connection } from '../connection.js';

/**
 * How Okta's Groups API is asked: as a service app with the connection's key (`okta.groups.read` to pick groups,
 * `okta.users.read` for those of a person who signs in), or by an API token.
 */
export type GroupsApi = (
  { readonly kind: 'service-app'; readonly clientId: string } | { readonly kind: 'api-token' }
) &
  CountedGroups;

/** Which of a person's groups count at a sign-in: what the claim's filter says in Okta, the API isn't asked by. */
export interface CountedGroups {
  /**
   * Whether groups count that Okta has from directories and apps. Who names those needn't be who names Okta's own, and a
   * filter claim doesn't see them, either.
   */
  readonly importedGroups?: boolean;
  /** What the names of groups that count begin with. */
  readonly namesBegin?: string;
}

export interface StoredGroupsApi {
  /** Null: it isn't asked. `origin`: the org that it was set up for; one that is older doesn't say. */
  readonly api: (GroupsApi & { readonly origin?: string }) | null;
  /** The API token, sealed at `groupsApiSecretPlace`; null: none. */
  readonly sealedToken: string | null;
}

export interface GroupsApiStore {
  read(tenantId: TenantId, id: ConnectionId): Promise<StoredGroupsApi>;
  readHere(scope: TenantScope, id: ConnectionId): Promise<StoredGroupsApi>;
  set(scope: TenantScope, id: ConnectionId, stored: StoredGroupsApi): Promise<void>;
}

export interface SetGroupsApiDeps extends ApplyDeps {
  readonly groupsApis: GroupsApiStore;
}

export interface SetGroupsApi {
  readonly key: string;
  /** Null: the API isn't asked any more, and its token is forgotten. A token that isn't given stays. */
  readonly wanted: (GroupsApi & { readonly token?: string | undefined }) | null;
  readonly actor: Actor;
  readonly authority: Authority;
  readonly origin: RequestOrigin;
  /** Called under the lock with what is there. */
  readonly expect: (stored: StoredGroupsApi) => void;
}

/**
 * Says how the groups of a connection's Okta org may be asked for. A service app gets the connection's key, which it makes
 * known by the connection's key set.
 * @throws DomainError `not_found`; `invalid_argument` for a token that is missing; `conflict` for another upstream than
 *   Okta; `forbidden` for who is below what groups give
 */
export async function setGroupsApi(
  deps: SetGroupsApiDeps,
  slug: string,
  request: SetGroupsApi,
): Promise<void> {
  const { key, wanted, actor, origin } = request;
  await deps.store.change(slug, async (unit) => {
    const { current } = unit;
    const connection = current?.configuration.connections.find((one) => one.key === key);
    if (current === undefined || connection === undefined)
      throw new DomainError('not_found', `There is no connection '${key}'.`);
    const before = await deps.groupsApis.readHere(unit.scope, connection.id);
    request.expect(before);
    if (wanted !== null) requireAuthorityOverGroups(request.authority, current.configuration);
    const { tenant } = current.configuration;
    const vault = deps.keys.openVault(tenant.id, current.wrappedDataKey);
    if (wanted !== null && connection.type !== 'okta')
      throw new DomainError(
        'conflict',
        'Only Okta has that API: the connection is to another kind of provider.',
      );
    const given = wanted?.kind === 'api-token' ? wanted.token : undefined;
    const token =
      given === undefined
        ? keptToken(before, connection)
        : vault.seal(groupsApiSecretPlace(tenant.id, connection), given);
    if (wanted?.kind === 'api-token' && token === null)
      throw new DomainError('invalid_argument', 'An API token of Okta is needed (token).');
    await deps.groupsApis.set(unit.scope, connection.id, {
      api: wanted === null ? null : { ...apiOf(wanted), origin: new URL(connection.issuer).origin },
      sealedToken: wanted?.kind === 'api-token' ? token : null,
    });
    const isNewClient = !current.signingKeys.some(
      ({ connectionId, state }) => connectionId === connection.id && state !== 'retired',
    );
    if (wanted?.kind === 'service-app' && isNewClient)
      await addSigningKey(deps, unit, vault, {
        tenantId: tenant.id,
        alg: 'RS256',
        connectionId: connection.id,
      });
    const entry = auditEntry({
      action: 'connection.groups_api_changed',
      actor,
      origin,
      target: `connection:${key}`,
      connection: key,
      details: {
        before: before.api && { ...before.api },
        after: wanted === null ? null : { ...apiOf(wanted) },
        token: given === undefined ? 'as it was' : '[secret changed]',
      },
    });
    deps.audit.append(unit.scope, [recordOf(tenant.id, entry, { ...deps, vault })]);
    await unit.bumpVersion();
  });
}

function apiOf(wanted: GroupsApi): GroupsApi {
  const { importedGroups = false, namesBegin = '' } = wanted;
  const counted = {
    ...(importedGroups ? { importedGroups } : {}),
    ...(namesBegin === '' ? {} : { namesBegin }),
  };
  return wanted.kind === 'service-app'
    ? { kind: wanted.kind, clientId: wanted.clientId, ...counted }
    : { kind: wanted.kind, ...counted };
}

/** A token that was set up for another org isn't taken along to this one. */
const keptToken = ({ api, sealedToken }: StoredGroupsApi, connection: Connection): string | null =>
  api === null || isOfOrg(api, connection) ? sealedToken : null;

/** Whether the credentials are of the org that a connection leads to: another one never gets them. */
export const isOfOrg = (
  { origin }: NonNullable<StoredGroupsApi['api']>,
  { issuer }: Pick<Connection, 'issuer'>,
): boolean => origin === undefined || origin === new URL(issuer).origin;

/** Where a connection's API token of Okta is sealed. */
export function groupsApiSecretPlace(tenantId: TenantId, { id }: Pick<Connection, 'id'>): SealedPlace {
  return { tenantId, table: 'connections', column: 'groups_api_secret', row: id };
}
