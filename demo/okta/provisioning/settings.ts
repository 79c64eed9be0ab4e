/**
 * How an integration speaks SCIM. `aiw`: a classic custom app (App Integration Wizard), which only knows GET and PUT
 * of whole resources. `oin`: an app of the catalog, which sends PATCH for activation and groups.
 */
export type ProvisioningMode = 'aiw' | 'oin';

/** The Provisioning tab of an app integration. */
export interface ProvisioningSettings {
  /** Base URL without a trailing slash. */
  readonly baseUrl: string;
  /** Value of the Authorization header, sent as it is: a bare token, `Bearer …` or `Basic …`. */
  readonly authorization: string;
  readonly mode: ProvisioningMode;
  readonly createUsers: boolean;
  readonly updateUsers: boolean;
  readonly deactivateUsers: boolean;
  /** Sync Password: a password that is changed in Okta is sent. Without it only placeholders are. */
  readonly syncPassword: boolean;
  /** Import Groups: groups are imported too, and the connection test asks for them. */
  readonly importGroups: boolean;
  /** Governance: roles and entitlements that the server declares are looked up when provisioning is enabled. */
  readonly entitlements: boolean;
  /** Attributes of the enterprise extension are mapped: `department`, `employeeNumber`, … of the Okta profile. */
  readonly enterprise: boolean;
  /**
   * The same group both assigns the app and is pushed, which Okta doesn't support: the push of a membership goes
   * before the creation of its user, and nothing makes up for it until the next push of that group.
   */
  readonly groupsFirst: boolean;
  /** After how long an answer isn't waited for any more. */
  readonly timeoutSeconds: number;
}

export type ProvisioningConfig = Pick<ProvisioningSettings, 'baseUrl' | 'authorization'> &
  Partial<ProvisioningSettings>;

const DEFAULTS = {
  mode: 'oin',
  createUsers: true,
  updateUsers: true,
  deactivateUsers: true,
  syncPassword: false,
  importGroups: false,
  entitlements: false,
  enterprise: true,
  groupsFirst: false,
  timeoutSeconds: 60,
} as const;

/**
 * The whole settings, with Okta's defaults.
 * @throws Error when the base URL is none, or holds an underscore, which Okta refuses; or the credentials can't be
 * the value of a header
 */
export function readSettings(config: ProvisioningConfig): ProvisioningSettings {
  const baseUrl = config.baseUrl.replace(/\/+$/, '');
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.search !== '') {
    throw new Error('SCIM connector base URL: Does not match required pattern');
  }
  if (baseUrl.includes('_')) {
    throw new Error('SCIM connector base URL: The URL must not contain an underscore (_)');
  }
  if (!/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(config.authorization)) {
    throw new Error('Authorization: The field cannot be left blank, and takes printable ASCII only');
  }
  return { ...DEFAULTS, ...config, baseUrl };
}
