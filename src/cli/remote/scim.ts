import { Type, type Static } from 'typebox';
import { ScimRequestResource, ScimRequestSummary } from '../../management/contract/scim-requests.js';
import type { ShownRequest, WholeRequest } from '../scim-lines.js';
import { pathOf, type RemoteApi } from './api.js';
import { remoteTenant } from './chosen.js';
import { RemoteProblem } from './problem.js';

type Names = ReadonlyMap<string, string>;

const TOKENS_MAX = 1_000;
const NamedToken = Type.Object({ id: Type.String(), name: Type.String() });

/** Names of SCIM tokens by their ids; none where the caller may not see them. */
async function tokenNames(api: RemoteApi, tenant: string): Promise<Names> {
  try {
    const path = pathOf('tenants', tenant, 'scim-tokens');
    const { items } = await api.list(NamedToken, path, { limit: TOKENS_MAX });
    return new Map(items.map(({ id, name }) => [id, name]));
  } catch (error) {
    if (error instanceof RemoteProblem && error.code === 'forbidden') return new Map();
    throw error;
  }
}

function shown({ tokenId, ...facts }: Static<typeof ScimRequestSummary>, names: Names): ShownRequest {
  return { ...facts, token: tokenId === null ? null : (names.get(tokenId) ?? tokenId) };
}

/** Reads requests of one tenant, the oldest first: those after an id, or the latest. Bodies are not among them. */
export async function remoteRequests(
  api: RemoteApi,
  { tenant: slug, connection }: { readonly tenant?: string; readonly connection?: string },
): Promise<(after: string | undefined, limit: number) => Promise<readonly ShownRequest[]>> {
  const tenant = await remoteTenant(api, slug);
  const names = await tokenNames(api, tenant);
  const path = pathOf('tenants', tenant, 'scim-requests');
  return async (since, limit) => {
    const order = since === undefined ? 'newest' : 'oldest';
    const query = { connection, since, order };
    const { items } = await api.list(ScimRequestSummary, path, { query, limit });
    const requests = items.map((item) => shown(item, names));
    return since === undefined ? requests.toReversed() : requests;
  };
}

/** All of one request; undefined: there is none of the id. */
export async function remoteRequest(
  api: RemoteApi,
  slug: string | undefined,
  id: string,
): Promise<WholeRequest | undefined> {
  const tenant = await remoteTenant(api, slug);
  try {
    const { request, response, ...facts } = await api.get(
      ScimRequestResource,
      pathOf('tenants', tenant, 'scim-requests', id),
    );
    return { ...shown(facts, await tokenNames(api, tenant)), request, response };
  } catch (error) {
    if (error instanceof RemoteProblem && error.code === 'not_found') return undefined;
    throw error;
  }
}
