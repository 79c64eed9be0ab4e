import type { OktaOrg } from '../../org.js';
import type { RequestRecord } from '../../request-log.js';
import { html, type Html } from '../html.js';
import { badge, table } from './parts.js';
import { adminPage } from './shell.js';

function statusOf({ status }: RequestRecord): Html {
  if (status === undefined) return badge('cut', 'bad');
  return badge(String(status), status >= 500 ? 'bad' : status >= 400 ? 'warn' : 'good');
}

function details(record: RequestRecord): Html {
  const headers = Object.entries(record.headers).map(([name, value]) => `${name}: ${String(value)}`);
  return html`<details>
    <summary>${record.method} ${record.path}</summary>
    <pre>
${record.method} ${record.path}${record.query === '' ? '' : `?${record.query}`}
${headers.join('\n')}
${record.body === '' ? '' : `\n${record.body}`}</pre>
  </details>`;
}

/** Requests, the newest first. They are shown raw: this is a simulator, and its secrets are play money. */
export function logTable(records: readonly RequestRecord[]): Html {
  if (records.length === 0) return html`<p class="empty">No requests yet.</p>`;
  return table(
    'Requests',
    ['Time', 'Endpoint', 'Request', 'Status', 'Outcome'],
    records.toReversed().map(
      (record) =>
        html`<tr>
          <td class="nowrap">${record.at.toISOString().slice(11, 23)}</td>
          <td>${record.endpoint ?? 'page'}</td>
          <td class="wide">${details(record)}</td>
          <td>${statusOf(record)}</td>
          <td>${record.error} ${record.failures.map((id) => badge(id, 'warn'))}</td>
        </tr>`,
    ),
  );
}

const SHOWN = 200;

export function logPage(org: OktaOrg, all: boolean): Html {
  const records = org.requests.filter(
    ({ endpoint, path }) => endpoint !== undefined || (all && !path.startsWith('/assets')),
  );
  return adminPage(org, '/admin/log', 'System Log', [
    html`<div class="actions">
      ${
        all
          ? html`<a class="button button-small button-quiet" href="/admin/log">Only protocol endpoints</a>`
          : html`<a class="button button-small button-quiet" href="/admin/log?all=true">Pages too</a>`
      }
      <form method="post" action="/admin/log/clear">
        <button class="button button-small button-quiet">Clear</button>
      </form>
    </div>`,
    logTable(records.slice(-SHOWN)),
  ]);
}
