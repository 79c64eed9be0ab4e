import type { Context } from 'koa';
import type { TenantContext } from '../http/tenant-context.js';
import type { Interactions, PendingInteraction } from '../op/interactions.js';
import { OpenInteraction } from '../op/open-interaction.js';
import type { ProviderCache } from '../op/provider-cache.js';
import { UnitOfWork } from '../op/unit-of-work.js';
import { UpstreamError } from '../rp/causes.js';
import { serveCallback } from './callback.js';
import { chooseConnection } from './choose-connection.js';
import type { BrokerDeps } from './deps.js';
import { serveInitiate } from './initiate.js';
import { reasonOfUpstream, refuse } from './refusal.js';
import { hintsOf, realmOf, serveSignInPage } from './sign-in-page.js';
import { startSignIn } from './start-sign-in.js';

const PATH = {
  callback: /^\/callback\/([a-z0-9][a-z0-9._-]{0,63})$/,
  initiate: /^\/initiate\/([a-z0-9][a-z0-9._-]{0,63})(?:\/([A-Za-z0-9._~-]{1,64}))?$/,
  signIn: /^\/sign-in\/([A-Za-z0-9_-]{10,64})$/,
  keys: /^\/connections\/([a-z0-9][a-z0-9._-]{0,63})\/jwks\.json$/,
};

/**
 * Takes on a sign-in while the authorization request is still being answered: a person with only one way to go is sent
 * to their upstream at once, and the row that waits for them is written with the request's own.
 */
export function createInteractions(deps: BrokerDeps): Interactions {
  return {
    async begin(ctx: Context, tenant: TenantContext, interaction: PendingInteraction) {
      if (interaction.prompt !== 'login') return undefined;
      const choice = chooseConnection(realmOf(tenant), hintsOf(interaction));
      if (choice.kind !== 'connection') return undefined;
      const { connection, loginHint } = choice;
      try {
        const started = await startSignIn(ctx, tenant, { interaction, connection, loginHint }, deps);
        UnitOfWork.current.beginLogin(started.transaction);
        return started.url;
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error;
        const tryAgain = `${tenant.issuer}/sign-in/${interaction.uid}`;
        const refusal = {
          reason: reasonOfUpstream(error),
          clientId: interaction.clientId,
          connection,
          upstream: error,
        };
        ctx.remove('location');
        await refuse(ctx, tenant, { ...refusal, actions: { tryAgain } }, deps);
        return undefined;
      }
    },
  };
}

/** The broker's own addresses below a tenant's issuer. */
export class Broker {
  constructor(
    private readonly deps: BrokerDeps,
    private readonly providers: ProviderCache,
  ) {}

  /** Serves the request if its path is the broker's. */
  async serve(ctx: Context, tenant: TenantContext, rest: string): Promise<boolean> {
    const isGet = ctx.method === 'GET' || ctx.method === 'HEAD';
    const [, callbackKey] = PATH.callback.exec(rest) ?? [];
    if (callbackKey !== undefined && isGet) {
      await serveCallback(ctx, tenant, callbackKey, this.deps);
      return true;
    }
    const [, connectionKey, clientId] = PATH.initiate.exec(rest) ?? [];
    if (connectionKey !== undefined && (isGet || ctx.method === 'POST')) {
      await serveInitiate(ctx, tenant, { connectionKey, clientId }, this.deps);
      return true;
    }
    const [, uid] = PATH.signIn.exec(rest) ?? [];
    if (uid !== undefined && (isGet || ctx.method === 'POST')) {
      const open = new OpenInteraction(ctx, tenant, uid, this.providers, this.deps.artifacts);
      await serveSignInPage(ctx, tenant, open, this.deps);
      return true;
    }
    const [, keysOf] = PATH.keys.exec(rest) ?? [];
    return keysOf !== undefined && isGet && this.#serveKeys(ctx, tenant, keysOf);
  }

  /** The public keys by which a connection authenticates (`private_key_jwt`, A4). */
  #serveKeys(ctx: Context, tenant: TenantContext, key: string): boolean {
    const connection = tenant.connection(key);
    if (connection === undefined) return false;
    ctx.set('Cache-Control', 'public, max-age=300');
    ctx.body = { keys: tenant.publicKeys(connection.id) };
    return true;
  }
}
