import type { OktaOrg } from '../../org.js';
import { html, type Html } from '../html.js';
import { postButton, table } from './parts.js';
import { adminPage } from './shell.js';

/** Tasks: provisioning that failed, with what the server said, until somebody retries it. */
export function tasksPage(org: OktaOrg): Html {
  const rows = org.provisioningAgents.flatMap(({ app, tasks }) =>
    tasks.map(
      ({ id, at, message }) =>
        html`<tr>
          <td class="nowrap">${at.toISOString().slice(11, 19)}</td>
          <td><a href="/admin/apps/${app.id}/provisioning">${app.label}</a></td>
          <td class="wide">${message}</td>
          <td>${postButton(`/admin/tasks/${app.id}/${id}/retry`, 'Retry')}</td>
        </tr>`,
    ),
  );
  return adminPage(org, '/admin/tasks', 'Tasks', [
    rows.length === 0
      ? html`<p class="empty">Nothing to do: no provisioning has failed.</p>`
      : table('Tasks', ['Time', 'Application', 'What failed', ''], rows),
  ]);
}
