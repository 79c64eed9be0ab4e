import type { Context } from 'koa';
import type { Connection } from '../domain/connection/connection.js';
import { GROUPS_SCOPE } from '../domain/connection/upstream-groups/counted-groups.js';
import type { LoginRequest, LoginTransaction } from '../domain/sign-in/login-transaction.js';
import type { TenantContext } from '../http/tenant-context.js';
import type { PendingInteraction } from '../op/interactions.js';
import { artifactHash } from '../op/artifact-names.js';
import type { UpstreamParty } from '../rp/party.js';
import type { BrokerDeps } from './deps.js';
import { loginSecrets, newLogin, setLoginCookie } from './login-secrets.js';

/** A connection with what is needed to speak for it. */
export function partyOf(tenant: TenantContext, connection: Connection): UpstreamParty {
  const usesKey = connection.settings.clientAuth === 'private_key_jwt';
  return {
    tenantId: tenant.id,
    connection,
    secrets: tenant.connectionSecrets(connection),
    clientKeys: usesKey ? tenant.signingKeys(connection.id) : [],
    redirectUri: tenant.redirectUri(connection),
  };
}

export interface StartRequest {
  readonly interaction: PendingInteraction;
  readonly connection: Connection;
  readonly loginHint: string | undefined;
  /** The person asked for another account: the upstream must ask, whoever is signed in there. */
  readonly anotherAccount?: boolean;
  /** The tenant whose interaction it is: the connection's, or the one above it. */
  readonly waiting: TenantContext;
  /** It is a sign-in's second trip, without the upstream's groups claim. */
  readonly withoutGroups?: LoginRequest['withoutGroups'];
}

/** A trip to the upstream: where to send the browser, and the row that waits for its return. */
export interface StartedSignIn {
  readonly url: URL;
  readonly transaction: LoginTransaction;
}

/**
 * Prepares a trip to the upstream and gives the browser its half of it. The caller stores the transaction.
 * @throws UpstreamError when the upstream can't be asked for its addresses
 */
export async function startSignIn(
  ctx: Context,
  tenant: TenantContext,
  request: StartRequest,
  deps: BrokerDeps,
): Promise<StartedSignIn> {
  const { connection, interaction, waiting, withoutGroups } = request;
  const { state, secret } = newLogin(deps.ids);
  const secrets = loginSecrets(state, secret);
  const party = partyOf(tenant, connection);
  const asked = demandsOf(interaction);
  // On the first trip the person has just signed in, as whoever they wanted: once is enough.
  const asks = withoutGroups === undefined && (request.anotherAccount === true || asked.freshly);
  const prompt = asks ? 'login' : undefined;
  const url = await deps.relyingParty.authorizationUrl(party, {
    ...secrets,
    ...(request.loginHint === undefined ? {} : { loginHint: request.loginHint }),
    ...(prompt === undefined ? {} : { prompt }),
    ...(asked.maxAgeSeconds === null ? {} : { maxAgeSeconds: asked.maxAgeSeconds }),
    acrValues: asked.acrValues,
    ...(withoutGroups === undefined ? {} : { withoutScope: GROUPS_SCOPE }),
  });
  setLoginCookie(ctx, new URL(party.redirectUri), state, { secret, interactionUid: interaction.uid });
  return {
    url,
    transaction: {
      stateHash: secrets.stateHash,
      browserHash: secrets.browserHash,
      interactionHash: artifactHash('Interaction', interaction.uid),
      interactionTenantId: waiting.id === tenant.id ? undefined : waiting.id,
      connectionId: connection.id,
      connectionVersion: connection.version,
      issuer: connection.issuer,
      redirectUri: party.redirectUri,
      request: withoutGroups === undefined ? asked : { ...asked, withoutGroups },
    },
  };
}

/** What the application demands of the sign-in (A12): a fresh one, a recent one, a strong one. */
function demandsOf({ params, reasons }: PendingInteraction): LoginRequest {
  const { acr_values: acrValues, max_age: maxAge } = params;
  const freshly = reasons.includes('login_prompt');
  const seconds = maxAge === undefined || maxAge === null ? Number.NaN : Number(maxAge);
  return {
    freshly,
    acrValues: typeof acrValues === 'string' ? acrValues.split(' ').filter((value) => value !== '') : [],
    maxAgeSeconds: Number.isInteger(seconds) ? seconds : null,
  };
}
