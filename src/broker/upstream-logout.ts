import type { Context } from 'koa';
import { DomainError } from '../core/errors.js';
import { plainText } from '../core/text.js';
import { admitsSignIn, type Connection } from '../domain/connection/connection.js';
import { endByUpstream, type UpstreamLogoutTarget } from '../domain/session/upstream-logout.js';
import { readForm } from '../http/own-form.js';
import type { TenantContext } from '../http/tenant-context.js';
import { signOutFrames } from '../op/frontchannel-logout.js';
import { artifactHash } from '../op/artifact-names.js';
import { framedPageHeaders } from '../pages/policy.js';
import { renderFramedSignOut } from '../pages/sign-out/frames.js';
import { UpstreamError } from '../rp/causes.js';
import type { UpstreamLogout } from '../rp/logout-token.js';
import type { BrokerDeps } from './deps.js';
import { isIssuer } from './initiate.js';
import { partyOf } from './start-sign-in.js';

const SID_LENGTH_MAX = 512;

/**
 * An upstream tells in a hidden frame that a session of its own has ended (OpenID Connect Front-Channel Logout 1.0
 * section 2); the applications of the sessions that it began here are told in frames within. `iss` and `sid` are both
 * required. The browser's cookie isn't asked: browsers hold it back in frames of other sites, and who knows an upstream's
 * `sid`, which nobody can guess, got it in an ID Token of that very session. Nobody else can end anything by this, and a
 * `sid` that means nothing gets the same answer and writes nothing.
 */
export async function serveFrontchannelLogout(
  ctx: Context,
  tenant: TenantContext,
  connection: Connection,
  deps: BrokerDeps,
): Promise<void> {
  const parameters = ctx.method === 'POST' ? await readForm(ctx) : ctx.URL.searchParams;
  const [iss, sid] = [single(parameters, 'iss'), single(parameters, 'sid')];
  const known =
    iss !== undefined &&
    sid !== undefined &&
    isIssuer(connection, iss) &&
    isSid(sid) &&
    admitsSignIn(connection);
  if (!known) throw new DomainError('invalid_argument', 'iss and sid must name a session of the connection');
  const parts = await end(tenant, connection, { session: sid }, undefined, deps);
  const frames = signOutFrames(tenant, parts ?? []);
  ctx.set(
    framedPageHeaders(
      connection.issuer,
      frames.map(({ src }) => src),
    ),
  );
  ctx.body = renderFramedSignOut(frames);
}

/**
 * An upstream tells by itself that a session, or all of a person, has ended (OpenID Connect Back-Channel Logout 1.0
 * sections 2.5 to 2.8, A-69). 200 once it has ended here; 400 and nothing changed otherwise.
 */
export async function serveBackchannelLogout(
  ctx: Context,
  tenant: TenantContext,
  connection: Connection,
  deps: BrokerDeps,
): Promise<void> {
  const refuse = (description: string, detail = description): void => {
    const names = { tenant: tenant.slug, connection: connection.key };
    deps.log.info('upstream_logout.refused', { ...names, detail });
    ctx.status = 400;
    ctx.body = { error: 'invalid_request', error_description: description };
  };
  if (!admitsSignIn(connection)) return refuse('nobody signs in through this connection now');
  try {
    const token = single(await readForm(ctx), 'logout_token');
    if (token === undefined) return refuse('logout_token must be there, once');
    const logout = await deps.relyingParty.readLogoutToken(partyOf(tenant, connection), token);
    const ended = await end(tenant, connection, targetOf(logout), logout, deps);
    if (ended === undefined) return refuse('the logout token was used before (jti)');
  } catch (error) {
    if (error instanceof UpstreamError) {
      // What is wrong with the token is its sender's to know; how we reach an upstream isn't.
      const own = error.step === 'logout_token' && error.code === 'forbidden';
      return refuse(own ? error.message : 'the logout token could not be checked', error.message);
    }
    if (error instanceof DomainError && error.code === 'invalid_argument') return refuse(error.message);
    throw error;
  }
  ctx.status = 200;
  ctx.body = '';
}

/** Section 2.7: by the session where it is named, else every session of the person. */
function targetOf({ session, subject }: UpstreamLogout): UpstreamLogoutTarget {
  if (session !== undefined) return { session };
  if (subject !== undefined) return { subject };
  throw new TypeError('a logout token that names nobody was let through');
}

/** Takes the token and ends what it names in one transaction: a failure leaves both for the upstream's next attempt. */
function end(
  tenant: TenantContext,
  connection: Connection,
  target: UpstreamLogoutTarget,
  token: UpstreamLogout | undefined,
  deps: BrokerDeps,
) {
  return deps.transactions.withTenant(tenant.id, async (scope) => {
    if (token !== undefined) {
      const hash = artifactHash('UpstreamLogout', JSON.stringify([connection.id, token.jti]));
      if (!(await deps.upstreamSessions.claim(scope, { hash, seconds: token.secondsLeft }))) return undefined;
    }
    const tools = { ...deps, auditTools: { ...deps, vault: tenant.vault } };
    return endByUpstream(tools, scope, connection, target);
  });
}

function single(parameters: URLSearchParams, name: string): string | undefined {
  const values = parameters.getAll(name);
  return values.length === 1 && values[0] !== '' ? values[0] : undefined;
}

const isSid = (sid: string): boolean =>
  sid.length <= SID_LENGTH_MAX && plainText(sid, SID_LENGTH_MAX) === sid;
