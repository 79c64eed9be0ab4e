import type { OktaOrg } from '../../org.js';
import { html, type Html, type HtmlValue } from '../html.js';
import { brand, page } from '../layout.js';

const NAVIGATION = [
  ['/admin', 'Dashboard'],
  ['/admin/tasks', 'Tasks'],
  ['/admin/people', 'People'],
  ['/admin/groups', 'Groups'],
  ['/admin/apps', 'Applications'],
  ['/admin/security', 'Security'],
  ['/admin/troubles', 'Causes of trouble'],
  ['/admin/log', 'System Log'],
] as const;

type AdminPath = (typeof NAVIGATION)[number][0];

function troubleBanner(org: OktaOrg): Html | undefined {
  const active = org.failures.list();
  if (active.length === 0) return undefined;
  return html`<div class="trouble-banner" role="status">
    <p>
      <strong>${active.length === 1 ? 'One trouble is on' : `${active.length} troubles are on`}:</strong>
      ${active.map(({ id }) => id).join(', ')}
    </p>
    <form method="post" action="/admin/troubles/heal">
      <button class="button button-small button-quiet">End all</button>
    </form>
  </div>`;
}

const count = (number = 0): Html | false => number > 0 && html`<span class="count">${number}</span>`;

/** The frame of the control pages: navigation, the troubles that are on, a heading. */
export function adminPage(
  org: OktaOrg,
  here: AdminPath,
  title: string,
  body: HtmlValue,
  notice?: string,
): Html {
  const counts: Readonly<Partial<Record<AdminPath, number>>> = {
    '/admin/tasks': org.provisioningAgents.flatMap(({ tasks }) => tasks).length,
    '/admin/troubles': org.failures.list().length,
  };
  return page({
    title: `${title} | ${org.name} Admin`,
    kind: 'admin',
    body: html`<header class="admin-top">
        <a href="/admin">${brand(org.name)}<span class="product">Admin Console</span></a>
        <a class="to-apps" href="/app/UserHome">My end user dashboard</a>
      </header>
      <nav class="admin-nav" aria-label="Admin Console">
        ${NAVIGATION.map(
          ([path, label]) =>
            html`<a href="${path}" ${path === here && html`aria-current="page"`}
              >${label}${count(counts[path])}</a
            >`,
        )}
      </nav>
      <main class="admin-main">
        ${troubleBanner(org)} ${notice !== undefined && html`<p class="notice" role="status">${notice}</p>`}
        <h1>${title}</h1>
        ${body}
      </main>`,
  });
}
