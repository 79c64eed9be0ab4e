import { Type, type Static } from 'typebox';
import type { ScimTokenFacts } from '../../storage/scim-tokens.js';
import { orNull, SecretState, Time, Uuid } from '../../management/contract/common.js';
import type { Told } from '../told.js';
import { pathOf, type RemoteApi } from './api.js';

const TOKENS_MAX = 1_000;
const Listed = Type.Object({
  id: Uuid,
  name: Type.String(),
  connection: Type.String(),
  expiresAt: orNull(Time),
  token: SecretState,
});
const Made = Type.Object({ token: Type.String({ pattern: '^[!-~]{16,512}$' }), scimBaseUrl: Type.String() });

const pathTo = (tenant: string): string => pathOf('tenants', tenant, 'scim-tokens');

const listed = async (api: RemoteApi, tenant: string): Promise<readonly Static<typeof Listed>[]> =>
  (await api.list(Listed, pathTo(tenant), { limit: TOKENS_MAX })).items;

/** A tenant's SCIM tokens by name, never their values. */
export async function remoteScimTokens(
  api: RemoteApi,
  tenant: string,
): Promise<readonly Told<ScimTokenFacts>[]> {
  const shown = (await listed(api, tenant)).map(({ name, connection, expiresAt, token }) => ({
    name,
    connection,
    createdAt: token.updatedAt ?? '-',
    expiresAt,
    lastUsedAt: token.lastUsedAt ?? null,
  }));
  return shown.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/** Makes a SCIM token, told this once. */
export function createScimTokenRemotely(
  api: RemoteApi,
  tenant: string,
  body: { readonly name: string; readonly connection?: string; readonly expiresAt: Date | null },
): Promise<Static<typeof Made>> {
  return api.post(Made, pathTo(tenant), { body });
}

/** Takes a SCIM token back, by its name. @returns whether there was one */
export async function revokeScimTokenRemotely(
  api: RemoteApi,
  tenant: string,
  name: string,
): Promise<boolean> {
  const found = (await listed(api, tenant)).find((token) => token.name === name);
  if (found === undefined) return false;
  await api.delete(`${pathTo(tenant)}${pathOf(found.id)}`);
  return true;
}
