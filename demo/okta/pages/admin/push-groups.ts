import type { App } from '../../apps.js';
import type { OktaOrg } from '../../org.js';
import type { GroupPush } from '../../provisioning/groups.js';
import { html, type Html } from '../html.js';
import { appTabs } from './app-tabs.js';
import { badge, code, panel, postButton, postForm, selectField, table } from './parts.js';
import { queueNotice } from './provisioning.js';
import { adminPage } from './shell.js';

function statusOf({ status }: GroupPush): Html {
  if (status === 'pending') return badge('Pushing');
  return status === 'active' ? badge('Active', 'good') : badge('Error', 'bad');
}

function row(app: App, push: GroupPush): Html {
  const at = `/admin/apps/${app.id}/push-groups`;
  const group = { group: push.group.id };
  return html`<tr>
    <td>${push.group.name}</td>
    <td>${push.remoteId !== undefined && code(push.remoteId)}</td>
    <td>${push.members.size}</td>
    <td>${statusOf(push)}</td>
    <td>
      <div class="line">
        ${postButton(`${at}/now`, 'Push now', 'quiet', group)}
        ${postButton(`${at}/unlink`, 'Unlink, leave the group', 'quiet', group)}
        ${postButton(`${at}/delete`, 'Unlink and delete', 'danger', group)}
      </div>
    </td>
  </tr>`;
}

/** The Push Groups tab. */
export function pushGroupsPage(org: OktaOrg, app: App): Html {
  const agent = org.provisioning(app.id);
  const pushes = agent.pushedGroups;
  const others = org.directory.groups().filter((group) => !pushes.some((push) => push.group === group));
  const body = [
    appTabs(app, '/push-groups'),
    agent.settings === undefined
      ? html`<p class="empty">Provisioning is not enabled.</p>`
      : [
          pushes.length === 0
            ? html`<p class="empty">No group is pushed.</p>`
            : table(
                'Pushed groups',
                ['Group in Okta', 'Group in the app', 'People pushed', 'Push status', ''],
                pushes.map((push) => row(app, push)),
              ),
          panel('Push a group', [
            html`<p class="empty">
              Members who have the app are pushed. A group of the same name in the app is linked.
            </p>`,
            postForm(
              `/admin/apps/${app.id}/push-groups`,
              [
                selectField(
                  'Group',
                  'group',
                  '',
                  others.map(({ id, name }) => [id, name]),
                ),
                html`<button class="button button-primary">Push group</button>`,
              ],
              'line',
            ),
          ]),
        ],
  ];
  return adminPage(org, '/admin/apps', app.label, body, queueNotice(agent));
}
