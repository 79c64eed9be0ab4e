import type { Context } from 'koa';
import type { Connection } from '../domain/connection/connection.js';
import type { TenantContext } from '../http/tenant-context.js';

/**
 * Where a person goes on to when they are signed out: what the application asked for, as it was checked. A fact of the
 * server alone: no address ever carries it.
 */
export interface Onward {
  readonly clientId: string | null;
  /** One of the application's `postLogoutRedirectUris`. */
  readonly uri: string | null;
  readonly state: string | null;
}

export interface ForwardedSignOut {
  readonly connection: Connection;
  /** The ID Token of the sign-in: without it Okta ends nothing. */
  readonly idToken: string;
  readonly onward: Onward;
}

/**
 * Who sends browsers on to the upstream's own sign-out (A13): `broker`. Called within the unit of work of a request whose
 * session has ended already; what it keeps for the way back is written with that.
 * @returns where to send the browser; `none`: the upstream has no such address; `unreachable`: it can't be asked for one
 */
export type ForwardSignOut = (
  ctx: Context,
  tenant: TenantContext,
  request: ForwardedSignOut,
) => Promise<URL | 'none' | 'unreachable'>;
