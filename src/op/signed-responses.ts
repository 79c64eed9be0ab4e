import type { KoaContextWithOIDC } from 'oidc-provider';
import type { TenantContext } from '../http/tenant-context.js';

/**
 * Members of an authorization response as they go to the application: in one signed JWT where it wants that (JARM
 * section 2.1), by name elsewhere.
 */
export async function responseMembers(
  ctx: KoaContextWithOIDC,
  tenant: TenantContext,
  members: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const { client, provider } = ctx.oidc;
  if (client === undefined || tenant.application(client.clientId)?.settings.signedResponses !== true)
    return members;
  const token = new provider.IdToken({}, { ctx });
  for (const [name, value] of Object.entries(members)) token.set(name, value);
  return { response: await token.issue({ use: 'authorization' }) };
}
