import type { Router } from '@koa/router';
import type { JWK } from 'jose';
import { pinKey, type App, type AppType } from '../../apps.js';
import { HostedError } from '../../errors.js';
import type { GroupsClaim } from '../../groups-claim.js';
import type { Ctx, OktaState } from '../../http/context.js';
import { readJwks } from '../../jwks.js';
import { appPage, appsPage } from '../../pages/admin/apps.js';
import { attempt, checked, lines, oneOf, required, text } from './forms.js';

/** The app that the path names. @throws HostedError 404 */
export function appOf(ctx: Ctx): App {
  const app = ctx.state.org.apps().find(({ id }) => id === ctx.params['appId']);
  if (app === undefined)
    throw new HostedError(404, 'Page not found', 'The page you requested does not exist.');
  return app;
}

function addApp(ctx: Ctx): App {
  const redirectUri = text(ctx, 'redirectUri');
  const type: AppType = oneOf(ctx, 'type', ['web', 'browser', 'native', 'service']);
  return ctx.state.org.addApp({
    label: required(ctx, 'label'),
    type,
    redirectUris: redirectUri === '' ? [] : [redirectUri],
  });
}

function changeGeneral(ctx: Ctx, app: App): void {
  const initiate = text(ctx, 'initiateLoginUri');
  if (initiate !== '' && !URL.canParse(initiate)) {
    throw new HostedError(400, "That can't be done", 'initiateLoginUri: Is not an HTTPS URL');
  }
  app.label = required(ctx, 'label');
  app.redirectUris = lines(ctx, 'redirectUris');
  app.postLogoutRedirectUris = lines(ctx, 'postLogoutRedirectUris');
  app.initiateLoginUri = initiate === '' ? undefined : initiate;
  app.status = oneOf(ctx, 'status', ['ACTIVE', 'INACTIVE']);
  app.consentMethod = oneOf(ctx, 'consentMethod', ['TRUSTED', 'REQUIRED']);
  app.networkZone = oneOf(ctx, 'networkZone', ['anywhere', 'blocked']);
  app.federationBrokerMode = checked(ctx, 'federationBrokerMode');
  app.oin = checked(ctx, 'oin');
  app.participateSlo = checked(ctx, 'participateSlo');
  app.frontchannelLogoutUri = text(ctx, 'frontchannelLogoutUri') || undefined;
}

/** Keys as an admin pastes them. */
function pastedKeys(pasted: string): JWK[] {
  try {
    return pasted === '' ? [] : readJwks(JSON.parse(pasted));
  } catch (error) {
    throw new HostedError(400, "That can't be done", `The keys are not JSON: ${String(error)}`);
  }
}

function changeCredentials(ctx: Ctx, app: App): void {
  const jwks = pastedKeys(text(ctx, 'jwks'));
  const uri = text(ctx, 'jwksUri');
  app.authMethod = oneOf(ctx, 'authMethod', [
    'client_secret_post',
    'client_secret_basic',
    'client_secret_jwt',
    'private_key_jwt',
    'none',
  ]);
  app.jwks = jwks;
  app.jwksUri = uri === '' ? undefined : uri;
  app.pkceRequired = checked(ctx, 'pkceRequired');
  app.dpopBound = checked(ctx, 'dpopBound');
  pinKey(app, checked(ctx, 'pinnedKey'));
  const grantTypes = text(ctx, 'grantTypes')
    .split(/\s+/)
    .filter((type) => type !== '');
  if (grantTypes.length > 0) app.grantTypes = grantTypes;
}

function claimOf(ctx: Ctx): GroupsClaim | undefined {
  const type = oneOf(ctx, 'claimType', ['NONE', 'STARTS_WITH', 'EQUALS', 'CONTAINS', 'REGEX', 'EXPRESSION']);
  if (type === 'NONE') return undefined;
  const name = required(ctx, 'claimName');
  const value = text(ctx, 'claimValue');
  return type === 'EXPRESSION'
    ? { name, type: 'EXPRESSION', expression: value }
    : { name, type: 'FILTER', match: type, value };
}

function changeSignOn(ctx: Ctx, app: App): void {
  app.groupsClaim = claimOf(ctx);
  app.signOnPolicy = oneOf(ctx, 'signOnPolicy', ['1fa', '2fa', 'deny']);
  app.issuerMode = oneOf(ctx, 'issuerMode', ['ORG_URL', 'CUSTOM_URL', 'DYNAMIC']);
  app.emptyGroups = oneOf(ctx, 'emptyGroups', ['absent', 'empty']);
}

function assign(ctx: Ctx, app: App): void {
  const [group, user] = [text(ctx, 'group'), text(ctx, 'user')];
  if (group !== '') ctx.state.org.assignGroup(app.clientId, group);
  if (user !== '') ctx.state.org.assign(app.clientId, user);
}

function unassign(ctx: Ctx, app: App): void {
  const [group, user] = [text(ctx, 'group'), text(ctx, 'user')];
  if (group !== '') ctx.state.org.unassignGroup(app.clientId, group);
  if (user !== '') ctx.state.org.unassign(app.clientId, user);
}

function changeSecret(ctx: Ctx, app: App): void {
  const id = ctx.params['secretId'] ?? '';
  const { org } = ctx.state;
  const { action } = ctx.params;
  if (action === 'activate') org.setSecretStatus(app.clientId, id, 'ACTIVE');
  else if (action === 'deactivate') org.setSecretStatus(app.clientId, id, 'INACTIVE');
  else app.secrets = app.secrets.filter((secret) => secret.id !== id || secret.status === 'ACTIVE');
}

/** Applications: credentials, settings, sign-on, assignments. */
export function adminAppRoutes(router: Router<OktaState>): void {
  router.get('/admin/apps', (ctx) => void (ctx.body = appsPage(ctx.state.org).toString()));
  router.post('/admin/apps', (ctx) => ctx.redirect(`/admin/apps/${addApp(ctx).id}`));
  router.get('/admin/apps/:appId', (ctx) => void (ctx.body = appPage(ctx.state.org, appOf(ctx)).toString()));
  const changes: readonly [path: string, change: (ctx: Ctx, app: App) => void][] = [
    ['general', changeGeneral],
    ['credentials', changeCredentials],
    ['sign-on', changeSignOn],
    ['assign', assign],
    ['unassign', unassign],
    ['secrets', (ctx, app) => void ctx.state.org.addSecret(app.clientId)],
    ['secrets/:secretId/:action', changeSecret],
  ];
  for (const [path, change] of changes) {
    router.post(`/admin/apps/:appId/${path}`, (ctx) => {
      const app = appOf(ctx);
      attempt(() => change(ctx, app));
      ctx.redirect(ctx.get('Referer') === '' ? `/admin/apps/${app.id}` : ctx.get('Referer'));
    });
  }
}
