import type { Static } from 'typebox';
import { RoleExplanationBody } from '../../management/contract/role-explanation.js';
import { ClaimsPreviewResource } from '../../management/contract/users.js';
import { pathOf, type RemoteApi } from './api.js';
import { remotePerson, remoteTenant } from './chosen.js';

interface Named {
  readonly tenant?: string;
  /** An id, or a userName. */
  readonly user: string;
  readonly connection?: string;
}

async function personPath(api: RemoteApi, { tenant: slug, user, connection }: Named): Promise<string> {
  const tenant = await remoteTenant(api, slug);
  const { id } = await remotePerson(api, tenant, user, connection);
  return pathOf('tenants', tenant, 'users', id);
}

/** What an application would be told of a person who signs in now. */
export async function previewRemotely(
  api: RemoteApi,
  options: Named & {
    readonly application: string;
    readonly above?: boolean;
    readonly scope: string;
    readonly resource?: string;
  },
): Promise<Static<typeof ClaimsPreviewResource>> {
  const { application, above, scope, resource } = options;
  const path = `${await personPath(api, options)}/claims`;
  return api.get(ClaimsPreviewResource, path, { query: { application, above, scope, resource } });
}

/** Why a person has roles, and why not others. */
export async function explainRemotely(
  api: RemoteApi,
  options: Named & {
    readonly application?: string;
    readonly customer?: string;
    readonly role?: string;
    readonly at?: string;
  },
): Promise<Static<typeof RoleExplanationBody>> {
  const { application, customer, role, at } = options;
  const path = `${await personPath(api, options)}/roles/explain`;
  return api.get(RoleExplanationBody, path, { query: { application, customer, role, at, others: true } });
}
