import type { Context } from 'koa';
import { auditEntry } from '../domain/audit/audit-event.js';
import { recordOf } from '../domain/audit/audit-record.js';
import { SYSTEM_SLUG } from '../domain/tenant/tenant.js';
import { clearConsoleCookie, findConsoleSession } from '../http/console-cookie.js';
import { renderConsoleSignOut } from '../pages/operators/console-sign-out.js';
import type { OperatorsDeps } from './deps.js';
import { basePath, frameOf, readFilled, show } from './visit.js';

/** `/console/sign-out`: asks on GET, ends the session on POST. Who is not signed in is sent to sign in. */
export async function serveSignOut(ctx: Context, deps: OperatorsDeps): Promise<void> {
  if (ctx.method === 'POST') await readFilled(ctx, deps);
  const session = await findConsoleSession(ctx, deps.sessions);
  const tenant = session === undefined ? undefined : await deps.directory.find(session.tenantSlug);
  if (ctx.method !== 'POST' && session !== undefined && tenant !== undefined) {
    const action = `${basePath(deps.publicUrl)}/console/sign-out`;
    show(ctx, 200, renderConsoleSignOut(frameOf(tenant, deps), { action, account: session.userName }));
    return;
  }
  if (ctx.method === 'POST' && session !== undefined && tenant !== undefined)
    await deps.transactions.withTenant(tenant.id, async (scope) => {
      if (!(await deps.sessions.end(scope, session.sessionId))) return;
      const entry = auditEntry({
        action: 'console.signed_out',
        actor: { type: 'user', id: session.userId },
        target: `user:${session.userId}`,
        session: session.sessionId,
        origin: deps.originOf(ctx),
      });
      deps.audit.append(scope, [recordOf(tenant.id, entry, { ...deps, vault: tenant.vault })]);
    });
  if (ctx.method === 'POST') clearConsoleCookie(ctx, 'session');
  ctx.status = 303;
  const slug = session?.tenantSlug ?? SYSTEM_SLUG;
  ctx.redirect(`${basePath(deps.publicUrl)}/console/sign-in?tenant=${slug}`);
}
