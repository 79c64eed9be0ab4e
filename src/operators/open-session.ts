import type { Context } from 'koa';
import { DomainError } from '../core/errors.js';
import type { Admit } from '../domain/account/sign-in-locally.js';
import { clearConsoleCookie, findConsoleSession, setConsoleCookie } from '../http/console-cookie.js';
import type { TenantContext } from '../http/tenant-context.js';
import { sha256 } from '../keys/hash.js';
import type { OperatorsDeps } from './deps.js';

/**
 * What a proof is good for here: a session of the console, opened in the transaction that uses the proof up; undefined for
 * one of the people whom an admin has invited to applications, unless they were given a role of the console.
 */
export function opening(ctx: Context, tenant: TenantContext, deps: OperatorsDeps): Admit<string | undefined> {
  return async (scope, { userId, purpose, amr }) => {
    if (purpose === 'person' && !(await deps.hasConsoleRole(tenant, userId))) return undefined;
    const secret = deps.ids.secret(32);
    const opened = await deps.sessions.open(scope, {
      id: deps.ids.uuid(),
      hash: sha256(secret),
      userId,
      sessionUid: null,
      amr,
      authenticatedAt: null,
      origin: deps.originOf(ctx),
    });
    if (!opened) throw new DomainError('forbidden', 'this account may not sign in');
    return secret;
  };
}

/** Gives the browser its session. One that it had before ends: nobody is two people in one browser. */
export async function enter(ctx: Context, secret: string, deps: OperatorsDeps): Promise<void> {
  const before = await findConsoleSession(ctx, deps.sessions);
  if (before !== undefined)
    await deps.transactions.withTenant(before.tenantId, (scope) =>
      deps.sessions.end(scope, before.sessionId),
    );
  setConsoleCookie(ctx, 'session', secret);
  clearConsoleCookie(ctx, 'pending');
}
