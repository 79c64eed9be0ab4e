import { epochSeconds } from '../core/clock.js';
import { beginChallenge } from '../domain/account/begin-challenge.js';
import type { AccountPurpose } from '../domain/account/local-account.js';
import { admitsLocal, offersLocal } from '../domain/account/local-policy.js';
import {
  signInByPasskey,
  signInByPassword,
  type Admit,
  type SignInOutcome,
} from '../domain/account/sign-in-locally.js';
import { isInOutage, type Connection } from '../domain/connection/connection.js';
import { waitOf } from '../domain/account/tries.js';
import type { Artifact } from '../domain/artifact/artifact-store.js';
import { clientNetwork } from '../http/client-network.js';
import { clearConsoleCookie, consoleCookieHash, setConsoleCookie } from '../http/console-cookie.js';
import type { TenantContext } from '../http/tenant-context.js';
import { answeredInteraction, resumeAddress, type InteractionAnswer } from '../op/interactions.js';
import { showPage } from '../op/page-frame.js';
import { filledOf, type Filled } from '../pages/operators/filled.js';
import { renderLocalSignIn, type LocalSignInFault } from '../pages/operators/local-sign-in.js';
import { renderContinue } from '../pages/sign-in/continue.js';
import type { Hints } from './choose-connection.js';
import { readOwnForm } from './form.js';
import { errorFor, refuse } from './refusal.js';
import { frame, type Visit } from './visit.js';

/** `connection=local`: no connection has this key. */
const LOCAL = 'local';

/**
 * Whether the page of local accounts is asked for, and there: else the word means as little as any unknown key, also
 * where people of a customer are meant (E4).
 */
export function wantsLocal({ tenant }: Visit, { connection, organization = tenant.slug }: Hints): boolean {
  if (connection !== LOCAL || organization !== tenant.slug) return false;
  return offersLocal(tenant.configuration.tenant, 'issuer');
}

/** Where local accounts sign in to what waits. */
export function localAddress({ ctx, address }: Visit, by?: 'password' | 'passkey'): string {
  // Who waits with something else than a sign-in asked for another account: that must stay said.
  const another = ctx.query['another'] === undefined ? '' : '&another=1';
  return `${address}?connection=${LOCAL}${by === 'password' ? '&by=password' : ''}${another}`;
}

/** The way on for whom the connection fails, as a button of an error page. At the issuer above there is none. */
export function localWay(
  home: TenantContext,
  waiting: TenantContext,
  address: string,
): { readonly otherWays?: string } {
  if (home.id !== waiting.id || !offersLocal(home.configuration.tenant, 'issuer')) return {};
  return { otherWays: `${address}?connection=${LOCAL}` };
}

/**
 * Whether somebody whom a connection is to serve is shown the local way first: an outage of it was declared, and the tenant
 * has local accounts (A18). Whoever clicks on the connection goes there all the same.
 */
export function asksFirst(
  home: TenantContext,
  waiting: TenantContext,
  connection: Connection,
  now: Date,
): boolean {
  const isOffered = home.id === waiting.id && offersLocal(home.configuration.tenant, 'issuer');
  return isOffered && isInOutage(connection, now);
}

/**
 * `/sign-in/{uid}?connection=local`: an account of Causeway's own signs in to the application that waits, whatever has
 * become of the tenant's connections (F4, F5). The proof is fresh, so `max_age` and `prompt=login` are met; a level of
 * assurance that only an upstream could vouch for isn't.
 */
export async function serveLocalSignIn(visit: Visit): Promise<void> {
  const { ctx, tenant, open, interaction, deps } = visit;
  const { acr_values: levels } = interaction.params;
  const { clientId } = interaction;
  if (typeof levels === 'string' && levels.trim() !== '') {
    const backHref = await open.answer(errorFor('mfa_required'));
    return refuse(ctx, tenant, { reason: 'mfa_required', clientId, backHref }, deps);
  }
  if (ctx.method !== 'POST') return showForm(visit);
  const filled = filledOf(await readOwnForm(ctx, tenant));
  const kept = await open.kept();
  if (kept === undefined) return refuse(ctx, tenant, { reason: 'expired', clientId }, deps);
  try {
    const outcome = await attempt(visit, filled, answering(visit, kept));
    if ('refused' in outcome) return await showForm(visit, outcome.refused);
  } catch (error) {
    const waitSeconds = waitOf(error);
    if (waitSeconds === undefined) throw error;
    return showForm(visit, 'too_many', waitSeconds);
  }
  deps.onOutcome('succeeded');
  clearConsoleCookie(ctx, 'pending');
  const targetName = tenant.application(clientId)?.name ?? tenant.configuration.tenant.name;
  const href = resumeAddress(tenant, interaction);
  showPage(ctx, 200, renderContinue(frame(visit), { targetName, href }));
}

/** What the proof is good for: the answer to the interaction, written in the transaction that uses the proof up. */
function answering({ ctx, deps }: Visit, kept: Artifact): Admit<true> {
  const { ip, userAgent } = deps.originOf(ctx);
  return (scope, { userId, amr }) => {
    const answer: InteractionAnswer = {
      login: { accountId: userId, remember: true, amr: [...amr], ts: epochSeconds(deps.clock) },
      upstream: {
        local: true,
        connectionId: null,
        sessionReference: null,
        sealedIdToken: null,
        sessionExpiry: null,
        ip,
        userAgent,
      },
    };
    deps.artifacts.answer(scope, { ...answeredInteraction(kept, answer), userId });
    return Promise.resolve(true);
  };
}

function attempt(
  { ctx, tenant, deps }: Visit,
  filled: Filled,
  admit: Admit<true>,
): Promise<SignInOutcome<true>> {
  const origin = deps.originOf(ctx);
  const admits = (purpose: AccountPurpose): boolean =>
    admitsLocal(tenant.configuration.tenant, purpose, 'issuer');
  const shared = { during: 'sign_in', admits, origin, network: clientNetwork(origin.ip) } as const;
  if (filled.passkey === undefined)
    return signInByPassword(deps.local, tenant, { ...shared, ...filled }, admit);
  const pendingHash = consoleCookieHash(ctx, 'pending');
  return signInByPasskey(deps.local, tenant, { ...shared, pendingHash, answer: filled.passkey }, admit);
}

/** Shows the form, anew after a try that failed: each page has a challenge of its own. */
async function showForm(visit: Visit, fault?: LocalSignInFault, waitSeconds?: number): Promise<void> {
  const { ctx, tenant, deps } = visit;
  const { passkeys } = deps.local;
  const by = ctx.query['by'] === 'password' || !passkeys.possible ? 'password' : 'passkey';
  const challenge = by === 'passkey' ? await beginChallenge(deps.local, tenant, 'sign_in') : undefined;
  if (challenge !== undefined) setConsoleCookie(ctx, 'pending', challenge.secret);
  if (fault !== undefined) deps.onOutcome(`local_${fault}`);
  const html = renderLocalSignIn(frame(visit), {
    during: 'sign_in',
    action: localAddress(visit, by),
    passkey: challenge?.options,
    otherHref: passkeys.possible ? localAddress(visit, by === 'passkey' ? 'password' : 'passkey') : undefined,
    breakGlassOnly: tenant.configuration.tenant.settings.localSignIn === 'break-glass',
    fault,
    ...(waitSeconds === undefined ? {} : { waitSeconds }),
  });
  if (waitSeconds !== undefined) ctx.set('Retry-After', String(waitSeconds));
  const status = fault === undefined ? 200 : fault === 'too_many' ? 429 : 400;
  showPage(ctx, status, html, { passkeys: challenge !== undefined });
}
