import type { Context } from 'koa';
import { DomainError } from '../core/errors.js';
import { beginChallenge } from '../domain/account/begin-challenge.js';
import type { ConsoleSession } from '../domain/account/console-session.js';
import type { AccountPurpose } from '../domain/account/local-account.js';
import { admitsLocal, offersLocal } from '../domain/account/local-policy.js';
import {
  signInByPasskey,
  signInByPassword,
  type Admit,
  type SignInOutcome,
} from '../domain/account/sign-in-locally.js';
import { waitOf } from '../domain/account/tries.js';
import { SYSTEM_SLUG } from '../domain/tenant/tenant.js';
import {
  clearConsoleCookie,
  consoleCookieHash,
  findConsoleSession,
  setConsoleCookie,
} from '../http/console-cookie.js';
import { returnPath } from '../http/return-path.js';
import type { TenantContext } from '../http/tenant-context.js';
import { renderConsoleRefusal } from '../pages/operators/console-refusal.js';
import type { Filled } from '../pages/operators/filled.js';
import { renderLocalSignIn, type LocalSignInFault } from '../pages/operators/local-sign-in.js';
import { renderChooser, type Choice } from '../pages/sign-in/chooser.js';
import type { OperatorsDeps } from './deps.js';
import { enter, opening } from './open-session.js';
import { setOut } from './through-organization.js';
import { basePath, frameOf, readFilled, show, text, trier } from './visit.js';

/** A sign-in, or a proof anew of whoever is signed in. */
interface Proof {
  readonly ctx: Context;
  readonly tenant: TenantContext;
  readonly during: 'sign_in' | 'step_up';
  readonly session: ConsoleSession | undefined;
  readonly by: 'passkey' | 'password';
  readonly returnTo: string | undefined;
  readonly deps: OperatorsDeps;
}

function proofOf(
  ctx: Context,
  tenant: TenantContext,
  session: ConsoleSession | undefined,
  deps: OperatorsDeps,
): Proof {
  const isPassword = text(ctx.query['by']) === 'password' || !deps.passkeys.possible;
  return {
    ctx,
    tenant,
    during: session === undefined ? 'sign_in' : 'step_up',
    session,
    by: isPassword ? 'password' : 'passkey',
    returnTo: returnPath(deps.publicUrl, text(ctx.query['return'])),
    deps,
  };
}

/** The address of the page itself, or of the page for the other way in. */
function addressOf({ tenant, during, returnTo, deps }: Proof, by: Proof['by']): string {
  const query = new URLSearchParams({
    ...(during === 'sign_in' ? { tenant: tenant.slug } : {}),
    ...(by === 'password' ? { by } : {}),
    ...(returnTo === undefined ? {} : { return: returnTo }),
  });
  const page = during === 'sign_in' ? 'sign-in' : 'step-up';
  return `${basePath(deps.publicUrl)}/console/${page}${query.size === 0 ? '' : `?${query.toString()}`}`;
}

/** `/console/sign-in?tenant={slug}`: local accounts of a tenant, of the deployment's own where none is named. */
export async function serveSignIn(ctx: Context, deps: OperatorsDeps): Promise<void> {
  const slug = text(ctx.query['tenant']);
  const tenant = await deps.directory.find(slug === '' ? SYSTEM_SLUG : slug);
  if (tenant === undefined || tenant.suspended)
    throw new DomainError('not_found', 'nobody signs in at this address');
  const proof = proofOf(ctx, tenant, undefined, deps);
  if (!offersLocal(tenant.configuration.tenant, 'console')) return showConnections(proof);
  if (ctx.method !== 'POST') return showForm(proof);
  const tried = await tryOnce(proof, await readFilled(ctx, deps), opening(ctx, tenant, deps));
  if (tried === undefined) return;
  if (tried.admitted === undefined) {
    const startHref = addressOf(proof, proof.by);
    return show(ctx, 403, renderConsoleRefusal(frameOf(tenant, deps), { reason: 'no_role', startHref }));
  }
  await enter(ctx, tried.admitted, deps);
  goOn(proof);
}

/** `/console/step-up`: whoever is signed in proves again who they are, for five minutes of dangerous things. */
export async function serveStepUp(ctx: Context, deps: OperatorsDeps): Promise<void> {
  const session = await findConsoleSession(ctx, deps.sessions);
  const tenant = session === undefined ? undefined : await deps.directory.find(session.tenantSlug);
  if (session === undefined || tenant === undefined) {
    ctx.status = 303;
    ctx.redirect(`${basePath(deps.publicUrl)}/console/sign-in`);
    return;
  }
  const { connection } = session;
  if (connection !== null) {
    const returnTo = returnPath(deps.publicUrl, text(ctx.query['return']));
    return setOut(ctx, deps, { tenant, connection, returnTo, stepUp: session });
  }
  const proof = proofOf(ctx, tenant, session, deps);
  if (ctx.method !== 'POST') return showForm(proof);
  const filled = await readFilled(ctx, deps);
  const tried = await tryOnce(proof, { ...filled, userName: session.userName }, (scope, { amr }) =>
    deps.sessions.stepUp(scope, session.sessionId, { amr, authenticatedAt: null }),
  );
  if (tried === undefined) return;
  clearConsoleCookie(ctx, 'pending');
  goOn(proof);
}

/** One try. What doesn't succeed is answered here, and gives undefined. */
async function tryOnce<T>(
  proof: Proof,
  filled: Filled,
  admit: Admit<T>,
): Promise<{ readonly admitted: T } | undefined> {
  try {
    const outcome = await attempt(proof, filled, admit);
    if ('admitted' in outcome) return outcome;
    await showForm(proof, outcome.refused);
  } catch (error) {
    const waitSeconds = waitOf(error);
    if (waitSeconds === undefined) throw error;
    await showForm(proof, 'too_many', waitSeconds);
  }
  return undefined;
}

function attempt<T>(proof: Proof, filled: Filled, admit: Admit<T>): Promise<SignInOutcome<T>> {
  const { ctx, tenant, during, session, deps } = proof;
  const admits = (purpose: AccountPurpose): boolean =>
    admitsLocal(tenant.configuration.tenant, purpose, 'console');
  const shared = { ...trier(ctx, deps), during, only: session?.userId, admits };
  if (filled.passkey === undefined) return signInByPassword(deps, tenant, { ...shared, ...filled }, admit);
  const pendingHash = consoleCookieHash(ctx, 'pending');
  return signInByPasskey(deps, tenant, { ...shared, pendingHash, answer: filled.passkey }, admit);
}

/** Ways through the tenant's organization: links, because the click leaves in the end. */
function connectionsOf({ tenant, returnTo, deps }: Proof): readonly Choice[] {
  return tenant.openConnections.map(({ key, name }) => {
    const query = new URLSearchParams({
      tenant: tenant.slug,
      connection: key,
      ...(returnTo === undefined ? {} : { return: returnTo }),
    });
    return { name, href: `${basePath(deps.publicUrl)}/console/start?${query.toString()}` };
  });
}

/** Where the tenant has no local sign-in, the page is one of links, or not there at all (A-137). */
function showConnections(proof: Proof): void {
  const { ctx, tenant, deps } = proof;
  const choices = connectionsOf(proof);
  if (choices.length === 0 || ctx.method === 'POST')
    throw new DomainError('not_found', 'nobody signs in at this address');
  show(ctx, 200, renderChooser(frameOf(tenant, deps), { choices }));
}

/** Shows the form, anew after a try that failed: each page has a challenge of its own. */
async function showForm(proof: Proof, fault?: LocalSignInFault, waitSeconds?: number): Promise<void> {
  const { ctx, tenant, during, session, by, deps } = proof;
  const challenge =
    by === 'passkey' ? await beginChallenge(deps, tenant, during, session?.userId ?? null) : undefined;
  if (challenge !== undefined) setConsoleCookie(ctx, 'pending', challenge.secret);
  const other = by === 'passkey' ? 'password' : 'passkey';
  const html = renderLocalSignIn(frameOf(tenant, deps), {
    during,
    action: addressOf(proof, by),
    passkey: challenge?.options,
    otherHref: deps.passkeys.possible ? addressOf(proof, other) : undefined,
    account: session?.userName,
    connections: during === 'sign_in' ? connectionsOf(proof) : [],
    fault,
    ...(waitSeconds === undefined ? {} : { waitSeconds }),
  });
  if (waitSeconds !== undefined) ctx.set('Retry-After', String(waitSeconds));
  const status = fault === undefined ? 200 : fault === 'too_many' ? 429 : 400;
  show(ctx, status, html, challenge !== undefined);
}

function goOn({ ctx, returnTo, deps }: Proof): void {
  ctx.status = 303;
  ctx.redirect(returnTo ?? `${basePath(deps.publicUrl)}/console/`);
}
