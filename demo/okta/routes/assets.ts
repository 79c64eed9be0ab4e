import type { Router } from '@koa/router';
import type { OktaState } from '../http/context.js';
import { STYLESHEET } from '../pages/layout.js';
import { ADMIN_CSS } from '../pages/style/admin.js';
import { ADMIN_PARTS_CSS } from '../pages/style/admin-parts.js';
import { AUTH_CSS } from '../pages/style/auth.js';
import { BASE_CSS } from '../pages/style/base.js';
import { DASHBOARD_CSS } from '../pages/style/dashboard.js';

const CSS = [BASE_CSS, AUTH_CSS, DASHBOARD_CSS, ADMIN_PARTS_CSS, ADMIN_CSS].join('\n');

/** The stylesheet. */
export function assetRoutes(router: Router<OktaState>): void {
  router.get(STYLESHEET, (ctx) => {
    ctx.type = 'text/css; charset=utf-8';
    ctx.set('Cache-Control', 'max-age=60');
    ctx.body = CSS;
  });
}
