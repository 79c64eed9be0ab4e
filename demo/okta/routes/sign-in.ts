import type { Router } from '@koa/router';
import { answerClient } from '../authorize-response.js';
import { HostedError } from '../errors.js';
import type { Ctx, OktaState } from '../http/context.js';
import type { SignInTransaction } from '../sessions.js';

/** Okta says no more than this, whether the name or the password was wrong. */
const UNABLE = 'Unable to sign in';

function transactionOf(ctx: Ctx): SignInTransaction {
  const { org, form } = ctx.state;
  const transaction = org.sessions.transaction(form.get('stateHandle') ?? undefined);
  if (transaction === undefined) {
    throw new HostedError(400, 'Your session has expired', 'Close this page and start again from your app.');
  }
  return transaction;
}

function goOn(ctx: Ctx, transaction: SignInTransaction, message?: string): void {
  transaction.message = message;
  ctx.redirect(`/login/token/redirect?stateToken=${transaction.id}`);
}

/** Forgets who it was: whoever comes next proves everything anew, whatever session the browser has. */
function startOver(transaction: SignInTransaction): void {
  Object.assign(transaction, { stage: 'identify', username: '', userId: undefined, fresh: true });
  transaction.proved.clear();
}

/**
 * The name is taken as it comes: nobody learns here whether it exists. With an outside IdP it is all that is
 * asked.
 */
function identify(ctx: Ctx): void {
  const { org, form } = ctx.state;
  const transaction = transactionOf(ctx);
  startOver(transaction);
  transaction.username = (form.get('identifier') ?? '').trim();
  transaction.keepSignedIn = form.get('rememberMe') === 'true';
  if (transaction.username === '') return goOn(ctx, transaction, 'This field cannot be left blank');
  const user = org.directory.findUser(transaction.username);
  if (transaction.idp !== undefined) {
    if (user?.status !== 'ACTIVE') return goOn(ctx, transaction, UNABLE);
    transaction.userId = user.id;
    transaction.proved.add('pwd');
  }
  const password = form.get('password');
  transaction.stage = 'password';
  return password === null ? goOn(ctx, transaction) : checkPassword(ctx, transaction, password);
}

function checkPassword(ctx: Ctx, transaction: SignInTransaction, password: string): void {
  const user = ctx.state.org.directory.findUser(transaction.username);
  if (user?.status !== 'ACTIVE' || user.password !== password) {
    transaction.stage = 'password';
    return goOn(ctx, transaction, UNABLE);
  }
  transaction.userId = user.id;
  transaction.proved.add('pwd');
  return goOn(ctx, transaction);
}

/** The answer to whatever the page asked for: password, code, security key. */
function answerChallenge(ctx: Ctx): void {
  const { org, form } = ctx.state;
  const transaction = transactionOf(ctx);
  const passcode = form.get('passcode') ?? '';
  if (transaction.stage === 'password') return checkPassword(ctx, transaction, passcode);
  if (transaction.stage === 'webauthn') {
    transaction.proved.add('webauthn');
    return goOn(ctx, transaction);
  }
  const user = org.directory.findUser(transaction.userId ?? transaction.username);
  if (user?.otp !== passcode.replaceAll(' ', ''))
    return goOn(ctx, transaction, "Your code doesn't match our records. Please try again.");
  transaction.proved.add('otp');
  return goOn(ctx, transaction);
}

function answerConsent(ctx: Ctx): void {
  const { org, form } = ctx.state;
  const transaction = transactionOf(ctx);
  if (form.get('consent') === 'true') {
    transaction.consented = true;
    return goOn(ctx, transaction);
  }
  org.sessions.finish(transaction);
  if (transaction.request === undefined) return ctx.redirect('/app/UserHome');
  return answerClient(ctx, transaction.request, {
    state: transaction.request.state,
    error: 'access_denied',
    error_description: org.say('consent_denied'),
  });
}

function enroll(ctx: Ctx): void {
  const transaction = transactionOf(ctx);
  transaction.enrolled = true;
  return goOn(ctx, transaction);
}

/** "Back to sign in": forgets who it was, keeps where they were going. */
function cancel(ctx: Ctx): void {
  const transaction = transactionOf(ctx);
  startOver(transaction);
  return goOn(ctx, transaction);
}

/** The forms of the sign-in pages. Each answers with a redirect, so that a reload repeats nothing. */
export function signInRoutes(router: Router<OktaState>): void {
  const forms: readonly [path: string, handler: (ctx: Ctx) => void][] = [
    ['/idp/idx/identify', identify],
    ['/idp/idx/challenge/answer', answerChallenge],
    ['/idp/idx/consent', answerConsent],
    ['/idp/idx/enroll', enroll],
    ['/idp/idx/cancel', cancel],
  ];
  for (const [path, handler] of forms) router.post(path, (ctx) => handler(ctx));
}
