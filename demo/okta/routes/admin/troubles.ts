import type { Router } from '@koa/router';
import { HostedError } from '../../errors.js';
import { isFailureId } from '../../failures/failures.js';
import type { Ctx, OktaState } from '../../http/context.js';
import { logPage } from '../../pages/admin/log.js';
import { overviewPage } from '../../pages/admin/overview.js';
import { troublesPage } from '../../pages/admin/troubles.js';
import { attempt, required, text } from './forms.js';

/** Sets one failure: by its id, or by an endpoint and what happens there. */
function cause(ctx: Ctx): void {
  const id = text(ctx, 'id') || `${required(ctx, 'endpoint')}.${required(ctx, 'fault')}`;
  if (!isFailureId(id)) throw new HostedError(400, "That can't be done", `No failure is called ${id}.`);
  const [times, value] = [text(ctx, 'times'), text(ctx, 'value')];
  attempt(() =>
    ctx.state.org.fail(id, {
      ...(times === '' ? {} : { times: Number(times) }),
      ...(value === '' ? {} : { value }),
    }),
  );
  ctx.redirect('/admin/troubles');
}

function heal(ctx: Ctx): void {
  const id = text(ctx, 'id');
  if (id === '') ctx.state.org.heal();
  else if (isFailureId(id)) ctx.state.org.heal(id);
  ctx.redirect('/admin/troubles');
}

/** The dashboard of the control pages, the causes of trouble, and the log. */
export function adminTroubleRoutes(router: Router<OktaState>): void {
  router.get('/admin', (ctx) => void (ctx.body = overviewPage(ctx.state.org).toString()));
  router.get('/admin/troubles', (ctx) => void (ctx.body = troublesPage(ctx.state.org).toString()));
  router.post('/admin/troubles', (ctx) => cause(ctx));
  router.post('/admin/troubles/heal', (ctx) => heal(ctx));
  router.get('/admin/log', (ctx) => {
    ctx.body = logPage(ctx.state.org, ctx.URL.searchParams.has('all')).toString();
  });
  router.post('/admin/log/clear', (ctx) => {
    ctx.state.org.log.clear();
    ctx.redirect('/admin/log');
  });
}
