import type { Context } from 'koa';
import { DomainError } from '../core/errors.js';
import type { AccountLink } from '../domain/account/account-link.js';
import {
  beginEnrolment,
  enrolByPasskey,
  enrolByPassword,
  type EnrolmentOutcome,
} from '../domain/account/enrol.js';
import { waitOf } from '../domain/account/tries.js';
import { clearConsoleCookie, consoleCookieHash, setConsoleCookie } from '../http/console-cookie.js';
import type { TenantContext } from '../http/tenant-context.js';
import { sha256 } from '../keys/hash.js';
import { readToken } from '../keys/tokens.js';
import { renderDeadLink } from '../pages/operators/dead-link.js';
import { renderEnrol, type EnrolFault } from '../pages/operators/enrol.js';
import type { Filled } from '../pages/operators/filled.js';
import { renderRecoveryCodes } from '../pages/operators/recovery-codes.js';
import type { OperatorsDeps } from './deps.js';
import { enter, opening } from './open-session.js';
import { basePath, frameOf, readFilled, show } from './visit.js';

/** Somebody behind a live link. */
interface Enrolling {
  readonly ctx: Context;
  readonly tenant: TenantContext;
  readonly link: AccountLink;
  readonly linkHash: Buffer;
  readonly by: 'passkey' | 'password';
  readonly address: string;
  readonly deps: OperatorsDeps;
}

/** `/console/first-run/{token}`, `/console/enrol/{token}`: opening it uses nothing up, completing it does, once. */
export async function serveEnrolment(
  ctx: Context,
  kind: AccountLink['kind'],
  token: string,
  deps: OperatorsDeps,
): Promise<void> {
  const linkHash = sha256(token);
  // A mistake in copying is told without asking the database.
  const canBe = kind === 'first_run' || readToken(token)?.kind === 'setup';
  const link = canBe ? await deps.links.find(linkHash) : undefined;
  const tenant = link?.kind === kind ? await deps.directory.find(link.tenantSlug) : undefined;
  if (link === undefined || tenant === undefined) return showDead(ctx, kind, 'unknown', deps);
  const state = await stateOf(link, deps);
  if (state !== 'valid') return showDead(ctx, kind, state, deps);
  const isPassword = ctx.query['by'] === 'password' || !deps.passkeys.possible;
  const page = kind === 'first_run' ? 'first-run' : 'enrol';
  const enrolling: Enrolling = {
    ctx,
    tenant,
    link,
    linkHash,
    by: isPassword ? 'password' : 'passkey',
    address: `${basePath(deps.publicUrl)}/console/${page}/${token}`,
    deps,
  };
  if (ctx.method === 'POST') return complete(enrolling, await readFilled(ctx, deps));
  return showForm(enrolling);
}

/** A first-run link counts no more as soon as there is an owner, however they came. */
async function stateOf(link: AccountLink, deps: OperatorsDeps): Promise<AccountLink['state']> {
  if (link.kind === 'enrolment' || link.state !== 'valid') return link.state;
  const owners = await deps.transactions.withTenant(link.tenantId, (scope) =>
    deps.accounts.lockOwners(scope),
  );
  return owners.length > 0 ? 'used' : 'valid';
}

async function complete(enrolling: Enrolling, filled: Filled): Promise<void> {
  const { ctx, tenant, link, deps } = enrolling;
  try {
    const outcome = await attempt(enrolling, filled);
    if ('fault' in outcome) {
      if (outcome.fault === 'link') {
        const now = await deps.links.find(enrolling.linkHash);
        return await showDead(ctx, link.kind, now?.state === 'late' ? 'late' : 'used', deps);
      }
      return await showForm(enrolling, { fault: outcome.fault, typedName: filled.userName });
    }
    const isOperator = outcome.admitted !== undefined;
    if (outcome.admitted === undefined) clearConsoleCookie(ctx, 'pending');
    else await enter(ctx, outcome.admitted, deps);
    // Who has nothing to do in the console goes on to their applications.
    const continueHref = isOperator ? `${basePath(deps.publicUrl)}/console/` : `${tenant.issuer}/portal`;
    const codes = outcome.recoveryCodes;
    show(ctx, 200, renderRecoveryCodes(frameOf(tenant, deps), { codes, by: enrolling.by, continueHref }));
  } catch (error) {
    const waitSeconds = waitOf(error);
    if (waitSeconds === undefined) throw error;
    await showForm(enrolling, { fault: 'too_many', typedName: filled.userName, waitSeconds });
  }
}

function attempt(enrolling: Enrolling, filled: Filled): Promise<EnrolmentOutcome<string | undefined>> {
  const { ctx, tenant, link, linkHash, deps } = enrolling;
  const request = {
    link,
    linkHash,
    pendingHash: consoleCookieHash(ctx, 'pending'),
    userName: filled.userName.trim(),
    origin: deps.originOf(ctx),
  };
  const admit = opening(ctx, tenant, deps);
  if (filled.passkey !== undefined)
    return enrolByPasskey(deps, tenant, { ...request, answer: filled.passkey }, admit);
  const { password, code } = filled;
  return enrolByPassword(deps, tenant, { ...request, password, code }, admit);
}

async function showForm(
  { ctx, tenant, link, linkHash, by, address, deps }: Enrolling,
  after: { readonly fault?: EnrolFault; readonly typedName?: string; readonly waitSeconds?: number } = {},
): Promise<void> {
  const before = consoleCookieHash(ctx, 'pending');
  const begun = await beginEnrolment(deps, tenant, { link, linkHash, method: by, before });
  setConsoleCookie(ctx, 'pending', begun.secret);
  const byPassword = `${address}?by=password`;
  const html = renderEnrol(frameOf(tenant, deps), {
    ...after,
    kind: link.kind,
    action: by === 'password' ? byPassword : address,
    account: link.userName ?? undefined,
    passkey: begun.options,
    seed: begun.codes?.seed,
    otherHref: deps.passkeys.possible ? (by === 'password' ? address : byPassword) : undefined,
  });
  if (after.waitSeconds !== undefined) ctx.set('Retry-After', String(after.waitSeconds));
  const status = after.fault === undefined ? 200 : after.fault === 'too_many' ? 429 : 400;
  show(ctx, status, html, by === 'passkey');
}

async function showDead(
  ctx: Context,
  kind: AccountLink['kind'],
  state: Exclude<AccountLink['state'], 'valid'>,
  deps: OperatorsDeps,
): Promise<void> {
  const system = await deps.directory.find('system');
  if (system === undefined) throw new DomainError('not_found', 'there is nothing at this address');
  show(ctx, state === 'unknown' ? 404 : 410, renderDeadLink(frameOf(system, deps), { kind, state }));
}
