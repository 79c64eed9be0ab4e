import { renderTestNotice } from '../../src/pages/connection-test/test-notice.js';
import { renderConsent } from '../../src/pages/consent/consent.js';
import { renderConfirmDevice } from '../../src/pages/device/confirm-device.js';
import { renderDeviceNotice } from '../../src/pages/device/device-notice.js';
import { renderEnterCode } from '../../src/pages/device/enter-code.js';
import { upstreamDiagnosisOf } from '../../src/domain/connection/diagnosis/causes.js';
import { UPSTREAM_CAUSES } from '../../src/domain/connection/diagnosis/cause.js';
import { renderError } from '../../src/pages/error/error-page.js';
import { ERROR_REASONS } from '../../src/pages/error/strings.js';
import type { Frame } from '../../src/pages/frame.js';
import { renderApplicationPage } from '../../src/pages/operators/application.js';
import { renderConsoleRefusal } from '../../src/pages/operators/console-refusal.js';
import { renderConsoleSignOut } from '../../src/pages/operators/console-sign-out.js';
import { renderDeadLink } from '../../src/pages/operators/dead-link.js';
import { renderEnrol } from '../../src/pages/operators/enrol.js';
import { renderLocalSignIn } from '../../src/pages/operators/local-sign-in.js';
import { renderRecoveryCodes } from '../../src/pages/operators/recovery-codes.js';
import { renderPermissions, renderPortalSignedOut } from '../../src/pages/portal/permissions.js';
import { renderDeadSetupLink } from '../../src/pages/setup/dead-link.js';
import { renderSetupOverview } from '../../src/pages/setup/overview.js';
import { renderSetupStart } from '../../src/pages/setup/start.js';
import { renderChooser } from '../../src/pages/sign-in/chooser.js';
import { renderContinue } from '../../src/pages/sign-in/continue.js';
import { renderDiscovery } from '../../src/pages/sign-in/discovery.js';
import { renderConfirmSignOut } from '../../src/pages/sign-out/confirm-sign-out.js';
import { renderSignedOut } from '../../src/pages/sign-out/signed-out.js';
import { renderStatus } from '../../src/pages/status/status-page.js';
import { stylesheet } from '../../src/pages/assets.js';

/** What comes from outside and is shown: names and words of tenants, applications, upstreams and people. */
export interface GalleryNames {
  readonly tenant: string;
  readonly application: string | undefined;
  readonly connection: string | undefined;
  readonly account: string | undefined;
  readonly said: string;
  readonly colour?: string;
}

/** One page in one state. */
export interface GalleryPage {
  readonly id: string;
  readonly html: string;
  /** Whether it tells of something that went wrong. */
  readonly error: boolean;
}

const HOSTILE =
  '"><script>alert(1)</script><img src=x onerror=alert(1)>\' & </title><style>*{display:none}</style>';

/** The names of each walk through the gallery. */
export const nameSets = {
  plain: {
    tenant: 'Acme Inc.',
    application: 'Grafana',
    connection: 'Acme Okta',
    account: 'ada@acme.example',
    said: 'User is not assigned to the client application.',
  },
  nameless: {
    tenant: 'Acme Inc.',
    application: undefined,
    connection: undefined,
    account: undefined,
    said: '',
  },
  hostile: {
    tenant: HOSTILE,
    application: `\u202e${HOSTILE}\u0000`,
    connection: `{tenant} ${HOSTILE}`,
    account: `ada@${HOSTILE}`,
    said: HOSTILE.repeat(9),
    colour: '#fff;}</style><script>',
  },
  long: {
    tenant: 'Consolidated '.repeat(24),
    application: 'x'.repeat(300),
    connection: '✻'.repeat(300),
    account: `${'a'.repeat(64)}@${'b'.repeat(185)}.com`,
    said: 'word '.repeat(80),
  },
  arabic: {
    tenant: 'شركة النور للتقنية',
    application: 'لوحة القياس',
    connection: 'أوكتا (النور)',
    account: 'ليلى@نور.مثال',
    said: 'المستخدم غير مسموح له.',
    colour: '#7a1f5c',
  },
} as const satisfies Readonly<Record<string, GalleryNames>>;

export type NameSet = keyof typeof nameSets;

const AT = new Date('2026-11-22T10:04:31.000Z');
const REFERENCE = 'cw-7K2M-QX4D';
const HIDDEN = { xsrf: 'c2VjcmV0"><b>', interaction: 'uid-1' };
const SIGN_IN = '/t/acme/sign-in/uid-1';

/** Where the test's stylesheet lies. */
export const STYLESHEET_HREF = `/assets/${stylesheet.path}`;

function frameOf(names: GalleryNames): Frame {
  return {
    brand: { tenantName: names.tenant, colour: names.colour },
    lang: 'en',
    stylesheetHref: STYLESHEET_HREF,
    applicationName: names.application,
  };
}

/** Every page in every state, with these names. */
export function gallery(names: GalleryNames): readonly GalleryPage[] {
  const frame = frameOf(names);
  return [
    ...signInPages(frame, names),
    ...consentPages(frame, names),
    ...devicePages(frame, names),
    ...signOutPages(frame, names),
    ...errorPages(frame, names),
    ...statusPages(frame),
    fine('test-done', renderTestNotice(frame, 'done')),
    fault('test-over', renderTestNotice(frame, 'over')),
    fault('test-other-browser', renderTestNotice(frame, 'other_browser')),
    ...operatorPages(frame, names),
    ...setupPages(frame, names),
  ];
}

const fine = (id: string, html: string): GalleryPage => ({ id, html, error: false });
const fault = (id: string, html: string): GalleryPage => ({ id, html, error: true });

function signInPages(frame: Frame, names: GalleryNames): readonly GalleryPage[] {
  const discovery = { action: `${SIGN_IN}/discovery`, hidden: HIDDEN };
  const choices = [
    { name: names.connection ?? 'Okta', href: `${SIGN_IN}?connection=okta`, lastUsed: true },
    { name: 'Contractors', href: `${SIGN_IN}?connection=contractors` },
    { name: `${names.tenant} Entra`, href: `${SIGN_IN}?connection=entra` },
  ];
  const email = names.account;
  return [
    fine('discovery', renderDiscovery(frame, discovery)),
    fine('discovery-typed', renderDiscovery(frame, { ...discovery, email, method: 'get' })),
    fault('discovery-empty', renderDiscovery(frame, { ...discovery, fault: 'empty' })),
    fault('discovery-malformed', renderDiscovery(frame, { ...discovery, email: 'ada', fault: 'malformed' })),
    fault('discovery-unknown', renderDiscovery(frame, { ...discovery, email, fault: 'unknown' })),
    fine('chooser', renderChooser(frame, { choices })),
    fine('chooser-local', renderChooser(frame, { choices, localHref: `${SIGN_IN}?connection=local` })),
    fine('chooser-outage', renderChooser(frame, { choices, outageOf: choices[0]?.name ?? '' })),
    fine('chooser-another', renderChooser(frame, { choices, anotherEmailHref: `${SIGN_IN}?discovery=1` })),
    fine(
      'continue',
      renderContinue(frame, { targetName: names.connection ?? '', href: '/no-content?a=1&b="\'' }),
    ),
  ];
}

function devicePages(frame: Frame, names: GalleryNames): readonly GalleryPage[] {
  const form = { action: '/t/acme/device', hidden: HIDDEN };
  const confirm = {
    action: SIGN_IN,
    code: 'WDJB-MJHT',
    askedSecondsAgo: 125,
    ip: '2001:db8:85a3:8d3:1319:8a2e:370:7348',
    userAgent: names.said ?? 'LivingTV/3.1 (like everything)',
    reference: names.connection ?? 'kitchen-7',
    signedInAs: names.account,
    useAnotherHref: `${SIGN_IN}?another=1`,
  };
  const enterCodeHref = '/t/acme/device';
  const nameless = { ...confirm, ip: null, userAgent: null, reference: null };
  return [
    fine('device-code', renderEnterCode(frame, { ...form, code: names.application })),
    fault('device-code-empty', renderEnterCode(frame, { ...form, fault: 'empty' })),
    fault('device-code-unknown', renderEnterCode(frame, { ...form, fault: 'unknown', code: 'wdjb mjht' })),
    fine('device-confirm', renderConfirmDevice(frame, confirm)),
    fine('device-confirm-unknown', renderConfirmDevice(frame, nameless)),
    fine('device-done', renderDeviceNotice(frame, { notice: 'done', enterCodeHref })),
    fine('device-stopped', renderDeviceNotice(frame, { notice: 'stopped', enterCodeHref })),
    fault('device-gone', renderDeviceNotice(frame, { notice: 'gone', enterCodeHref })),
  ];
}

function consentPages(frame: Frame, names: GalleryNames): readonly GalleryPage[] {
  const consent = { action: `${SIGN_IN}/consent`, hidden: HIDDEN };
  const permissions = [
    { scope: 'openid' },
    { scope: 'profile' },
    { scope: 'offline_access' },
    { scope: 'reports:read', description: `Read the reports of ${names.tenant}` },
    { scope: 'toString' },
  ];
  const whole = {
    ...consent,
    permissions,
    signedInAs: names.account,
    useAnotherHref: `${SIGN_IN}?prompt=login`,
    returnsToHost: 'reports.example',
  };
  return [
    fine('consent', renderConsent(frame, whole)),
    fine('consent-short', renderConsent(frame, { ...consent, permissions: [{ scope: 'openid' }] })),
    fine(
      'portal',
      renderPermissions(frame, {
        action: '/t/acme/portal',
        signedInAs: names.account,
        applications: [{ clientId: 'reports', name: names.application ?? 'reports', permissions }],
      }),
    ),
    fine('portal-empty', renderPermissions(frame, { action: '/t/acme/portal', applications: [] })),
    fine('portal-signed-out', renderPortalSignedOut(frame)),
  ];
}

function signOutPages(frame: Frame, names: GalleryNames): readonly GalleryPage[] {
  const action = '/t/acme/oauth2/v1/logout/confirm';
  const hidden = { xsrf: 'secret' };
  const upstreamSignOutHref = 'https://acme.okta.com/oauth2/v1/logout?id_token_hint=e30';
  const connectionName = names.connection;
  const applicationHref = 'https://grafana.acme.example/?a=1&b=2';
  return [
    fine('sign-out', renderConfirmSignOut(frame, { action, hidden })),
    fine(
      'sign-out-choices',
      renderConfirmSignOut(frame, { action, hidden, offerOnlyApplication: true, stayHref: '/t/acme/portal' }),
    ),
    fine('signed-out', renderSignedOut(frame, { connectionName, upstreamSignOutHref, applicationHref })),
    fine('signed-out-back', renderSignedOut(frame, { connectionName, applicationHref })),
    fine('signed-out-bare', renderSignedOut(frame, {})),
    fine('signed-out-unreachable', renderSignedOut(frame, { connectionName, upstreamUnreachable: true })),
  ];
}

function errorPages(frame: Frame, names: GalleryNames): readonly GalleryPage[] {
  const about = {
    connectionName: names.connection,
    signedInAs: names.account,
    reference: REFERENCE,
    at: AT,
    detail: names.said,
    actions: {
      tryAgain: SIGN_IN,
      useAnother: `${SIGN_IN}?prompt=login`,
      myApps: '/t/acme/portal',
      otherWays: `${SIGN_IN}?choose=1`,
    },
  };
  return [
    ...ERROR_REASONS.map((reason) => fault(`error-${reason}`, renderError(frame, { ...about, reason }))),
    fault('error-bare', renderError(frame, { reason: 'server_error', reference: REFERENCE, at: AT })),
    fault('error-wait', renderError(frame, { ...about, reason: 'too_many_tries', retryAfterSeconds: 90 })),
    ...UPSTREAM_CAUSES.map((cause) => {
      const { reason, person: told } = upstreamDiagnosisOf(cause);
      const okta = { told, said: names.said };
      return fault(`upstream-${cause}`, renderError(frame, { ...about, reason, okta }));
    }),
  ];
}

function statusPages(frame: Frame): readonly GalleryPage[] {
  const own: Frame = { ...frame, brand: { tenantName: 'Causeway' }, applicationName: undefined };
  const healthy = {
    version: '0.1.0',
    uptimeSeconds: 273_845,
    database: { kind: 'embedded', state: 'ok' },
    checks: [
      { name: 'Schema', state: 'ok', detail: 'Up to date' },
      { name: 'Encryption key', state: 'ok' },
      { name: 'Row security', state: 'ok' },
    ],
    docsHref: 'https://github.com/example/causeway#readme',
  } as const;
  const failing = {
    ...healthy,
    uptimeSeconds: 12,
    database: { kind: 'external', state: 'failing' },
    checks: [
      { name: 'Schema', state: 'failing', detail: 'Two migrations are missing' },
      { name: 'Encryption key', state: 'ok' },
    ],
    docsHref: undefined,
  } as const;
  return [fine('status', renderStatus(own, healthy)), fault('status-failing', renderStatus(own, failing))];
}

/** Those that need no script; the others are walked through in a browser with passkeys. */
function operatorPages(framed: Frame, names: GalleryNames): readonly GalleryPage[] {
  const frame: Frame = { ...framed, applicationName: undefined };
  const signIn = { during: 'sign_in', action: '/console/sign-in', otherHref: '/console/sign-in' } as const;
  const enrol = { action: '/console/enrol/x', otherHref: '/console/enrol/x', seed: 'A'.repeat(32) } as const;
  const account = names.account ?? 'ada';
  return [
    fine('local-sign-in', renderLocalSignIn(frame, signIn)),
    fault('local-sign-in-wrong', renderLocalSignIn(frame, { ...signIn, fault: 'wrong' })),
    fault('local-sign-in-wait', renderLocalSignIn(frame, { ...signIn, fault: 'too_many', waitSeconds: 16 })),
    fine('local-step-up', renderLocalSignIn(frame, { ...signIn, during: 'step_up', account })),
    fine('enrol', renderEnrol(frame, { ...enrol, kind: 'enrolment', account })),
    fault(
      'first-run-name',
      renderEnrol(frame, { ...enrol, kind: 'first_run', account: undefined, fault: 'user_name' }),
    ),
    fine(
      'recovery-codes',
      renderRecoveryCodes(frame, {
        codes: ['0123-4567-89AB-CDEF'],
        by: 'passkey',
        continueHref: '/console/',
      }),
    ),
    fine(
      'application',
      renderApplicationPage(frame, {
        name: account,
        issuer: 'https://id.example/t/acme',
        clientId: 'grafana',
        endpoints: { token: 'https://id.example/t/acme/oauth2/v1/token' },
        environment: { ISSUER: 'https://id.example/t/acme', CLIENT_SECRET: "it's a secret" },
        snippets: [{ file: 'web.mjs', title: 'openid-client', text: '<b>const</b> issuer = 1;' }],
      }),
    ),
    fine(
      'console-sign-in',
      renderLocalSignIn(frame, {
        ...signIn,
        connections: [
          { name: names.connection ?? 'Okta', href: '/console/start?tenant=acme&connection=okta' },
        ],
        breakGlassOnly: true,
      }),
    ),
    ...(['no_role', 'refused', 'late', 'other_account', 'not_fresh'] as const).map((reason) =>
      fault(
        `console-${reason}`,
        renderConsoleRefusal(frame, { reason, startHref: '/console/sign-in?tenant=acme' }),
      ),
    ),
    fine('console-sign-out', renderConsoleSignOut(frame, { action: '/console/sign-out', account })),
    ...(['used', 'late', 'unknown'] as const).flatMap((state) => [
      fault(`first-run-${state}`, renderDeadLink(frame, { kind: 'first_run', state })),
      fault(`enrol-${state}`, renderDeadLink(frame, { kind: 'enrolment', state })),
    ]),
  ];
}

const SETUP_VALUES = {
  redirectUri: 'https://id.example/t/acme/callback/okta',
  postLogoutRedirectUri: 'https://id.example/t/acme/signed-out/okta',
  jwksUri: 'https://id.example/t/acme/connections/okta/jwks.json',
  groupsClaim: 'groups',
  groupsFilter: '.*',
  groupsExpression: 'Groups.startsWith("active_directory", "", 100)',
  appName: 'Northwind Portal',
  scimBaseUrl: 'https://id.example/t/acme/scim/v2',
};

function setupPages(framed: Frame, names: GalleryNames): readonly GalleryPage[] {
  const frame: Frame = { ...framed, applicationName: undefined };
  const at = new Date('2026-11-21T14:02:00Z');
  const link = { service: names.connection ?? null, expiresAt: at };
  return [
    fine('setup-start', renderSetupStart(frame, { ...link, action: '/setup/x' })),
    fine(
      'setup-overview',
      renderSetupOverview(frame, {
        ...link,
        connection: 'okta',
        slug: 'acme',
        linkId: '0199c0de-0000-7000-8000-000000000000',
        values: SETUP_VALUES,
        steps: [
          { id: 'app', state: 'done' },
          { id: 'values', state: 'needs_attention' },
        ],
        checks: [{ id: 'scim_group', status: 'warning', seen: names.said }],
        againHref: '/setup/',
      }),
    ),
    ...(['expired', 'revoked', 'elsewhere', 'unknown'] as const).map((state) =>
      fault(`setup-${state}`, renderDeadSetupLink(frame, { state, at, contact: names.account ?? null })),
    ),
  ];
}
