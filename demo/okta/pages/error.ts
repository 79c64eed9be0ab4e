import type { HostedError } from '../errors.js';
import type { OktaOrg } from '../org.js';
import { html, type Html } from './html.js';
import { authFooter, brand, page } from './layout.js';

/**
 * Okta's own page for what no client is told: unknown apps, redirect URIs that aren't registered, denied
 * apps.
 */
export function errorPage(org: OktaOrg, error: HostedError): Html {
  return page({
    title: `${org.name} - Error`,
    kind: 'auth',
    body: html`<main class="auth-main">
        <section class="card error-card" aria-labelledby="error-heading">
          <header class="card-brand">${brand(org.name)}</header>
          <svg class="error-sign" viewBox="0 0 48 48" aria-hidden="true">
            <circle cx="24" cy="24" r="22" />
            <path d="M24 13v14M24 33v2" />
          </svg>
          <h1 id="error-heading">${error.heading}</h1>
          ${error.status === 400 && html`<p class="error-lead">Your request resulted in an error.</p>`}
          <p class="error-text">
            ${error.message}
            ${error.adminLink !== undefined && html`<a href="${error.adminLink}">${error.adminLink}</a>`}
          </p>
          <a class="button button-quiet" href="/app/UserHome">Go to Homepage</a>
        </section>
      </main>
      ${authFooter}`,
  });
}
