import type { OktaOrg } from '../../org.js';
import { html, type Html } from '../html.js';
import { code, facts, panel } from './parts.js';
import { logTable } from './log.js';
import { adminPage } from './shell.js';

function tally(count: number, label: string, href: string): Html {
  return html`<a class="tally" href="${href}"><strong>${count}</strong><span>${label}</span></a>`;
}

/** The first control page: what this org is, and what was asked of it lately. */
export function overviewPage(org: OktaOrg): Html {
  const servers = [...org.customServers.values()];
  const users = org.directory.users();
  return adminPage(org, '/admin', 'Dashboard', [
    html`<div class="tallies">
      ${tally(users.filter(({ status }) => status === 'ACTIVE').length, 'active people', '/admin/people')}
      ${tally(org.directory.groups().length, 'groups', '/admin/groups')}
      ${tally(org.apps().length, 'applications', '/admin/apps')}
      ${tally(org.sessions.list().length, 'sessions', '/admin/people')}
    </div>`,
    panel(
      'Org',
      facts([
        ['Okta domain', code(org.issuer)],
        ['Custom domain', org.customDomain === undefined ? 'none' : code(org.customDomain)],
        ['Org ID', code(org.id)],
        [
          'Org authorization server',
          html`<a href="/.well-known/openid-configuration"
            >${org.issuer}/.well-known/openid-configuration</a
          >`,
        ],
        [
          'Custom authorization servers',
          servers.length === 0
            ? 'none'
            : servers.map(
                ({ issuerPath }) =>
                  html`<a href="${issuerPath}/.well-known/openid-configuration">${org.issuer}${issuerPath}</a
                    ><br />`,
              ),
        ],
      ]),
    ),
    panel(
      'Latest requests',
      logTable(org.requests.filter(({ endpoint }) => endpoint !== undefined).slice(-10)),
    ),
  ]);
}
