import type { App } from '../apps.js';
import type { OktaOrg } from '../org.js';
import type { User } from '../people.js';
import { html, type Html } from './html.js';
import { brand, logo, page } from './layout.js';

interface DashboardParts {
  readonly org: OktaOrg;
  readonly user: User;
  readonly apps: readonly App[];
  readonly query: string;
}

/** The address that Okta gives a tile: it leads to the app, which then starts the sign-in. */
function tileHref(app: App): string {
  return `/home/oidc_client/${app.id}/aln177a159h7Zf52X0g8`;
}

function tile(app: App): Html {
  return html`<li>
    <a class="tile" href="${tileHref(app)}">${logo(app.label, 'large')}<span>${app.label}</span></a>
  </li>`;
}

function userMenu({ org, user }: DashboardParts): Html {
  return html`<details class="user-menu">
    <summary>
      ${logo(user.firstName)}<span><strong>${user.firstName}</strong><small>${org.name}</small></span>
    </summary>
    <div class="user-menu-panel">
      <p><strong>${user.firstName} ${user.lastName}</strong><br />${user.login}</p>
      <a href="/admin">Admin</a>
      <a href="/login/signout">Sign out</a>
    </div>
  </details>`;
}

/** The end-user dashboard: one tile per app that is assigned and can be started from here. */
export function dashboardPage(parts: DashboardParts): Html {
  const { org, apps, query } = parts;
  return page({
    title: `My Apps Dashboard | ${org.name}`,
    kind: 'dashboard',
    body: html`<aside class="rail">
        <a class="rail-brand" href="/app/UserHome">${brand(org.name)}</a>
        <nav aria-label="Dashboard">
          <a class="here" href="/app/UserHome" aria-current="page">My Apps</a>
          <a class="sub" href="#work">Work</a>
        </nav>
        <footer>Powered by Okta <em>(simulated)</em></footer>
      </aside>
      <header class="top">
        <a class="top-brand" href="/app/UserHome" aria-label="${org.name}">${logo(org.name)}</a>
        <form role="search" action="/app/UserHome">
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <circle cx="11" cy="11" r="6" />
            <path d="M16 16l5 5" />
          </svg>
          <input
            type="search"
            name="q"
            value="${query}"
            placeholder="Search your apps"
            aria-label="Search your apps"
          />
        </form>
        ${userMenu(parts)}
      </header>
      <main class="apps">
        <h1>My Apps</h1>
        <section aria-labelledby="work">
          <h2 id="work">Work</h2>
          ${
            apps.length === 0
              ? html`<p class="empty">
                  ${query === '' ? 'No apps are assigned to you yet.' : `No app matches “${query}”.`}
                </p>`
              : html`<ul class="tiles">
                  ${apps.map(tile)}
                </ul>`
          }
        </section>
      </main>`,
  });
}
