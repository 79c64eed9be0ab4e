/** When these labels were last compared with Okta's Admin Console. */
export const OKTA_PATHS_AS_OF = '2026-08';

/** One thing to click, by the name that it has now. */
export interface OktaLabel {
  readonly name: string;
  /** Its name in orgs that look otherwise: older ones, or ones with another feature. */
  readonly also?: string;
}

/** What to click in Okta's Admin Console, in order; empty where nothing there helps. */
export type OktaPath = readonly OktaLabel[];

/** A path from plain labels, for what has one name everywhere. */
export const labels = (...names: readonly string[]): OktaPath => names.map((name) => ({ name }));

export const APP: OktaPath = [
  { name: 'Applications and Resources', also: 'Applications' },
  { name: 'Applications' },
  { name: 'the app' },
];
export const GENERAL: OktaPath = [...APP, { name: 'General' }];
export const GENERAL_SETTINGS: OktaPath = [...GENERAL, ...labels('General Settings', 'Edit')];
export const LOGIN: OktaPath = [...GENERAL, ...labels('Login', 'Edit')];
export const CREDENTIALS: OktaPath = [...GENERAL, ...labels('Client Credentials', 'Edit')];
export const KEYS: OktaPath = [
  ...CREDENTIALS,
  { name: 'Public key / Private key', also: 'Client authentication: Public key / Private key' },
];
/** In orgs with Identity Threat Protection the tab has another name. */
export const SIGN_ON: OktaPath = [...APP, { name: 'Sign On', also: 'Authentication' }];
export const APP_POLICY: OktaPath = [...SIGN_ON, { name: 'User authentication', also: 'Sign On Policy' }];
export const ID_TOKEN: OktaPath = [...SIGN_ON, ...labels('OpenID Connect ID Token', 'Edit')];
export const ASSIGNMENTS: OktaPath = [...APP, { name: 'Assignments' }];
export const PROVISIONING: OktaPath = [...APP, { name: 'Provisioning' }];
export const INTEGRATION: OktaPath = [
  ...PROVISIONING,
  { name: 'Integration', also: 'Configure API Integration' },
  { name: 'Edit' },
];
export const TO_APP: OktaPath = [...PROVISIONING, ...labels('To App', 'Edit')];
export const PUSH_GROUPS: OktaPath = [...APP, { name: 'Push Groups' }];
export const SERVERS: OktaPath = labels('Security', 'API', 'Authorization Servers', 'the server');
export const SYSTEM_LOG: OktaPath = labels('Reports', 'System Log');
