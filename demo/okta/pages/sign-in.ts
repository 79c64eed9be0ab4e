import type { App } from '../apps.js';
import type { OktaOrg } from '../org.js';
import type { SignInTransaction, Stage } from '../sessions.js';
import { html, type Html } from './html.js';
import { authFooter, brand, logo, page } from './layout.js';

interface View {
  readonly org: OktaOrg;
  readonly transaction: SignInTransaction;
  readonly app: App | undefined;
}

const handle = ({ id }: SignInTransaction): Html =>
  html`<input type="hidden" name="stateHandle" value="${id}" />`;

function message({ message: text }: SignInTransaction): Html | undefined {
  if (text === undefined) return undefined;
  return html`<div class="callout callout-error" role="alert"><p>${text}</p></div>`;
}

/** Who it is, with a way back to the first step. */
function identityChip({ transaction }: View): Html {
  return html`<div class="chip">
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <circle cx="12" cy="9" r="4" />
      <path d="M4 21c1-5 4-7 8-7s7 2 8 7" />
    </svg>
    <span>${transaction.username}</span>
  </div>`;
}

function backLink({ transaction }: View): Html {
  return html`<form method="post" action="/idp/idx/cancel" class="back">
    ${handle(transaction)}<button class="link">Back to sign in</button>
  </form>`;
}

function identifyStage({ org, transaction }: View): Html {
  const outside = org.identityProviders.find(({ id }) => id === transaction.idp);
  return html`<h1>${outside === undefined ? 'Sign In' : `Sign in with ${outside.name}`}</h1>
    ${message(transaction)}
    <form method="post" action="/idp/idx/identify">
      ${handle(transaction)}
      <label class="field">
        <span>Username</span>
        <input
          name="identifier"
          value="${transaction.username}"
          autocomplete="username"
          autocapitalize="none"
          spellcheck="false"
          required
          autofocus
        />
      </label>
      <label class="check"
        ><input
          type="checkbox"
          name="rememberMe"
          value="true"
          ${transaction.keepSignedIn && 'checked'}
        /><span>Keep me signed in</span></label
      >
      <button class="button button-primary">Next</button>
    </form>`;
}

function passwordStage(view: View): Html {
  const { transaction } = view;
  return html`<h1>Verify with your password</h1>
    ${identityChip(view)} ${message(transaction)}
    <form method="post" action="/idp/idx/challenge/answer">
      ${handle(transaction)}
      <input
        class="visually-hidden"
        name="username"
        autocomplete="username"
        value="${transaction.username}"
        tabindex="-1"
        aria-hidden="true"
        readonly
      />
      <label class="field">
        <span>Password</span>
        <input name="passcode" type="password" autocomplete="current-password" required autofocus />
      </label>
      <button class="button button-primary">Verify</button>
    </form>
    ${backLink(view)}`;
}

function otpStage(view: View): Html {
  const { transaction } = view;
  return html`<h1>Verify with Google Authenticator</h1>
    ${identityChip(view)} ${message(transaction)}
    <p class="hint">Enter the temporary code generated in your Google Authenticator app.</p>
    <form method="post" action="/idp/idx/challenge/answer">
      ${handle(transaction)}
      <label class="field">
        <span>Enter code</span>
        <input
          name="passcode"
          inputmode="numeric"
          autocomplete="one-time-code"
          pattern="[0-9 ]*"
          required
          autofocus
        />
      </label>
      <button class="button button-primary">Verify</button>
    </form>
    ${backLink(view)}`;
}

function webauthnStage(view: View): Html {
  const { transaction } = view;
  return html`<h1>Verify with Security Key or Biometric</h1>
    ${identityChip(view)} ${message(transaction)}
    <p class="hint">
      You will be prompted to use a security key or biometric verification. Follow the instructions.
    </p>
    <form method="post" action="/idp/idx/challenge/answer">
      ${handle(transaction)}
      <button class="button button-primary">Verify</button>
    </form>
    ${backLink(view)}`;
}

function enrollStage(view: View): Html {
  const { transaction } = view;
  return html`<h1>Set up security methods</h1>
    ${identityChip(view)}
    <p class="hint">Security methods help protect your account by ensuring only you have access.</p>
    <form method="post" action="/idp/idx/enroll">
      ${handle(transaction)}
      <button class="button button-primary">Set up Google Authenticator</button>
    </form>`;
}

const SCOPE_TEXT: Readonly<Record<string, string>> = {
  openid: 'Know who you are',
  profile: 'View your profile',
  email: 'View your email address',
  groups: 'View your groups',
  phone: 'View your phone number',
  address: 'View your address',
  offline_access: 'Keep access while you are away',
};

function consentStage(view: View): Html {
  const { transaction, app } = view;
  const scopes = transaction.request?.scopes ?? [];
  return html`<h1>${app?.label ?? 'This app'} would like to access</h1>
    ${identityChip(view)}
    <ul class="scopes">
      ${scopes.map((scope) => html`<li>${SCOPE_TEXT[scope] ?? scope}</li>`)}
    </ul>
    <form method="post" action="/idp/idx/consent" class="two-buttons">
      ${handle(transaction)}
      <button class="button button-quiet" name="consent" value="false">Don't Allow</button>
      <button class="button button-primary" name="consent" value="true">Allow Access</button>
    </form>`;
}

const STAGES: Readonly<Record<Stage, (view: View) => Html>> = {
  identify: identifyStage,
  password: passwordStage,
  otp: otpStage,
  webauthn: webauthnStage,
  enroll: enrollStage,
  consent: consentStage,
};

/** The app that the person is on the way to. */
function destination({ org, app }: View): Html | undefined {
  if (app === undefined) return undefined;
  return html`<div class="destination">
    <p>Connecting to</p>
    ${logo(app.label, 'large')}
    <p>Sign in with your account to access <strong>${app.label}</strong></p>
    <p class="visually-hidden">at ${org.name}</p>
  </div>`;
}

/** For demos: sample people, who sign in with one click. */
function samplePeople({ org, transaction }: View): Html | undefined {
  if (!org.settings.quickSignIn || transaction.stage === 'consent' || transaction.stage === 'enroll')
    return undefined;
  if (transaction.stage === 'otp') {
    const user = org.directory.findUser(transaction.username);
    return html`<aside class="samples">
      <p>Simulated org: the code is <code>${user?.otp}</code></p>
    </aside>`;
  }
  const people = org.directory.users().filter(({ status }) => status === 'ACTIVE');
  return html`<aside class="samples" aria-label="Sample people">
    <p>Simulated org: sign in with a click</p>
    <div>
      ${people.slice(0, 8).map(
        (user) =>
          html`<form method="post" action="/idp/idx/identify">
            ${handle(transaction)}
            <input type="hidden" name="identifier" value="${user.login}" />
            <input type="hidden" name="password" value="${user.password}" />
            <button class="sample" title="${user.login}, password ${user.password}">
              ${user.firstName} ${user.lastName}
            </button>
          </form>`,
      )}
    </div>
  </aside>`;
}

/** The sign-in page at whatever step the transaction is in. */
export function signInPage(org: OktaOrg, transaction: SignInTransaction, app: App | undefined): Html {
  const view = { org, transaction, app };
  return page({
    title: `${org.name} - Sign In`,
    kind: 'auth',
    body: html`<main class="auth-main">
        ${destination(view)}
        <section class="card" aria-label="Sign in">
          <header class="card-brand">${brand(org.name)}</header>
          ${STAGES[transaction.stage](view)}
        </section>
        ${samplePeople(view)}
      </main>
      ${authFooter}`,
  });
}
