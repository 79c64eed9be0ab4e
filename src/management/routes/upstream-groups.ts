import { DomainError } from '../../core/errors.js';
import type { Connection } from '../../domain/connection/connection.js';
import type { FoundGroups } from '../../domain/connection/upstream-groups/found-groups.js';
import {
  setGroupsApi,
  type SetGroupsApi,
  type SetGroupsApiDeps,
  type StoredGroupsApi,
} from '../../domain/connection/upstream-groups/groups-api.js';
import type { GroupFacts, GroupListStore } from '../../domain/group/group-list.js';
import type { TenantContext } from '../../http/tenant-context.js';
import type { ApiCall } from '../api/call.js';
import { named, operation, type ApiAnswer, type Operation } from '../api/operation.js';
import { Problem } from '../api/problems.js';
import {
  GroupsApiPut,
  GroupsApiResource,
  UpstreamGroups,
  UpstreamGroupsQuery,
} from '../contract/upstream-groups.js';
import type { ShownConnections } from './shown-connections.js';

export interface UpstreamGroupDeps extends SetGroupsApiDeps {
  readonly lists: Pick<GroupListStore, 'list'>;
  readonly connections: Pick<ShownConnections, 'afterwards'>;
  /** Asks Okta. Never throws for a fault of Okta's or of the settings. */
  readonly findAtOkta: (
    tenant: TenantContext,
    connection: Connection,
    stored: StoredGroupsApi,
    begins: string,
  ) => Promise<FoundGroups>;
}

/** Of each source that is ours. */
const SHOWN = 200;

/** Groups to choose from, wherever they are known (A11): all works without Okta's API, and says so. */
export function upstreamGroupOperations(deps: UpstreamGroupDeps): readonly Operation[] {
  const base = '/tenants/{tenant}/connections/{key}';
  const answer = named('GroupsApi', GroupsApiResource);
  return [
    operation({
      id: 'listUpstreamGroups',
      method: 'GET',
      path: `${base}/upstream-groups`,
      summary: 'Groups to choose from: pushed ones, ones seen in tokens, and those that Okta’s API tells',
      permission: 'connections.read',
      query: UpstreamGroupsQuery,
      answer: named('UpstreamGroups', UpstreamGroups),
      handle: (call, { path, query }) => choose(deps, call, connectionOf(call, path['key']), query.q ?? ''),
    }),
    operation({
      id: 'getGroupsApi',
      method: 'GET',
      path: `${base}/groups-api`,
      summary: 'How the groups of a connection’s Okta are asked for',
      permission: 'connections.read',
      answer,
      handle: (call, { path }) => readApi(deps, call, connectionOf(call, path['key'])),
    }),
    operation({
      id: 'putGroupsApi',
      method: 'PUT',
      path: `${base}/groups-api`,
      summary: 'Lets the groups of a connection’s Okta be asked for',
      permission: 'connections.manage',
      body: named('GroupsApiPut', GroupsApiPut),
      answer,
      async handle(call, { path, body }) {
        const connection = connectionOf(call, path['key']);
        await change(deps, call, connection, wantedOf(body));
        return readApi(deps, call, connection);
      },
    }),
    operation({
      id: 'deleteGroupsApi',
      method: 'DELETE',
      path: `${base}/groups-api`,
      summary: 'Asks Okta for groups no more, and forgets the token',
      permission: 'connections.manage',
      status: 204,
      async handle(call, { path }) {
        await change(deps, call, connectionOf(call, path['key']), null);
        return { status: 204 };
      },
    }),
  ];
}

function connectionOf(call: ApiCall, key: unknown): Connection {
  const connection = call.tenant.connection(String(key));
  if (connection === undefined)
    throw new DomainError('not_found', `There is no connection '${String(key)}'.`);
  return connection;
}

function wantedOf(body: {
  readonly kind: 'service-app' | 'api-token';
  readonly clientId?: string;
  readonly token?: string;
  readonly importedGroups?: boolean;
  readonly namesBegin?: string;
}): SetGroupsApi['wanted'] {
  const { kind, clientId, token, importedGroups = false, namesBegin = '' } = body;
  const counted = { importedGroups, namesBegin };
  const foreign = kind === 'service-app' ? 'token' : 'clientId';
  if (body[foreign] !== undefined)
    throw new Problem('invalid_body', `A ${kind} has no ${foreign}.`, {
      errors: [{ pointer: `/${foreign}`, message: 'is not known here' }],
    });
  if (kind === 'api-token') return { kind, token, ...counted };
  if (clientId === undefined)
    throw new Problem('invalid_body', 'A service app is known by its client ID.', {
      errors: [{ pointer: '/clientId', message: 'is required' }],
    });
  return { kind, clientId, ...counted };
}

const change = (
  deps: UpstreamGroupDeps,
  call: ApiCall,
  connection: Connection,
  wanted: SetGroupsApi['wanted'],
): Promise<void> =>
  deps.connections.afterwards(call, () =>
    setGroupsApi(deps, call.tenant.slug, {
      key: connection.key,
      wanted,
      actor: call.caller.actor,
      authority: call.authority,
      origin: call.origin,
      expect: (stored) => call.expect(versionOf(stored)),
    }),
  );

const versionOf = ({ api, sealedToken }: StoredGroupsApi) => [api === null ? null : { ...api }, sealedToken];

async function readApi(deps: UpstreamGroupDeps, call: ApiCall, { id, key }: Connection): Promise<ApiAnswer> {
  const stored = await deps.groupsApis.read(call.tenant.id, id);
  const { api, sealedToken } = stored;
  return {
    body: {
      kind: api?.kind ?? 'none',
      clientId: api?.kind === 'service-app' ? api.clientId : null,
      importedGroups: api?.importedGroups ?? false,
      namesBegin: api?.namesBegin ?? '',
      token: { set: sealedToken !== null },
      jwksUri: `${call.tenant.issuer}/connections/${key}/jwks.json`,
    },
    version: versionOf(stored),
  };
}

async function choose(
  deps: UpstreamGroupDeps,
  call: ApiCall,
  connection: Connection,
  begins: string,
): Promise<ApiAnswer> {
  const { id: tenantId } = call.tenant;
  const known = (origin: 'scim' | 'token') =>
    deps.lists.list(tenantId, {
      connectionId: connection.id,
      origin,
      limit: SHOWN,
      ...(begins === '' ? {} : { name: begins }),
    });
  const [pushed, seen, stored] = await Promise.all([
    known('scim'),
    known('token'),
    deps.groupsApis.read(tenantId, connection.id),
  ]);
  const own = [...pushed.items.map(shown('pushed')), ...seen.items.map(shown('seen'))];
  const isMore = pushed.next !== undefined || seen.next !== undefined;
  if (stored.api === null) {
    const message = 'Okta’s own groups are not asked for: set up its Groups API, or type a name.';
    return { body: { items: own, isMore, note: { code: 'not_set_up', message } } };
  }
  const found = await deps.findAtOkta(call.tenant, connection, stored, begins);
  if ('trouble' in found)
    return { body: { items: own, isMore, note: { code: found.trouble, message: found.message } } };
  const told = found.groups.map(({ id, name, description }) => ({
    source: 'okta' as const,
    name,
    id,
    upstreamId: id,
    description,
  }));
  return { body: { items: [...own, ...told], isMore: isMore || found.isMore, note: null } };
}

const shown =
  (source: 'pushed' | 'seen') =>
  ({ id, name, upstreamId }: GroupFacts) => ({ source, name, id, upstreamId, description: null });
