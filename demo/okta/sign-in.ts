import type { App } from './apps.js';
import { amrOf, assuranceFor, satisfies } from './assurance.js';
import { answerClient } from './authorize-response.js';
import { accessTokenClaims, idTokenClaims, userinfoClaims } from './claims.js';
import { HostedError, OAuthError } from './errors.js';
import type { CodeGrant } from './grants.js';
import { noStore, sessionCookie, setSessionCookie, type Ctx } from './http/context.js';
import type { OktaOrg } from './org.js';
import { signInPage } from './pages/sign-in.js';
import type { User } from './people.js';
import type { AuthorizeRequest, SignInTransaction, SsoSession, Stage } from './sessions.js';

interface Signed {
  readonly session: SsoSession;
  readonly user: User;
}

/** Who is signed in to this org in this browser. */
export function currentSession(ctx: Ctx): Signed | undefined {
  const { org } = ctx.state;
  const session = org.sessions.find(sessionCookie(ctx));
  const user = session === undefined ? undefined : org.directory.findUser(session.userId);
  return session === undefined || user?.status !== 'ACTIVE' ? undefined : { session, user };
}

const refused = (org: OktaOrg, error: string, id: Parameters<OktaOrg['say']>[0]): OAuthError =>
  new OAuthError(400, error, org.say(id));

function mustReauthenticate(org: OktaOrg, request: AuthorizeRequest, { session }: Signed): boolean {
  if (request.prompt.includes('login') || request.maxAge === 0) return true;
  return request.maxAge !== undefined && org.clock.now() - session.authTime > request.maxAge;
}

const consentKey = (user: User, request: AuthorizeRequest): string =>
  `${user.id} ${request.clientId} ${request.scopes.toSorted().join(' ')}`;

function needsConsent(org: OktaOrg, app: App, request: AuthorizeRequest, user: User): boolean {
  if (app.consentMethod !== 'REQUIRED') return false;
  return request.prompt.includes('consent') || !org.grants.consents.has(consentKey(user, request));
}

/** `prompt=none`: an answer without a word to the person, or an error. */
function answerSilently(ctx: Ctx, app: App, request: AuthorizeRequest, signed: Signed | undefined): void {
  const { org } = ctx.state;
  if (signed === undefined) throw refused(org, 'login_required', 'not_signed_in');
  const assurance = assuranceFor(app, request, signed.user);
  if (assurance === 'unmet') throw refused(org, 'unmet_authentication_requirements', 'loa_unmet');
  if (mustReauthenticate(org, request, signed) || !satisfies(signed.session.factors, assurance)) {
    throw refused(org, 'login_required', 'needs_reauthentication');
  }
  if (needsConsent(org, app, request, signed.user))
    throw refused(org, 'consent_required', 'consent_required');
  issueCode(ctx, app, request, signed, assurance.acr);
}

/** Begins (or, where nothing is to be asked, completes) a checked authorization request. */
export function beginAuthorize(ctx: Ctx, app: App, request: AuthorizeRequest): void {
  const { org } = ctx.state;
  const signed = currentSession(ctx);
  if (request.prompt.includes('none')) {
    answerSilently(ctx, app, request, signed);
    return;
  }
  const transaction = org.sessions.begin({
    request,
    idp: signed === undefined ? request.idp : undefined,
    fresh: signed === undefined || mustReauthenticate(org, request, signed),
    username: request.loginHint ?? '',
  });
  proceed(ctx, transaction);
}

/** Begins a sign-in that only leads to the dashboard. */
export function beginDashboardSignIn(ctx: Ctx): void {
  proceed(ctx, ctx.state.org.sessions.begin({ request: undefined, idp: undefined, fresh: true }));
}

function show(ctx: Ctx, transaction: SignInTransaction, stage: Stage, app: App | undefined): void {
  transaction.stage = stage;
  noStore(ctx);
  ctx.type = 'html';
  ctx.set(
    'Content-Security-Policy',
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'self'",
  );
  ctx.body = signInPage(ctx.state.org, transaction, app).toString();
  transaction.message = undefined;
}

/** Opens the session (or renews the one there is), once the person has proved enough. */
function openSession(
  ctx: Ctx,
  transaction: SignInTransaction,
  user: User,
  signed: Signed | undefined,
): SsoSession {
  const { org } = ctx.state;
  const keep = signed?.user.id === user.id ? signed.session : undefined;
  if (keep !== undefined) {
    if (transaction.proved.size > 0) {
      keep.factors = new Set([...(transaction.fresh ? [] : keep.factors), ...transaction.proved]);
      keep.authTime = org.clock.now();
    }
    return keep;
  }
  if (signed !== undefined) org.sessions.end(signed.session.id);
  const session = org.sessions.open({
    userId: user.id,
    authTime: org.clock.now(),
    factors: new Set(transaction.proved),
    idp: transaction.idp ?? org.id,
    keepSignedIn: transaction.keepSignedIn,
  });
  setSessionCookie(ctx, session.id, transaction.keepSignedIn);
  return session;
}

/**
 * The next step of a sign-in: a page for what is still to be done, or the end of it.
 * @throws OAuthError for the client; HostedError for the person alone
 */
export function proceed(ctx: Ctx, transaction: SignInTransaction): void {
  const { org } = ctx.state;
  const { request } = transaction;
  const app = org.findApp(request?.clientId);
  const signed = currentSession(ctx);
  const reused = transaction.fresh ? undefined : signed;
  const user = transaction.userId === undefined ? reused?.user : org.directory.findUser(transaction.userId);
  if (user === undefined) {
    show(ctx, transaction, transaction.stage === 'password' ? 'password' : 'identify', app);
    return;
  }
  const assurance = app === undefined ? { acr: undefined, factors: [] } : assuranceFor(app, request, user);
  if (assurance === 'unmet') throw refused(org, 'unmet_authentication_requirements', 'loa_unmet');
  transaction.userId = user.id;
  transaction.username = user.login;
  const before = reused?.user.id === user.id ? reused.session.factors : [];
  const proved = new Set([...transaction.proved, ...before]);
  if (!satisfies(proved, assurance)) {
    const second = assurance.factors.includes('otp') ? 'otp' : 'webauthn';
    show(ctx, transaction, proved.has('pwd') ? second : 'password', app);
    return;
  }
  const session = openSession(ctx, transaction, user, signed);
  transaction.fresh = false;
  transaction.proved.clear();
  finish(ctx, transaction, app, { session, user }, assurance.acr);
}

function finish(
  ctx: Ctx,
  transaction: SignInTransaction,
  app: App | undefined,
  signed: Signed,
  acr: string | undefined,
): void {
  const { org } = ctx.state;
  const { request } = transaction;
  if (request === undefined || app === undefined) {
    org.sessions.finish(transaction);
    ctx.redirect('/app/UserHome');
    return;
  }
  if (request.prompt.includes('enroll_authenticator')) {
    if (!transaction.enrolled) return show(ctx, transaction, 'enroll', app);
    org.sessions.finish(transaction);
    return answerClient(ctx, request, { state: request.state });
  }
  checkAccess(org, app, request, signed.user);
  if (!transaction.consented && needsConsent(org, app, request, signed.user)) {
    return show(ctx, transaction, 'consent', app);
  }
  if (app.consentMethod === 'REQUIRED') org.grants.consents.add(consentKey(signed.user, request));
  org.sessions.finish(transaction);
  issueCode(ctx, app, request, signed, acr);
}

/** Whether the app, its policy and the authorization server let this person in. */
function checkAccess(org: OktaOrg, app: App, request: AuthorizeRequest, user: User): void {
  if (app.signOnPolicy === 'deny') {
    throw new HostedError(
      403,
      'Access Denied',
      'You are not allowed to access this app. To request access, contact an admin.',
    );
  }
  if (!org.isAssigned(app, user)) throw refused(org, 'access_denied', 'user_not_assigned');
  const server = org.serverAt(request.serverBase);
  if (server.kind === 'custom' && server.policy !== 'all' && !server.policy.includes(app.clientId)) {
    throw refused(org, 'access_denied', 'policy_no_match');
  }
}

function issueCode(
  ctx: Ctx,
  app: App,
  request: AuthorizeRequest,
  { session, user }: Signed,
  acr: string | undefined,
): void {
  const { org } = ctx.state;
  checkAccess(org, app, request, user);
  const server = org.serverAt(request.serverBase);
  const origin = server.kind === 'custom' ? request.origin : org.originFor(app, request.origin);
  const grant: CodeGrant = {
    clientId: app.clientId,
    serverBase: server.base,
    issuer: origin + server.issuerPath,
    userId: user.id,
    sessionId: session.id,
    scopes: request.scopes,
    authTime: session.authTime,
    amr: amrOf(session, org.id),
    acr,
    idp: session.idp,
    nonce: request.nonce,
    redirectUri: request.redirectUri,
    codeChallenge: request.codeChallenge,
  };
  // Claims that can't be computed are told here, not at the token endpoint.
  const context = { org, server, app };
  idTokenClaims(context, user, grant);
  userinfoClaims(context, user, grant.scopes);
  accessTokenClaims(context, user, grant.scopes);
  session.clients.add(app.clientId);
  answerClient(ctx, request, { code: org.grants.issueCode(grant), state: request.state });
}
