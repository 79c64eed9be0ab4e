import type { Static } from 'typebox';
import { SetupLinkResource, type NewSetupLink } from '../../management/contract/setup-links.js';
import { pathOf, type RemoteApi } from './api.js';

const LINKS_MAX = 10_000;

/** Makes a set-up link of a deployment elsewhere. */
export function createRemoteLink(
  api: RemoteApi,
  tenant: string,
  body: Static<typeof NewSetupLink>,
): Promise<Static<typeof SetupLinkResource>> {
  return api.post(SetupLinkResource, pathOf('tenants', tenant, 'setup-links'), { body });
}

/** A tenant's set-up links, the latest first. */
export async function remoteLinks(
  api: RemoteApi,
  tenant: string,
): Promise<readonly Static<typeof SetupLinkResource>[]> {
  return (await api.list(SetupLinkResource, pathOf('tenants', tenant, 'setup-links'), { limit: LINKS_MAX }))
    .items;
}

/** Takes a set-up link back. @throws RemoteProblem `not_found` */
export function revokeRemoteLink(api: RemoteApi, tenant: string, id: string): Promise<void> {
  return api.delete(pathOf('tenants', tenant, 'setup-links', id));
}
