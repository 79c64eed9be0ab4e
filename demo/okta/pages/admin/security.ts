import type { KeyState, SigningKey } from '../../keys.js';
import type { ApiToken, OktaOrg } from '../../org.js';
import type { AuthorizationServer } from '../../servers.js';
import type { OrgSettings } from '../../settings.js';
import { html, type Html } from '../html.js';
import {
  badge,
  checkField,
  code,
  panel,
  postButton,
  postForm,
  selectField,
  textField,
  type Options,
} from './parts.js';
import { adminPage } from './shell.js';

/** An authorization server with its keys read. */
interface ServerView {
  readonly server: AuthorizationServer;
  readonly keys: readonly { readonly key: SigningKey; readonly state: KeyState }[];
}

const STATES: Readonly<Record<KeyState, Html>> = {
  current: badge('Signs now', 'good'),
  next: badge('Announced', 'warn'),
  previous: badge('Retiring'),
};

function serverPanel(org: OktaOrg, { server, keys }: ServerView): Html {
  const id = server.kind === 'org' ? 'org' : server.id;
  const act = (action: string, label: string, kind: 'quiet' | 'danger' = 'quiet'): Html =>
    postButton(`/admin/security/keys/${id}/${action}`, label, kind);
  return panel(server.kind === 'org' ? 'Org authorization server' : `Authorization server ${server.name}`, [
    html`<p>${code(org.issuer + server.issuerPath)}</p>`,
    html`<h3>Signing keys</h3>
      <ul class="rows">
        ${keys.map(({ key, state }) => html`<li>${code(key.kid)}${STATES[state]}</li>`)}
      </ul>
      <div class="actions">
        ${act('publish', 'Announce next key')} ${act('rotate', 'Rotate')}
        ${act('retire', 'Drop retired keys')} ${act('emergency', 'Emergency rotation', 'danger')}
      </div>`,
    server.kind === 'custom' && [
      html`<h3>Access policies</h3>
        <p>
          ${
            server.policy === 'all'
              ? 'All clients are let in.'
              : server.policy.length === 0
                ? 'No policy: every request fails with “Policy evaluation failed”, as in a new org.'
                : `Only ${server.policy.join(', ')}.`
          }
        </p>`,
      postButton(
        `/admin/security/servers/${server.id}/policy`,
        server.policy === 'all' ? 'Remove the policy' : 'Let all clients in',
        'quiet',
        { policy: server.policy === 'all' ? 'none' : 'all' },
      ),
    ],
  ]);
}

const SWITCHES: readonly (readonly [name: keyof OrgSettings, label: string, options: Options])[] = [
  [
    'wording',
    'Wording of messages',
    [
      ['old', 'old: “is not assigned to the client application”'],
      ['new', 'new: “isn’t assigned to the client app”'],
    ],
  ],
  [
    'idToken',
    'ID tokens of the code flow',
    [
      ['fat', 'fat: all claims'],
      ['thin', 'thin: the rest from userinfo'],
    ],
  ],
  [
    'groupsOver100',
    'More than 100 groups',
    [
      ['all', 'all of them in the claim'],
      ['error', 'an error'],
    ],
  ],
  [
    'sid',
    'sid in ID tokens',
    [
      ['slo', 'apps that take part in single logout'],
      ['all', 'all apps'],
    ],
  ],
  [
    'basicCredentials',
    'Credentials in the Authorization header',
    [
      ['either', 'form-encoded or not'],
      ['raw', 'taken as they are'],
    ],
  ],
];

const apiTokenRow = ({ name, value, role }: ApiToken): Html =>
  html`<li><span>${name} ${code(value)}</span>${badge(role)}</li>`;

/** Keys and policies of the authorization servers, and the switches of the whole org. */
export function securityPage(org: OktaOrg, servers: readonly ServerView[]): Html {
  const { settings } = org;
  return adminPage(org, '/admin/security', 'Security', [
    html`<div class="columns">
      <div>${servers.map((view) => serverPanel(org, view))}</div>
      <div>
        ${panel(
          'How this org behaves',
          postForm(
            '/admin/security/settings',
            [
              SWITCHES.map(([name, label, options]) =>
                selectField(label, name, String(settings[name]), options),
              ),
              textField(
                'API requests a minute',
                'rateLimit',
                String(settings.rateLimit),
                undefined,
                'number',
              ),
              checkField(
                'API Access Management (custom authorization servers)',
                'apiAccessManagement',
                settings.apiAccessManagement,
              ),
              checkField('Sign-in buttons for sample people', 'quickSignIn', settings.quickSignIn),
              html`<button class="button button-primary">Save</button>`,
            ],
            'stack',
          ),
        )}
        ${panel(
          'API tokens',
          html`<ul class="rows">
            ${org.apiTokens.map(apiTokenRow)}
          </ul>`,
        )}
        ${panel('Sessions', postButton('/admin/security/end-sessions', 'End all sessions', 'danger'))}
      </div>
    </div>`,
  ]);
}
