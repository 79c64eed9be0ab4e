import type { Router } from '@koa/router';
import { HostedError } from '../../errors.js';
import type { Ctx, OktaState } from '../../http/context.js';
import { provisioningPage } from '../../pages/admin/provisioning.js';
import { pushGroupsPage } from '../../pages/admin/push-groups.js';
import { scimLogPage } from '../../pages/admin/scim-log.js';
import { tasksPage } from '../../pages/admin/tasks.js';
import type { ProvisioningAgent } from '../../provisioning/agent.js';
import { appOf } from './apps.js';
import { attempt, checked, oneOf, required, text } from './forms.js';

/** How long a click waits for its jobs, so that the page shows how they ended. */
const PATIENCE_MS = 2_000;

async function settle(agent: ProvisioningAgent, change?: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS);
  });
  await Promise.race([Promise.all([change, agent.idle()]), patience]);
  clearTimeout(timer);
}

function save(ctx: Ctx, agent: ProvisioningAgent): void {
  agent.enable({
    baseUrl: required(ctx, 'baseUrl'),
    authorization: text(ctx, 'authorization') || (agent.settings?.authorization ?? ''),
    mode: oneOf(ctx, 'mode', ['oin', 'aiw']),
    createUsers: checked(ctx, 'createUsers'),
    updateUsers: checked(ctx, 'updateUsers'),
    deactivateUsers: checked(ctx, 'deactivateUsers'),
    syncPassword: checked(ctx, 'syncPassword'),
    importGroups: checked(ctx, 'importGroups'),
    entitlements: checked(ctx, 'entitlements'),
    groupsFirst: checked(ctx, 'groupsFirst'),
  });
}

type AgentChange = (ctx: Ctx, agent: ProvisioningAgent) => void | Promise<unknown>;

const CHANGES: Readonly<Record<string, AgentChange>> = {
  provisioning: save,
  'provisioning/test': (_, agent) => agent.testConnection(),
  'provisioning/disable': (_, agent) => agent.disable(),
  'provisioning/users': (ctx, agent) => agent.provisionUsers(text(ctx, 'user') || undefined),
  'provisioning/import': (_, agent) => agent.importUsers(),
  'provisioning/discover': (_, agent) => agent.discoverEntitlements(),
  'provisioning/access/add': (ctx, agent) => agent.assignRole(required(ctx, 'user'), required(ctx, 'role')),
  'provisioning/access/remove': (ctx, agent) =>
    agent.removeRole(required(ctx, 'user'), required(ctx, 'role')),
  'push-groups': (ctx, agent) => agent.pushGroup(required(ctx, 'group')),
  'push-groups/now': (ctx, agent) => agent.pushNow(required(ctx, 'group')),
  'push-groups/unlink': (ctx, agent) => agent.unlinkGroup(required(ctx, 'group'), { deleteGroup: false }),
  'push-groups/delete': (ctx, agent) => agent.unlinkGroup(required(ctx, 'group'), { deleteGroup: true }),
  'scim-log/clear': (_, agent) => void (agent.requests.length = 0),
};

async function retry(ctx: Ctx): Promise<void> {
  const { org } = ctx.state;
  const agent = org.provisioningAgents.find(({ app }) => app.id === ctx.params['appId']);
  if (agent === undefined)
    throw new HostedError(404, 'Page not found', 'The page you requested does not exist.');
  attempt(() => agent.retry(ctx.params['taskId'] ?? ''));
  await settle(agent);
  ctx.redirect('/admin/tasks');
}

/** Provisioning of an app integration, pushed groups, what was sent, and tasks. */
export function adminProvisioningRoutes(router: Router<OktaState>): void {
  const pages = {
    provisioning: provisioningPage,
    'push-groups': pushGroupsPage,
    'scim-log': scimLogPage,
  } as const;
  for (const [path, page] of Object.entries(pages)) {
    router.get(`/admin/apps/:appId/${path}`, (ctx) => {
      ctx.body = page(ctx.state.org, appOf(ctx)).toString();
    });
  }
  for (const [path, change] of Object.entries(CHANGES)) {
    router.post(`/admin/apps/:appId/${path}`, async (ctx) => {
      const app = appOf(ctx);
      const agent = ctx.state.org.provisioning(app.id);
      await settle(agent, attempt(() => change(ctx, agent)) ?? undefined);
      ctx.redirect(`/admin/apps/${app.id}/${path.split('/')[0] ?? ''}`);
    });
  }
  router.get('/admin/tasks', (ctx) => void (ctx.body = tasksPage(ctx.state.org).toString()));
  router.post('/admin/tasks/:appId/:taskId/retry', (ctx) => retry(ctx));
}
