import type { Static } from 'typebox';
import { ApiTokenResource } from '../../management/contract/api-tokens.js';
import { CliError, EXIT } from '../exit-codes.js';
import { pathOf, type RemoteApi } from './api.js';

const TOKENS_MAX = 10_000;
const TOKEN = /^[!-~]{16,512}$/;

/** Makes a token for the management API. @returns it, told this once */
export async function createRemoteToken(
  api: RemoteApi,
  tenant: string,
  body: { readonly role: string; readonly name: string; readonly expiresAt: Date | null },
): Promise<string> {
  const { token } = await api.post(ApiTokenResource, pathOf('tenants', tenant, 'api-tokens'), { body });
  if (token !== undefined && TOKEN.test(token)) return token;
  throw new CliError(EXIT.unreachable, ['the deployment tells something else than the token that it made']);
}

/** A tenant's tokens for the management API, never their values. */
export async function remoteTokens(
  api: RemoteApi,
  tenant: string,
): Promise<readonly Static<typeof ApiTokenResource>[]> {
  const path = pathOf('tenants', tenant, 'api-tokens');
  return (await api.list(ApiTokenResource, path, { limit: TOKENS_MAX })).items;
}

/** Takes a token for the management API back. @throws RemoteProblem `not_found` */
export function revokeRemotely(api: RemoteApi, tenant: string, id: string): Promise<void> {
  return api.delete(pathOf('tenants', tenant, 'api-tokens', id));
}
