import type { Router } from '@koa/router';
import { HostedError } from '../../errors.js';
import type { Ctx, OktaState } from '../../http/context.js';
import type { KeyRing } from '../../keys.js';
import { securityPage } from '../../pages/admin/security.js';
import { checked, oneOf, required, text } from './forms.js';

async function security(ctx: Ctx): Promise<void> {
  const { org } = ctx.state;
  const servers = [org.orgServer, ...org.customServers.values()];
  const views = await Promise.all(
    servers.map(async (server) => ({ server, keys: await server.keys.list() })),
  );
  ctx.body = securityPage(org, views).toString();
}

const KEY_ACTIONS: Readonly<Record<string, (keys: KeyRing) => Promise<unknown>>> = {
  publish: (keys) => keys.publishNext(),
  rotate: (keys) => keys.rotate(),
  retire: (keys) => keys.retirePrevious(),
  emergency: (keys) => keys.emergencyRotate(),
};

async function changeKeys(ctx: Ctx): Promise<void> {
  const { org } = ctx.state;
  const id = ctx.params['serverId'] ?? '';
  const keys = id === 'org' ? org.keys : org.customServers.get(id)?.keys;
  const action = KEY_ACTIONS[ctx.params['action'] ?? ''];
  if (keys === undefined || action === undefined) {
    throw new HostedError(404, 'Page not found', 'The page you requested does not exist.');
  }
  await action(keys);
  ctx.redirect('/admin/security');
}

function changePolicy(ctx: Ctx): void {
  const server = ctx.state.org.customServers.get(ctx.params['serverId'] ?? '');
  if (server !== undefined) server.policy = oneOf(ctx, 'policy', ['all', 'none']) === 'all' ? 'all' : [];
  ctx.redirect('/admin/security');
}

function changeSettings(ctx: Ctx): void {
  const { settings } = ctx.state.org;
  const rateLimit = Number(required(ctx, 'rateLimit'));
  if (!Number.isInteger(rateLimit) || rateLimit < 0) {
    throw new HostedError(400, "That can't be done", `${text(ctx, 'rateLimit')} is no number of requests.`);
  }
  Object.assign(settings, {
    wording: oneOf(ctx, 'wording', ['old', 'new']),
    idToken: oneOf(ctx, 'idToken', ['fat', 'thin']),
    groupsOver100: oneOf(ctx, 'groupsOver100', ['all', 'error']),
    sid: oneOf(ctx, 'sid', ['slo', 'all']),
    basicCredentials: oneOf(ctx, 'basicCredentials', ['either', 'raw']),
    rateLimit,
    apiAccessManagement: checked(ctx, 'apiAccessManagement'),
    quickSignIn: checked(ctx, 'quickSignIn'),
  });
  ctx.redirect('/admin/security');
}

/** Keys, policies of authorization servers, switches of the org. */
export function adminSecurityRoutes(router: Router<OktaState>): void {
  router.get('/admin/security', (ctx) => security(ctx));
  router.post('/admin/security/keys/:serverId/:action', (ctx) => changeKeys(ctx));
  router.post('/admin/security/servers/:serverId/policy', (ctx) => changePolicy(ctx));
  router.post('/admin/security/settings', (ctx) => changeSettings(ctx));
  router.post('/admin/security/end-sessions', (ctx) => {
    ctx.state.org.sessions.endAll();
    ctx.redirect('/admin/security');
  });
}
