import type { App } from '../../apps.js';
import type { OktaOrg } from '../../org.js';
import type { ScimRequest } from '../../provisioning/client.js';
import { html, type Html } from '../html.js';
import { appTabs } from './app-tabs.js';
import { badge, postButton, table } from './parts.js';
import { queueNotice } from './provisioning.js';
import { adminPage } from './shell.js';

const SHOWN = 200;
const TEXT_MAX = 20_000;

/** JSON, indented, its passwords masked at any depth; any other text as it is. */
function shown(text: string): string {
  try {
    const parsed: unknown = JSON.parse(text, (name, value: unknown) =>
      name === 'password' ? '••••' : value,
    );
    return JSON.stringify(parsed, null, 2).slice(0, TEXT_MAX);
  } catch {
    // What is no JSON is what went wrong: shown as it came.
    return text.slice(0, TEXT_MAX);
  }
}

/** The scheme of the credentials is of interest, and nothing else. */
function maskedHeader([name, value]: readonly [string, string]): string {
  const masked = name === 'Authorization' ? value.replace(/\S+$/, '••••') : value;
  return `${name}: ${masked}`;
}

function row({ at, method, url, headers, body, status, answer }: ScimRequest): Html {
  const { pathname, search } = new URL(url);
  const tone = status === undefined || status >= 500 ? 'bad' : status >= 400 ? 'warn' : 'good';
  const head = [`${method} ${pathname}${search}`, ...Object.entries(headers).map(maskedHeader)].join('\n');
  return html`<tr>
    <td class="nowrap">${at.toISOString().slice(11, 23)}</td>
    <td class="wide">
      <details>
        <summary>${method} ${pathname}${decodeURIComponent(search)}</summary>
        <pre>${head}${body !== '' && `\n\n${shown(body)}`}</pre>
        ${answer !== '' && html`<pre>${shown(answer)}</pre>`}
      </details>
    </td>
    <td>${badge(status === undefined ? 'no answer' : String(status), tone)}</td>
  </tr>`;
}

/** What the agent sent and was answered, the newest first. */
export function scimLogPage(org: OktaOrg, app: App): Html {
  const agent = org.provisioning(app.id);
  const latest = agent.requests.slice(-SHOWN).toReversed();
  const body = [
    appTabs(app, '/scim-log'),
    latest.length === 0
      ? html`<p class="empty">No requests yet.</p>`
      : [
          html`<div class="actions">${postButton(`/admin/apps/${app.id}/scim-log/clear`, 'Clear')}</div>`,
          table('Requests', ['Time', 'Request', 'Status'], latest.map(row)),
        ],
  ];
  return adminPage(org, '/admin/apps', app.label, body, queueNotice(agent));
}
