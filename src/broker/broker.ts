import type { Context } from 'koa';
import type { TenantContext } from '../http/tenant-context.js';
import type { FoundRoute, TenantRoute } from '../http/tenant-route.js';
import { resumeHere } from '../op/edge.js';
import { resumeAddress, type Interactions, type PendingInteraction } from '../op/interactions.js';
import { OpenInteraction } from '../op/open-interaction.js';
import type { ProviderCache } from '../op/provider-cache.js';
import { UnitOfWork } from '../op/unit-of-work.js';
import { UpstreamError } from '../rp/causes.js';
import { serveCallback } from './callback.js';
import { chooseConnection } from './choose-connection.js';
import { serveTestSignIn } from './connection-test.js';
import type { BrokerDeps } from './deps.js';
import { findRealm, realmOf } from './find-realm.js';
import { serveInitiate } from './initiate.js';
import { asksFirst, localWay } from './local-sign-in.js';
import { servePortal } from './portal.js';
import { errorFor, reasonOfUpstream, refuse } from './refusal.js';
import { hintsOf, serveSignInPage } from './sign-in-page.js';
import { serveSignedOut } from './sign-out-trip.js';
import { startSignIn } from './start-sign-in.js';
import { serveBackchannelLogout, serveFrontchannelLogout } from './upstream-logout.js';

/** The broker's own addresses below a tenant's issuer. */
export const BROKER_ROUTES = [
  { name: 'callback', path: /^\/callback\/([a-z0-9][a-z0-9._-]{0,63})$/, methods: ['GET'] },
  {
    name: 'initiate',
    path: /^\/initiate\/([a-z0-9][a-z0-9._-]{0,63})(?:\/([A-Za-z0-9._~-]{1,64}))?$/,
    methods: ['GET', 'POST'],
  },
  { name: 'sign_in', path: /^\/sign-in\/([A-Za-z0-9_-]{10,64})$/, methods: ['GET', 'POST'] },
  { name: 'portal', path: /^\/portal$/, methods: ['GET', 'POST'] },
  {
    name: 'connection_keys',
    path: /^\/connections\/([a-z0-9][a-z0-9._-]{0,63})\/jwks\.json$/,
    methods: ['GET', 'HEAD'],
  },
  { name: 'test_sign_in', path: /^\/test-sign-in\/([A-Za-z0-9._-]{10,100})$/, methods: ['GET'] },
  { name: 'signed_out', path: /^\/signed-out\/([a-z0-9][a-z0-9._-]{0,63})$/, methods: ['GET'] },
  {
    name: 'frontchannel_logout',
    path: /^\/frontchannel-logout\/([a-z0-9][a-z0-9._-]{0,63})$/,
    methods: ['GET', 'POST'],
  },
  {
    name: 'backchannel_logout',
    path: /^\/backchannel-logout\/([a-z0-9][a-z0-9._-]{0,63})$/,
    methods: ['POST'],
  },
] as const satisfies readonly TenantRoute[];

/**
 * Takes on a sign-in while the authorization request is still being answered: a person with only one way to go is sent
 * to their upstream at once, and the row that waits for them is written with the request's own.
 */
export function createInteractions(deps: BrokerDeps): Interactions {
  return {
    async begin(ctx: Context, tenant: TenantContext, interaction: PendingInteraction) {
      if (interaction.prompt !== 'login') return undefined;
      const realm = await findRealm(tenant, interaction, hintsOf(interaction));
      if (realm === undefined || realm.home.suspended) return undefined;
      const { home, hints } = realm;
      const choice = chooseConnection(realmOf(home, tenant), hints);
      if (choice.kind !== 'connection') return undefined;
      const { connection, loginHint } = choice;
      if (asksFirst(home, tenant, connection, deps.clock.now())) return undefined;
      try {
        const request = { interaction, connection, loginHint, waiting: tenant };
        const started = await startSignIn(ctx, home, request, deps);
        UnitOfWork.current.beginLogin(started.transaction, home.id);
        return started.url;
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error;
        const tryAgain = `${tenant.issuer}/sign-in/${interaction.uid}`;
        const reason = reasonOfUpstream(error);
        UnitOfWork.current.answerInteraction(interaction.uid, errorFor(reason, error));
        const refusal = {
          reason,
          clientId: interaction.clientId,
          waiting: tenant,
          connection,
          upstream: error,
        };
        ctx.remove('location');
        const backHref = resumeAddress(tenant, interaction);
        const actions = { tryAgain, ...localWay(home, tenant, tryAgain) };
        await refuse(ctx, home, { ...refusal, actions, backHref }, deps);
        return undefined;
      }
    },
  };
}

/** Serves the broker's routes. */
export class Broker {
  constructor(
    private readonly deps: BrokerDeps,
    private readonly providers: ProviderCache,
  ) {}

  /** @returns false when the path names nothing that there is */
  async serve(
    ctx: Context,
    tenant: TenantContext,
    { route, parameters }: FoundRoute<(typeof BROKER_ROUTES)[number]>,
  ): Promise<boolean> {
    const [key = '', clientId] = parameters;
    // Codes, states and ids stand in these addresses.
    ctx.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
    switch (route.name) {
      case 'callback':
        await serveCallback(
          ctx,
          tenant,
          { connectionKey: key, goOn: (answer) => resumeHere(ctx, tenant, answer, this.providers) },
          this.deps,
        );
        return true;
      case 'initiate':
        await serveInitiate(ctx, tenant, { connectionKey: key, clientId }, this.deps);
        return true;
      case 'portal':
        await servePortal(ctx, tenant, this.providers, this.deps);
        return true;
      case 'test_sign_in':
        await serveTestSignIn(ctx, tenant, key, this.deps);
        return true;
      case 'connection_keys':
        return this.#serveKeys(ctx, tenant, key);
      case 'signed_out':
      case 'frontchannel_logout':
      case 'backchannel_logout':
        return this.#serveLogout(ctx, tenant, key, route.name);
      case 'sign_in':
      default: {
        const open = new OpenInteraction(ctx, tenant, key, this.providers, this.deps.artifacts);
        await serveSignInPage(ctx, tenant, open, this.deps);
        return true;
      }
    }
  }

  /** Tells a person that nobody can sign in at their organization now. */
  refuseSuspended(ctx: Context, tenant: TenantContext): Promise<void> {
    return refuse(ctx, tenant, { reason: 'tenant_suspended' }, this.deps);
  }

  /** What an upstream sends when a person has signed out there: their browser, or word of it (A13). */
  async #serveLogout(
    ctx: Context,
    tenant: TenantContext,
    key: string,
    name: 'signed_out' | 'frontchannel_logout' | 'backchannel_logout',
  ): Promise<boolean> {
    const connection = tenant.connection(key);
    if (connection === undefined) return false;
    const serve = {
      signed_out: serveSignedOut,
      frontchannel_logout: serveFrontchannelLogout,
      backchannel_logout: serveBackchannelLogout,
    }[name];
    await serve(ctx, tenant, connection, this.deps);
    return true;
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
