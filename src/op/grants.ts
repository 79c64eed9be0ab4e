import type { Grant, KoaContextWithOIDC } from 'oidc-provider';
import type { ApplicationId } from '../core/ids.js';
import type { ConsentStore } from '../domain/consent/consent-store.js';
import { findPerson } from './account.js';
import { UnitOfWork } from './unit-of-work.js';

/** A scope of an API as consent remembers it. */
export const apiScope = (api: string, scope: string): string => `${api} ${scope}`;

/**
 * The grant of a person to an application, for `loadExistingGrant`. An application of the tenant's own is granted what
 * it asks for; a third-party one what the person has allowed, now or before (B14). One grant per session and
 * application: everything issued hangs on it and ends with it.
 */
export function grantLoader(consents: ConsentStore) {
  return async (ctx: KoaContextWithOIDC): Promise<Grant | undefined> => {
    const { oidc } = ctx;
    const { client, session, account } = oidc;
    const application =
      client === undefined ? undefined : UnitOfWork.current.tenant.application(client.clientId);
    if (client === undefined || session === undefined || account === undefined || application === undefined)
      return undefined;
    const asked = askedScopes(ctx);
    const allowed = application.settings.consent
      ? await allowedScopesOf(ctx, consents, application.id, account.accountId)
      : undefined;
    const given = allowed === undefined ? asked : asked.filter((scope) => allowed.has(nameOf(scope)));
    const known = await knownGrant(ctx);
    const person = await findPerson(account.accountId, application);
    // Nothing to give, or nobody to give it to: neither a grant nor the session's tie to the application is made.
    if (person === undefined || person.refusal !== undefined || (known === undefined && given.length === 0))
      return undefined;
    const grant =
      known ?? new oidc.provider.Grant({ clientId: client.clientId, accountId: account.accountId });
    for (const scope of given)
      if (scope.api === undefined) grant.addOIDCScope(scope.name);
      else grant.addResourceScope(scope.api, scope.name);
    await grant.save();
    return grant;
  };
}

interface AskedScope {
  readonly api: string | undefined;
  readonly name: string;
}

const nameOf = (scope: AskedScope): string =>
  scope.api === undefined ? scope.name : apiScope(scope.api, scope.name);

/** What the request asks for: OpenID scopes, and scopes of the APIs that it names. */
function askedScopes(ctx: KoaContextWithOIDC): readonly AskedScope[] {
  const { oidc } = ctx;
  const openid = [...oidc.requestParamOIDCScopes].map((name) => ({ api: undefined, name }));
  const ofApis = Object.entries(oidc.resourceServers ?? {}).flatMap(([api, server]) =>
    [...oidc.requestParamScopes].filter((name) => server.scopes.has(name)).map((name) => ({ api, name })),
  );
  return [...openid, ...ofApis];
}

async function allowedScopesOf(
  ctx: KoaContextWithOIDC,
  consents: ConsentStore,
  applicationId: ApplicationId,
  userId: string,
): Promise<ReadonlySet<string>> {
  const now =
    (ctx.oidc.result as { consent?: { scopes?: readonly string[] } } | undefined)?.consent?.scopes ?? [];
  const before = await consents.allowed(UnitOfWork.current.tenant.id, { userId, applicationId });
  return new Set([...now, ...before]);
}

async function knownGrant(ctx: KoaContextWithOIDC): Promise<Grant | undefined> {
  const { session, client, account, provider } = ctx.oidc;
  const grantId = client === undefined ? undefined : session?.grantIdFor(client.clientId);
  const grant = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  return grant?.accountId === account?.accountId ? grant : undefined;
}
