import { factList, pills, textOf, textsOf, time } from '../shared/facts.js';
import { html, type Html } from '../shared/html.js';
import type { Look } from '../shared/look.js';
import { page } from '../shared/page.js';
import type { Fault } from './faults.js';
import { may, PERMISSIONS } from './permissions.js';
import type { SignedIn } from './sign-in.js';
import { accessTokenFacts } from './token-facts.js';

/** What a visitor sees who isn't signed in; `notice` says how that came. */
export function welcomePage(look: Look, notice?: string): string {
  return page({
    look,
    title: 'Sign in',
    body: html`<section class="card narrow">
      ${notice !== undefined && html`<p class="notice" role="status">${notice}</p>`}
      <h1>Welcome to ${look.tenant} ${look.name}</h1>
      <p>
        A web application with a server: the server signs people in and keeps their tokens; the browser holds
        a cookie.
      </p>
      <a class="button primary" href="/login">Sign in</a>
    </section>`,
  });
}

export function faultPage(look: Look, { heading, text, detail }: Fault): string {
  return page({
    look,
    title: heading,
    body: html`<section class="card narrow" role="alert">
      <h1>${heading}</h1>
      <p>${text}</p>
      ${detail !== undefined && html`<p class="detail"><code>${detail}</code></p>`}
      <a class="button primary" href="/login">Try again</a>
      <a class="button" href="/login?another">Use another account</a>
    </section>`,
  });
}

/** The signed-in person, what the application lets them do, and every claim that says so. */
export function homePage(look: Look, signedIn: SignedIn, notice?: string): string {
  const { claims } = signedIn;
  return page({
    look,
    title: 'Home',
    corner: html`<form method="post" action="/logout">
      <button class="button">Sign out</button>
    </form>`,
    body: html`${notice !== undefined && html`<p class="notice" role="status">${notice}</p>`}
      ${personCard(signedIn)}
      <section class="card" aria-labelledby="may">
        <h2 id="may">What you may do here</h2>
        <ul class="permissions">
          ${PERMISSIONS.map((permission) => {
            const yes = may(claims, permission);
            return html`<li class="${yes ? 'yes' : 'no'}">
              <span>${permission.name}</span>
              <small>${yes ? 'yes' : 'no'} (needs ${permission.roles.join(' or ')})</small>
            </li>`;
          })}
        </ul>
      </section>
      ${sessionCard(signedIn)}
      <section class="card wide" aria-labelledby="claims">
        <h2 id="claims">Claims of the ID token</h2>
        ${factList(Object.entries(claims))}
      </section>
      <section class="card wide" aria-labelledby="access">
        <h2 id="access">Access token</h2>
        ${factList(accessTokenFacts(signedIn))}
      </section>`,
  });
}

function personCard({ claims }: SignedIn): Html {
  const name = textOf(claims['name']) ?? claims.sub;
  return html`<section class="card wide person">
    <span class="avatar" aria-hidden="true">${initials(name)}</span>
    <div>
      <h1>${name}</h1>
      <p>${textOf(claims['email'])}</p>
      <p class="pills" aria-label="Roles">${pills(textsOf(claims['roles']), 'no role')}</p>
    </div>
  </section>`;
}

function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => word !== '');
  return [words[0], words.length > 1 ? words.at(-1) : undefined]
    .map((word) => word?.slice(0, 1) ?? '')
    .join('')
    .toUpperCase();
}

function sessionCard({ at, accessTokenEndsAt, refreshToken }: SignedIn): Html {
  return html`<section class="card" aria-labelledby="session">
    <h2 id="session">Tokens</h2>
    <dl class="facts">
      <dt>received</dt>
      <dd>${time(new Date(at))}</dd>
      <dt>access token ends</dt>
      <dd>
        ${accessTokenEndsAt === undefined ? 'the issuer does not say' : time(new Date(accessTokenEndsAt))}
      </dd>
      <dt>refresh token</dt>
      <dd>${refreshToken === undefined ? 'none' : 'yes, kept by the server'}</dd>
    </dl>
    <div class="row">
      ${
        refreshToken !== undefined &&
        html`<form method="post" action="/refresh"><button class="button">Renew tokens</button></form>`
      }
      <a class="button" href="/login?another">Sign in as someone else</a>
    </div>
  </section>`;
}
