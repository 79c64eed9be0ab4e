import type { Context } from 'koa';
import { offersLocal } from '../domain/account/local-policy.js';
import type { Connection } from '../domain/connection/connection.js';
import type { TenantContext } from '../http/tenant-context.js';
import type { PendingInteraction } from '../op/interactions.js';
import { showPage } from '../op/page-frame.js';
import type { OpenInteraction } from '../op/open-interaction.js';
import { renderChooser } from '../pages/sign-in/chooser.js';
import { renderContinue } from '../pages/sign-in/continue.js';
import { renderDiscovery, type DiscoveryFault } from '../pages/sign-in/discovery.js';
import { UpstreamError } from '../rp/causes.js';
import { chooseConnection, connectionForEmail, domainOf, type Hints } from './choose-connection.js';
import { answerConsent, showConsent } from './consent.js';
import type { BrokerDeps } from './deps.js';
import { answerDevice, showDevice } from './device.js';
import { findRealm, isForCustomers, realmOf } from './find-realm.js';
import { readOwnForm } from './form.js';
import { asksFirst, localAddress, localWay, serveLocalSignIn, wantsLocal } from './local-sign-in.js';
import { errorFor, reasonOfUpstream, refuse } from './refusal.js';
import { startSignIn } from './start-sign-in.js';
import { frame, type Visit } from './visit.js';

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** What the application said of who signs in and where (contract, Addresses). */
export function hintsOf({ params }: PendingInteraction): Hints {
  return {
    connection: text(params['connection']) ?? text(params['idp']),
    domain: text(params['domain_hint']),
    email: text(params['login_hint']),
    organization: text(params['organization']),
  };
}

/**
 * `/sign-in/{uid}`: what a person sees between application and upstream, if anything. The interaction's cookie must be
 * this browser's.
 */
export async function serveSignInPage(
  ctx: Context,
  tenant: TenantContext,
  open: OpenInteraction,
  deps: BrokerDeps,
): Promise<void> {
  const interaction = await open.find();
  if (interaction === undefined)
    return refuse(ctx, tenant, { reason: open.hasCookie ? 'expired' : 'other_browser' }, deps);
  const visit = { ctx, tenant, open, interaction, address: `${tenant.issuer}/sign-in/${open.uid}`, deps };
  if (ctx.query['another'] !== undefined) return leave(visit, chosenOf(visit) ?? hintsOf(interaction), true);
  if (interaction.prompt === 'login' && wantsLocal(visit, chosenOf(visit) ?? hintsOf(interaction)))
    return serveLocalSignIn(visit);
  if (interaction.prompt === 'consent')
    return ctx.method === 'POST' ? answerConsent(visit) : showConsent(visit);
  if (interaction.prompt === 'device') return ctx.method === 'POST' ? answerDevice(visit) : showDevice(visit);
  if (interaction.prompt === 'refused') return showRefusal(visit);
  return ctx.method === 'POST' ? discover(visit) : login(visit);
}

async function login(visit: Visit): Promise<void> {
  if (visit.ctx.query['by'] === 'email') return showDiscovery(visit, undefined, undefined);
  return leave(visit, chosenOf(visit) ?? hintsOf(visit.interaction), false);
}

/** The connection that was clicked on the chooser. */
function chosenOf({ ctx }: Visit): Hints | undefined {
  const connection = text(ctx.query['connection']);
  return connection === undefined ? undefined : { connection, organization: text(ctx.query['organization']) };
}

/** Goes where the hints lead, or shows the page that asks. */
async function leave(visit: Visit, hints: Hints, anotherAccount: boolean): Promise<void> {
  if (wantsLocal(visit, hints)) return serveLocalSignIn(visit);
  const realm = await findRealm(visit.tenant, visit.interaction, hints);
  if (realm === undefined) return showDiscovery(visit, undefined, undefined);
  const { home } = realm;
  if (home.suspended) return refuseHere(visit, home, 'tenant_suspended');
  const choice = chooseConnection(realmOf(home, visit.tenant), realm.hints);
  if (choice.kind === 'local') return serveLocalSignIn(visit);
  if (choice.kind === 'ask') return showDiscovery(visit, undefined, undefined);
  if (choice.kind === 'choose') return showChooser(visit, home, anotherAccount);
  if (choice.kind === 'none') return refuseHere(visit, home, 'connection_disabled');
  const { connection, loginHint } = choice;
  const isChosen = chosenOf(visit) !== undefined;
  if (!isChosen && asksFirst(home, visit.tenant, connection, visit.deps.clock.now()))
    return showChooser(visit, home, anotherAccount, connection);
  const url = await start({ ...visit, home }, connection, loginHint, anotherAccount);
  if (url === undefined) return;
  visit.ctx.status = 303;
  visit.ctx.redirect(url.href);
}

/** Nobody of this organization can sign in now. */
async function refuseHere(
  { ctx, tenant, open, interaction, address, deps }: Visit,
  home: TenantContext,
  reason: 'connection_disabled' | 'tenant_suspended',
): Promise<void> {
  const backHref = await open.answer(errorFor(reason));
  const { clientId } = interaction;
  const actions = localWay(home, tenant, address);
  return refuse(ctx, home, { reason, clientId, waiting: tenant, actions, backHref }, deps);
}

/** Starts the trip; shows the page of the upstream's fault when that can't be. */
async function start(
  { ctx, tenant, home, open, interaction, address, deps }: Visit & { readonly home: TenantContext },
  connection: Connection,
  loginHint: string | undefined,
  anotherAccount: boolean,
): Promise<URL | undefined> {
  try {
    const started = await startSignIn(
      ctx,
      home,
      { interaction, connection, loginHint, anotherAccount, waiting: tenant },
      deps,
    );
    await deps.logins.begin(home.id, started.transaction);
    return started.url;
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    const reason = reasonOfUpstream(error);
    const backHref = await open.answer(errorFor(reason, error));
    const refusal = { reason, clientId: interaction.clientId, waiting: tenant, connection, upstream: error };
    const actions = { tryAgain: address, ...localWay(home, tenant, address) };
    await refuse(ctx, home, { ...refusal, actions, backHref }, deps);
    return undefined;
  }
}

/** The address that was typed decides; a page goes on by itself, because a redirect after a POST must not leave. */
async function discover(visit: Visit): Promise<void> {
  const form = await readOwnForm(visit.ctx, visit.tenant);
  const email = (form.get('email') ?? '').trim();
  const fault: DiscoveryFault | undefined =
    email === '' ? 'empty' : domainOf(email) === undefined ? 'malformed' : undefined;
  const realm = fault === undefined ? await findRealm(visit.tenant, visit.interaction, { email }) : undefined;
  if (realm?.home.suspended === true) return refuseHere(visit, realm.home, 'tenant_suspended');
  const choice =
    realm === undefined ? undefined : connectionForEmail(realmOf(realm.home, visit.tenant), email);
  if (realm === undefined || choice?.kind !== 'connection')
    return showDiscovery(visit, email, fault ?? 'unknown');
  if (asksFirst(realm.home, visit.tenant, choice.connection, visit.deps.clock.now()))
    return showChooser(visit, realm.home, false, choice.connection);
  const url = await start({ ...visit, home: realm.home }, choice.connection, choice.loginHint, false);
  if (url === undefined) return;
  const target = { targetName: choice.connection.name, href: url.href };
  showPage(visit.ctx, 200, renderContinue(frame(visit), target));
}

function showDiscovery(visit: Visit, email: string | undefined, fault: DiscoveryFault | undefined): void {
  const { address, tenant } = visit;
  const localHref = realmOf(tenant, tenant).offersLocal === true ? localAddress(visit) : undefined;
  const html = renderDiscovery(frame(visit), { action: address, method: 'post', email, fault, localHref });
  showPage(visit.ctx, fault === undefined ? 200 : 400, html);
}

/** @param inOutage where the person would have been sent, had no outage of it been declared */
function showChooser(
  visit: Visit,
  home: TenantContext,
  anotherAccount: boolean,
  inOutage?: Connection,
): void {
  const { connections, domains } = realmOf(home, visit.tenant);
  const hasLocal = home.id === visit.tenant.id && offersLocal(home.configuration.tenant, 'issuer');
  const organization = isForCustomers(visit.tenant, visit.interaction) ? `&organization=${home.slug}` : '';
  const another = `${organization}${anotherAccount ? '&another=1' : ''}`;
  const choices = connections.map(({ key, name }) => ({
    name,
    href: `${visit.address}?connection=${key}${another}`,
  }));
  const byEmail = domains.some(({ verified }) => verified)
    ? { anotherEmailHref: `${visit.address}?by=email` }
    : {};
  const localHref = hasLocal ? localAddress(visit) : undefined;
  showPage(
    visit.ctx,
    200,
    renderChooser(frame(visit), { choices, ...byEmail, localHref, outageOf: inOutage?.name }),
  );
}

/** Somebody who may not use the application (B13): a page, with ways on; the application hears of it when they go back. */
async function showRefusal({ ctx, tenant, open, interaction, address, deps }: Visit): Promise<void> {
  const reason = interaction.reasons.includes('no_role') ? 'no_role' : 'not_assigned';
  const { clientId, accountId } = interaction;
  const account = accountId === undefined ? undefined : await deps.artifacts.account(tenant.id, accountId);
  const connection =
    typeof account?.connectionId === 'string' ? tenant.connectionById(account.connectionId) : undefined;
  await refuse(
    ctx,
    tenant,
    {
      reason,
      clientId,
      connection,
      userId: accountId,
      signedInAs: account?.profile.email ?? account?.profile.userName,
      // A device has been told already: there is nothing to go back to.
      ...(interaction.device
        ? {}
        : { actions: { useAnother: `${address}?another=1` }, backHref: await open.answer(errorFor(reason)) }),
    },
    deps,
  );
}
