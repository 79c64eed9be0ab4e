import type { App } from '../../apps.js';
import type { OktaOrg } from '../../org.js';
import type { User } from '../../people.js';
import type { Outcome, ProvisioningAgent } from '../../provisioning/agent.js';
import { html, type Html, type HtmlValue } from '../html.js';
import { logo } from '../layout.js';
import { appTabs } from './app-tabs.js';
import {
  badge,
  checkField,
  code,
  panel,
  postButton,
  postForm,
  selectField,
  table,
  textField,
} from './parts.js';
import { adminPage } from './shell.js';

/** A time of day, to the second. */
const clockTime = (date: Date): string => date.toISOString().slice(11, 19);

function outcome(result: Outcome | undefined): Html | undefined {
  if (result === undefined) return undefined;
  return html`<p class="${result.ok ? 'lead' : 'notice'}" role="status">
    ${clockTime(result.at)} ${result.message}
  </p>`;
}

/** What the agent is doing, when it does anything. */
export function queueNotice(agent: ProvisioningAgent): string | undefined {
  const { pending, waitingUntil } = agent;
  if (waitingUntil !== undefined) {
    return `The server said 429: the next attempt is at ${clockTime(waitingUntil)}, with ${pending} jobs to do.`;
  }
  return pending === 0 ? undefined : `${pending} jobs to do. Reload the page to see how they end.`;
}

function settingsPanel(agent: ProvisioningAgent): Html {
  const at = `/admin/apps/${agent.app.id}/provisioning`;
  const { settings } = agent;
  const on = (name: 'createUsers' | 'updateUsers' | 'deactivateUsers', label: string): Html =>
    checkField(label, name, settings?.[name] ?? true);
  return panel('SCIM connection', [
    outcome(agent.lastTest),
    postForm(
      at,
      [
        textField('SCIM connector base URL', 'baseUrl', settings?.baseUrl ?? '', 'no underscore in it'),
        textField(
          'Authorization',
          'authorization',
          '',
          settings === undefined
            ? 'sent as it is: a bare token, “Bearer …” or “Basic …”'
            : 'saved; leave it empty to keep it',
          'password',
        ),
        selectField('Kind of integration', 'mode', settings?.mode ?? 'oin', [
          ['oin', 'From the catalog: PATCH'],
          ['aiw', 'Custom app: PUT only'],
        ]),
        on('createUsers', 'Create users'),
        on('updateUsers', 'Update user attributes'),
        on('deactivateUsers', 'Deactivate users'),
        checkField('Sync password', 'syncPassword', settings?.syncPassword ?? false),
        checkField('Import groups', 'importGroups', settings?.importGroups ?? false),
        checkField('Governance: look for entitlements', 'entitlements', settings?.entitlements ?? false),
        checkField(
          'Push groups before their new users (one group both assigns and is pushed)',
          'groupsFirst',
          settings?.groupsFirst ?? false,
        ),
        html`<button class="button button-primary">
          ${settings === undefined ? 'Enable API integration' : 'Save'}
        </button>`,
      ],
      'stack',
    ),
    settings !== undefined &&
      html`<div class="actions">
        ${postButton(`${at}/test`, 'Test API Credentials')}
        ${postButton(`${at}/disable`, 'Disable API integration', 'danger')}
      </div>`,
  ]);
}

function stateOf(agent: ProvisioningAgent, user: User, assigned: boolean): Html | false {
  const link = agent.linkOf(user.id);
  if (link === undefined) return assigned && badge('Not provisioned', 'warn');
  return link.active ? badge('Provisioned', 'good') : badge('Deactivated');
}

function personRow(org: OktaOrg, agent: ProvisioningAgent, user: User): Html {
  const { app } = agent;
  const at = `/admin/apps/${app.id}`;
  const assigned = org.isAssigned(app, user);
  const direct = app.assignedUsers.has(user.id);
  const link = agent.linkOf(user.id);
  return html`<tr>
    <td>
      <a class="person" href="/admin/people/${user.id}">${logo(user.firstName)}${user.login}</a>
    </td>
    <td>${assigned ? badge(direct ? 'Individual' : 'Group', 'good') : 'not assigned'}</td>
    <td>${agent.settings !== undefined && stateOf(agent, user, assigned)}</td>
    <td>${link !== undefined && code(link.remoteId)}</td>
    <td>
      <div class="line">
        ${
          direct
            ? postButton(`${at}/unassign`, 'Unassign', 'quiet', { user: user.id })
            : postButton(`${at}/assign`, 'Assign', 'quiet', { user: user.id })
        }
        ${
          assigned &&
          agent.settings !== undefined &&
          postButton(`${at}/provisioning/users`, 'Provision User', 'quiet', { user: user.id })
        }
      </div>
    </td>
  </tr>`;
}

function peoplePanel(org: OktaOrg, agent: ProvisioningAgent): Html {
  return panel('Assignments', [
    html`<p class="empty">
      People who had the app before provisioning was enabled are sent by “Provision User” only.
    </p>`,
    agent.settings !== undefined &&
      html`<div class="actions">
        ${postButton(`/admin/apps/${agent.app.id}/provisioning/users`, 'Provision all who are not')}
      </div>`,
    table(
      'People',
      ['Person', 'Assignment', 'User', 'External ID', ''],
      org.directory.users().map((user) => personRow(org, agent, user)),
    ),
  ]);
}

function importPanel(agent: ProvisioningAgent): Html {
  const report = agent.lastImport;
  return panel('Import', [
    outcome(report),
    report?.ok === true && html`<p class="empty">${report.skipped} inactive users were skipped.</p>`,
    html`<div class="actions">
      ${postButton(`/admin/apps/${agent.app.id}/provisioning/import`, 'Import Now')}
    </div>`,
    report?.ok === true &&
      table(
        'Imported users',
        ['Username', 'External ID', 'Match'],
        report.users.map(
          ({ id, userName, match }) =>
            html`<tr>
              <td>${userName}</td>
              <td>${code(id)}</td>
              <td>${match === undefined ? badge('No match', 'warn') : badge(match, 'good')}</td>
            </tr>`,
        ),
      ),
  ]);
}

function givenRows(org: OktaOrg, agent: ProvisioningAgent): HtmlValue {
  const at = `/admin/apps/${agent.app.id}/provisioning/access/remove`;
  return org.directory.users().flatMap((user) =>
    agent.accessOf(user.id).map(
      ({ id, displayName }) =>
        html`<li>
          <span>${user.login}: ${displayName}</span>
          ${postButton(at, 'Remove', 'quiet', { user: user.id, role: id })}
        </li>`,
    ),
  );
}

function accessPanel(org: OktaOrg, agent: ProvisioningAgent): Html {
  const at = `/admin/apps/${agent.app.id}/provisioning`;
  const offered = agent.entitlements;
  return panel('Governance', [
    offered.length === 0
      ? html`<p class="empty">No roles or entitlements were found.</p>`
      : html`<ul class="rows">
          ${offered.map(
            ({ kind, type, id, displayName, description }) =>
              html`<li>
                <span>${displayName} <small>${description}</small></span>
                ${badge(kind === 'role' ? 'Role' : type)} ${code(id)}
              </li>`,
          )}
        </ul>`,
    html`<div class="actions">${postButton(`${at}/discover`, 'Look for entitlements')}</div>`,
    offered.length > 0 && [
      html`<h3>Given</h3>
        <ul class="rows">
          ${givenRows(org, agent)}
        </ul>`,
      postForm(
        `${at}/access/add`,
        [
          selectField(
            'Person',
            'user',
            '',
            org.directory.users().map(({ id, login }) => [id, login]),
          ),
          selectField(
            'Role or entitlement',
            'role',
            '',
            offered.map(({ id, displayName }) => [id, displayName]),
          ),
          html`<button class="button button-quiet">Give</button>`,
        ],
        'line',
      ),
    ],
  ]);
}

/** The Provisioning tab: connection, people, import, entitlements. */
export function provisioningPage(org: OktaOrg, app: App): Html {
  const agent = org.provisioning(app.id);
  const enabled = agent.settings !== undefined;
  const body = [
    appTabs(app, '/provisioning'),
    html`<div class="columns">
      <div>${settingsPanel(agent)}</div>
      <div>${enabled && [importPanel(agent), accessPanel(org, agent)]}</div>
    </div>`,
    peoplePanel(org, agent),
  ];
  return adminPage(org, '/admin/apps', app.label, body, queueNotice(agent));
}
