import type { Context } from 'koa';
import type { Application } from '../domain/application/application.js';
import type { Connection } from '../domain/connection/connection.js';
import { readForm } from '../http/own-form.js';
import type { TenantContext } from '../http/tenant-context.js';
import { frameOf, showPage } from '../op/page-frame.js';
import { renderError } from '../pages/error/error-page.js';
import type { BrokerDeps } from './deps.js';

/** What an upstream's tile sends (OpenID Connect Core 4). */
interface Initiation {
  readonly iss: string | null;
  readonly loginHint: string | null;
  readonly target: string | null;
}

/**
 * Third-party-initiated login (A7): a tile at the upstream was clicked. Nothing that it brings is believed but that the
 * person wants to sign in: the browser goes to the application, which starts a sign-in of its own.
 */
export async function serveInitiate(
  ctx: Context,
  tenant: TenantContext,
  path: { readonly connectionKey: string; readonly clientId: string | undefined },
  deps: BrokerDeps,
): Promise<void> {
  const connection = tenant.connection(path.connectionKey);
  const application = path.clientId === undefined ? undefined : tenant.application(path.clientId);
  if (connection === undefined || (path.clientId !== undefined && application === undefined))
    return fail(ctx, tenant, 'No such connection or application.', deps);
  const initiation = read(ctx.method === 'POST' ? await readForm(ctx) : ctx.URL.searchParams);
  if (initiation.iss === null || !isIssuer(connection, initiation.iss))
    return fail(ctx, tenant, `iss must be the issuer of ${connection.name}.`, deps);
  const chosen = application ?? onlyInteractive(tenant);
  const target = chosen === undefined ? undefined : addressOf(tenant, chosen, initiation);
  if (target === undefined)
    return fail(ctx, tenant, 'The address of the tile must end with the client ID of an application.', deps);
  ctx.status = 303;
  ctx.redirect(target.href);
}

const read = (parameters: URLSearchParams): Initiation => ({
  iss: parameters.getAll('iss').length === 1 ? parameters.get('iss') : null,
  loginHint: parameters.get('login_hint'),
  target: parameters.get('target_link_uri'),
});

/** Okta's tile names its org even where the connection uses one of the org's other authorization servers. */
export function isIssuer(connection: Connection, iss: string): boolean {
  return (
    iss === connection.issuer || (connection.type === 'okta' && iss === new URL(connection.issuer).origin)
  );
}

function onlyInteractive(tenant: TenantContext): Application | undefined {
  const interactive = tenant.configuration.applications.filter(
    (application) => application.type !== 'service',
  );
  return interactive.length === 1 ? interactive[0] : undefined;
}

/** The application's own start of a sign-in, or its home page where it has none. */
function addressOf(
  tenant: TenantContext,
  { settings }: Application,
  initiation: Initiation,
): URL | undefined {
  // A scheme of a native application's own has no origin: there all such addresses would be alike.
  const homes = settings.redirectUris
    .filter((uri) => URL.canParse(uri))
    .map((uri) => new URL(uri).origin)
    .filter((origin) => origin !== 'null');
  if (settings.initiateLoginUri === null) {
    const [home] = homes;
    return home === undefined ? undefined : new URL(`${home}/`);
  }
  const url = new URL(settings.initiateLoginUri);
  url.searchParams.set('iss', tenant.issuer);
  if (initiation.loginHint !== null) url.searchParams.set('login_hint', initiation.loginHint);
  const own = [...homes, url.origin];
  // Only an address of the application's own: anything else would be an open redirect with our name on it.
  if (
    initiation.target !== null &&
    URL.canParse(initiation.target) &&
    own.includes(new URL(initiation.target).origin)
  )
    url.searchParams.set('target_link_uri', initiation.target);
  return url;
}

async function fail(ctx: Context, tenant: TenantContext, detail: string, deps: BrokerDeps): Promise<void> {
  const reference = deps.ids.reference();
  deps.log.info('initiate.refused', { reference, tenant: tenant.slug, detail });
  const model = { reason: 'bad_request', reference, at: deps.clock.now(), detail } as const;
  showPage(ctx, 400, renderError(frameOf(tenant, deps.stylesheetHref), model));
}
