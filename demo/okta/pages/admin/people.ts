import type { OktaOrg } from '../../org.js';
import { DEFAULT_PASSWORD, type Group, type User } from '../../people.js';
import { html, type Html } from '../html.js';
import { logo } from '../layout.js';
import {
  badge,
  checkField,
  code,
  facts,
  panel,
  postButton,
  postForm,
  selectField,
  statusBadge,
  table,
  textField,
} from './parts.js';
import { adminPage } from './shell.js';

const save = html`<button class="button button-primary">Save</button>`;

function personRow(org: OktaOrg, user: User): Html {
  const sessions = org.sessions.list().filter(({ userId }) => userId === user.id).length;
  return html`<tr>
    <td>
      <a class="person" href="/admin/people/${user.id}"
        >${logo(user.firstName)}${user.firstName} ${user.lastName}</a
      >
    </td>
    <td>${user.login}</td>
    <td>${statusBadge(user.status)}</td>
    <td>
      ${org.directory
        .groupsOf(user)
        .filter(({ type }) => type !== 'BUILT_IN')
        .map(({ name }) => badge(name))}
    </td>
    <td>${sessions > 0 && badge(sessions === 1 ? '1 session' : `${sessions} sessions`, 'good')}</td>
  </tr>`;
}

export function peoplePage(org: OktaOrg): Html {
  return adminPage(org, '/admin/people', 'People', [
    table(
      'People',
      ['Person', 'Username', 'Status', 'Groups', 'Signed in'],
      org.directory.users().map((user) => personRow(org, user)),
    ),
    panel(
      'Add person',
      postForm(
        '/admin/people',
        [
          textField('First name', 'firstName', ''),
          textField('Last name', 'lastName', ''),
          textField('Username', 'login', '', 'an e-mail address'),
          textField('Password', 'password', DEFAULT_PASSWORD),
          html`<button class="button button-primary">Add person</button>`,
        ],
        'grid',
      ),
    ),
  ]);
}

/** What may be done to someone in this status, as in Okta's "More Actions". */
function lifecycle(user: User): Html {
  const to = (action: string, label: string, kind: 'primary' | 'quiet' | 'danger' = 'quiet'): Html =>
    postButton(`/admin/people/${user.id}/${action}`, label, kind);
  return html`<div class="actions">
    ${user.status === 'SUSPENDED' && to('activate', 'Unsuspend', 'primary')}
    ${!['ACTIVE', 'SUSPENDED'].includes(user.status) && to('activate', 'Activate', 'primary')}
    ${
      user.status === 'ACTIVE' && [
        to('suspend', 'Suspend'),
        to('clear-sessions', 'Clear user sessions'),
        to('deactivate', 'Deactivate', 'danger'),
      ]
    }
    ${user.status === 'DEPROVISIONED' && to('delete', 'Delete', 'danger')}
  </div>`;
}

function profilePanel(user: User): Html {
  return panel(
    'Profile',
    postForm(
      `/admin/people/${user.id}`,
      [
        textField('First name', 'firstName', user.firstName),
        textField('Last name', 'lastName', user.lastName),
        textField('Username', 'login', user.login),
        textField('E-mail', 'email', user.email),
        textField('Password', 'password', user.password),
        textField('Second-factor code', 'otp', user.otp),
        checkField('E-mail is verified', 'emailVerified', user.emailVerified),
        checkField('Google Authenticator enrolled', 'factors', user.factors.includes('otp'), 'otp'),
        checkField('Security key enrolled', 'factors', user.factors.includes('webauthn'), 'webauthn'),
        save,
      ],
      'grid',
    ),
  );
}

function groupsPanel(org: OktaOrg, user: User): Html {
  const mine = org.directory.groupsOf(user);
  const others = org.directory.groups().filter((group) => !mine.includes(group));
  return panel('Groups', [
    html`<ul class="rows">
      ${mine.map(
        (group) =>
          html`<li>
            <span>${group.name}</span>
            ${
              group.type !== 'BUILT_IN' &&
              postButton(`/admin/people/${user.id}/leave`, 'Remove', 'quiet', { group: group.id })
            }
          </li>`,
      )}
    </ul>`,
    others.length > 0 &&
      postForm(
        `/admin/people/${user.id}/join`,
        [
          selectField(
            'Add to group',
            'group',
            '',
            others.map(({ id, name }) => [id, name]),
          ),
          html`<button class="button button-quiet">Add</button>`,
        ],
        'line',
      ),
  ]);
}

function appsPanel(org: OktaOrg, user: User): Html {
  return panel(
    'Applications',
    html`<ul class="rows">
      ${org.apps().map((app) => {
        const direct = app.assignedUsers.has(user.id);
        const any = org.isAssigned(app, user);
        return html`<li>
          <a href="/admin/apps/${app.id}">${app.label}</a>
          <span>${any && badge(direct ? 'Individual' : 'Group', 'good')}</span>
          ${
            direct
              ? postButton(`/admin/apps/${app.id}/unassign`, 'Unassign', 'quiet', { user: user.id })
              : postButton(`/admin/apps/${app.id}/assign`, 'Assign', 'quiet', { user: user.id })
          }
        </li>`;
      })}
    </ul>`,
  );
}

export function personPage(org: OktaOrg, user: User): Html {
  return adminPage(org, '/admin/people', `${user.firstName} ${user.lastName}`, [
    html`<p class="lead">${user.login} ${statusBadge(user.status)}</p>`,
    lifecycle(user),
    html`<div class="columns">
      <div>${profilePanel(user)}</div>
      <div>
        ${appsPanel(org, user)} ${groupsPanel(org, user)}
        ${panel(
          'About',
          facts([
            ['User ID', code(user.id)],
            ['Created', user.created.toISOString()],
            ['Last changed', user.updatedAt.toISOString()],
          ]),
        )}
      </div>
    </div>`,
  ]);
}

function groupRow(org: OktaOrg, group: Group): Html {
  const editable = group.type !== 'BUILT_IN';
  return html`<tr>
    <td>
      ${
        editable
          ? postForm(
              `/admin/groups/${group.id}`,
              [
                html`<input name="name" value="${group.name}" aria-label="Name of ${group.name}" />`,
                html`<button class="button button-small button-quiet">Rename</button>`,
              ],
              'line',
            )
          : group.name
      }
    </td>
    <td>${code(group.id)}</td>
    <td>${group.source === 'OKTA' ? 'Okta' : 'Active Directory'}</td>
    <td>${org.directory.membersOf(group).length}</td>
    <td>${editable && postButton(`/admin/groups/${group.id}/delete`, 'Delete', 'danger')}</td>
  </tr>`;
}

export function groupsPage(org: OktaOrg): Html {
  return adminPage(org, '/admin/groups', 'Groups', [
    table(
      'Groups',
      ['Name', 'ID', 'Source', 'People', ''],
      org.directory.groups().map((group) => groupRow(org, group)),
    ),
    panel(
      'Add group',
      postForm(
        '/admin/groups',
        [
          textField('Name', 'name', ''),
          textField('Description', 'description', ''),
          selectField(
            'Source',
            'source',
            'OKTA',
            [
              ['OKTA', 'Okta'],
              ['active_directory', 'Active Directory'],
            ],
            'a Filter claim sees Okta groups only',
          ),
          html`<button class="button button-primary">Add group</button>`,
        ],
        'grid',
      ),
    ),
  ]);
}
