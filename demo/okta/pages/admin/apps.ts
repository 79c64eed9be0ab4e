import type { App, ClientSecret } from '../../apps.js';
import type { OktaOrg } from '../../org.js';
import { html, type Html } from '../html.js';
import { logo } from '../layout.js';
import { appTabs } from './app-tabs.js';
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
  textArea,
  textField,
  type Options,
} from './parts.js';
import { adminPage } from './shell.js';

const APP_TYPES: Options = [
  ['web', 'Web application'],
  ['browser', 'Single-page application'],
  ['native', 'Native application'],
  ['service', 'API Services'],
];

const AUTH_METHODS: Options = [
  ['client_secret_post', 'Client secret, in the body'],
  ['client_secret_basic', 'Client secret, in the header'],
  ['client_secret_jwt', 'Client secret as a JWT'],
  ['private_key_jwt', 'Public key / private key'],
  ['none', 'None'],
];

export function appsPage(org: OktaOrg): Html {
  return adminPage(org, '/admin/apps', 'Applications', [
    table(
      'Applications',
      ['Application', 'Client ID', 'Type', 'Status', 'Assigned'],
      org.apps().map(
        (app) =>
          html`<tr>
            <td><a class="person" href="/admin/apps/${app.id}">${logo(app.label)}${app.label}</a></td>
            <td>${code(app.clientId)}</td>
            <td>${APP_TYPES.find(([type]) => type === app.type)?.[1]}</td>
            <td>${statusBadge(app.status)}</td>
            <td>${app.assignedGroups.size} groups, ${app.assignedUsers.size} people</td>
          </tr>`,
      ),
    ),
    panel(
      'Create app integration',
      postForm(
        '/admin/apps',
        [
          textField('App integration name', 'label', ''),
          selectField('Application type', 'type', 'web', APP_TYPES),
          textField('Sign-in redirect URI', 'redirectUri', ''),
          html`<button class="button button-primary">Create</button>`,
        ],
        'grid',
      ),
    ),
  ]);
}

function secretRow(app: App, secret: ClientSecret): Html {
  const at = `/admin/apps/${app.id}/secrets/${secret.id}`;
  return html`<li>
    <span>${code(secret.value)} <small>${secret.created.toISOString().slice(0, 10)}</small></span>
    ${statusBadge(secret.status)}
    ${
      secret.status === 'ACTIVE'
        ? postButton(`${at}/deactivate`, 'Set inactive')
        : html`${postButton(`${at}/activate`, 'Set active')}${postButton(`${at}/delete`, 'Delete', 'danger')}`
    }
  </li>`;
}

function credentialsPanel(app: App): Html {
  return panel('Client Credentials', [
    facts([['Client ID', code(app.clientId)]]),
    html`<h3>Client secrets</h3>
      ${
        app.secrets.length === 0
          ? html`<p class="empty">None.</p>`
          : html`<ul class="rows">
              ${app.secrets.map((secret) => secretRow(app, secret))}
            </ul>`
      }`,
    app.secrets.length < 2 && postButton(`/admin/apps/${app.id}/secrets`, 'Generate new secret'),
    postForm(
      `/admin/apps/${app.id}/credentials`,
      [
        selectField('Client authentication', 'authMethod', app.authMethod, AUTH_METHODS),
        textField('Public keys: URL', 'jwksUri', app.jwksUri ?? '', 'fetched when a key is not known yet'),
        textArea(
          'Public keys: saved in Okta',
          'jwks',
          app.jwks.length === 0 ? '' : JSON.stringify(app.jwks, null, 1),
        ),
        checkField('Require PKCE as additional verification', 'pkceRequired', app.pkceRequired),
        checkField('Require Demonstrating Proof of Possession (DPoP)', 'dpopBound', app.dpopBound),
        checkField(
          'Pinned to a signing key of its own (listed only under ?client_id=)',
          'pinnedKey',
          app.pinnedKeys !== undefined,
        ),
        textField('Grant types', 'grantTypes', app.grantTypes.join(' '), 'with spaces between them'),
        html`<button class="button button-primary">Save</button>`,
      ],
      'stack',
    ),
  ]);
}

const lines = (values: readonly string[]): string => values.join('\n');

function generalPanel(app: App): Html {
  return panel(
    'General Settings',
    postForm(
      `/admin/apps/${app.id}/general`,
      [
        textField('App name', 'label', app.label),
        textArea(
          'Sign-in redirect URIs',
          'redirectUris',
          lines(app.redirectUris),
          'one a line; compared to the letter',
        ),
        textArea('Sign-out redirect URIs', 'postLogoutRedirectUris', lines(app.postLogoutRedirectUris)),
        textField(
          'Initiate login URI',
          'initiateLoginUri',
          app.initiateLoginUri ?? '',
          'the tile on the dashboard leads there; without it there is no tile',
        ),
        selectField('Status', 'status', app.status, [
          ['ACTIVE', 'Active'],
          ['INACTIVE', 'Inactive'],
        ]),
        selectField('User consent', 'consentMethod', app.consentMethod, [
          ['TRUSTED', 'Not asked'],
          ['REQUIRED', 'Required'],
        ]),
        selectField('Client network zone', 'networkZone', app.networkZone, [
          ['anywhere', 'Any IP'],
          ['blocked', 'A zone that this client is outside of'],
        ]),
        checkField('Federation Broker Mode', 'federationBrokerMode', app.federationBrokerMode),
        checkField('Published in the OIN (no groups scope, no refresh tokens)', 'oin', app.oin),
        checkField('Takes part in single logout (sid in ID tokens)', 'participateSlo', app.participateSlo),
        textField(
          'Front-channel logout URI',
          'frontchannelLogoutUri',
          app.frontchannelLogoutUri ?? '',
          'loaded in a hidden frame when another app starts a logout',
        ),
        html`<button class="button button-primary">Save</button>`,
      ],
      'stack',
    ),
    'general',
  );
}

function signOnPanel(app: App): Html {
  const claim = app.groupsClaim;
  return panel(
    'Sign On',
    postForm(
      `/admin/apps/${app.id}/sign-on`,
      [
        selectField('User authentication policy', 'signOnPolicy', app.signOnPolicy, [
          ['1fa', 'Any one factor'],
          ['2fa', 'Any two factors'],
          ['deny', 'Deny access'],
        ]),
        selectField('Issuer', 'issuerMode', app.issuerMode, [
          ['ORG_URL', 'Okta URL'],
          ['CUSTOM_URL', 'Custom URL'],
          ['DYNAMIC', 'Dynamic (based on request domain)'],
        ]),
        selectField('Groups claim type', 'claimType', claim === undefined ? 'NONE' : claimKind(claim), [
          ['NONE', 'No groups claim'],
          ['STARTS_WITH', 'Filter: starts with'],
          ['EQUALS', 'Filter: equals'],
          ['CONTAINS', 'Filter: contains'],
          ['REGEX', 'Filter: matches regex'],
          ['EXPRESSION', 'Expression'],
        ]),
        textField('Groups claim name', 'claimName', claim?.name ?? 'groups'),
        textField(
          'Groups claim value',
          'claimValue',
          claim === undefined ? '' : claim.type === 'FILTER' ? claim.value : claim.expression,
          'text to match, or an expression such as user.getGroups({}).![{name, id}]',
        ),
        selectField('When no group matches', 'emptyGroups', app.emptyGroups, [
          ['absent', 'leave the claim out (as Okta does)'],
          ['empty', 'an empty array'],
        ]),
        html`<button class="button button-primary">Save</button>`,
      ],
      'stack',
    ),
  );
}

function claimKind(claim: NonNullable<App['groupsClaim']>): string {
  return claim.type === 'FILTER' ? claim.match : 'EXPRESSION';
}

function assignmentsPanel(org: OktaOrg, app: App): Html {
  const users = org.directory.users().filter(({ id }) => app.assignedUsers.has(id));
  const groups = org.directory.groups().filter(({ id }) => app.assignedGroups.has(id));
  const row = (name: string, kind: string, field: Readonly<Record<string, string>>): Html =>
    html`<li>
      <span>${name}</span
      >${badge(kind)}${postButton(`/admin/apps/${app.id}/unassign`, 'Remove', 'quiet', field)}
    </li>`;
  const choice = (label: string, name: string, options: Options): Html | false =>
    options.length > 0 &&
    postForm(
      `/admin/apps/${app.id}/assign`,
      [selectField(label, name, '', options), html`<button class="button button-quiet">Assign</button>`],
      'line',
    );
  return panel('Assignments', [
    app.federationBrokerMode && html`<p class="empty">Federation Broker Mode: everyone may sign in.</p>`,
    html`<ul class="rows">
      ${groups.map(({ id, name }) => row(name, 'Group', { group: id }))}
      ${users.map(({ id, login }) => row(login, 'Individual', { user: id }))}
    </ul>`,
    choice(
      'Assign to group',
      'group',
      org.directory
        .groups()
        .filter((group) => !groups.includes(group))
        .map(({ id, name }) => [id, name]),
    ),
    choice(
      'Assign to person',
      'user',
      org.directory
        .users()
        .filter((user) => !users.includes(user))
        .map(({ id, login }) => [id, login]),
    ),
  ]);
}

export function appPage(org: OktaOrg, app: App): Html {
  return adminPage(org, '/admin/apps', app.label, [
    appTabs(app, ''),
    html`<p class="lead">
      ${APP_TYPES.find(([type]) => type === app.type)?.[1]} ${statusBadge(app.status)} grant types:
      ${app.grantTypes.join(', ')}
    </p>`,
    html`<div class="columns">
      <div>${credentialsPanel(app)} ${signOnPanel(app)}</div>
      <div>${generalPanel(app)} ${assignmentsPanel(org, app)}</div>
    </div>`,
  ]);
}
