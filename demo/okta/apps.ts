import type { JWK } from 'jose';
import type { GroupsClaim } from './groups-claim.js';
import { oktaId, randomText } from './ids.js';
import { KeyRing } from './keys.js';

export type AppType = 'web' | 'browser' | 'native' | 'service';

export type ClientAuthMethod =
  'client_secret_basic' | 'client_secret_post' | 'client_secret_jwt' | 'private_key_jwt' | 'none';

export interface ClientSecret {
  readonly id: string;
  readonly value: string;
  status: 'ACTIVE' | 'INACTIVE';
  readonly created: Date;
}

/** An OpenID Connect app integration. Its client_id is its id, as at Okta, unless a seed says otherwise. */
export interface App {
  readonly id: string;
  readonly clientId: string;
  label: string;
  readonly type: AppType;
  status: 'ACTIVE' | 'INACTIVE';
  redirectUris: string[];
  postLogoutRedirectUris: string[];
  /** Where a click on the tile goes; without it the app has no tile. */
  initiateLoginUri: string | undefined;
  grantTypes: string[];
  authMethod: ClientAuthMethod;
  /** At most two. Both work until one is made INACTIVE. */
  secrets: ClientSecret[];
  jwks: JWK[];
  /** When set, keys come from there instead of `jwks`. */
  jwksUri: string | undefined;
  pkceRequired: boolean;
  /** Which issuer this client sees where the org has a custom domain. */
  issuerMode: 'ORG_URL' | 'CUSTOM_URL' | 'DYNAMIC';
  consentMethod: 'TRUSTED' | 'REQUIRED';
  /** `dpop_bound_access_tokens`: Okta's default for API service apps. */
  dpopBound: boolean;
  /** Federation Broker Mode: no assignments, no tile, no provisioning. */
  federationBrokerMode: boolean;
  /** Published in the OIN: neither the groups scope nor refresh tokens nor custom authorization servers. */
  oin: boolean;
  participateSlo: boolean;
  /** Loaded in a hidden frame when another app of the session starts a logout (with `participateSlo`). */
  frontchannelLogoutUri: string | undefined;
  /** Adds `iss` and `sid` to that address. */
  frontchannelLogoutSessionRequired: boolean;
  /** The app's sign-on policy: what everyone needs, or a denial that only Okta's own page shows. */
  signOnPolicy: '1fa' | '2fa' | 'deny';
  networkZone: 'anywhere' | 'blocked';
  refreshTokens: 'static' | 'rotate';
  groupsClaim: GroupsClaim | undefined;
  /** A claim that finds no groups: left out, as Okta does, or an empty array. */
  emptyGroups: 'absent' | 'empty';
  /** Okta API scopes that an admin granted to this app (`okta.groups.read`). */
  grantedScopes: string[];
  /** A service app needs a role beside the scope. */
  adminRole: 'READ_ONLY_ADMIN' | 'GROUP_ADMIN' | undefined;
  /** Set: ID tokens for this client are signed by a key of its own, listed only under `/keys?client_id=`. */
  pinnedKeys: KeyRing | undefined;
  readonly assignedUsers: Set<string>;
  readonly assignedGroups: Set<string>;
  readonly created: Date;
}

type Plain = Omit<App, 'id' | 'secrets' | 'pinnedKeys' | 'assignedUsers' | 'assignedGroups' | 'created'>;

export type AppSeed = {
  readonly [K in keyof Plain]?: Plain[K] extends (infer E)[] ? readonly E[] : Plain[K] | undefined;
} & {
  readonly label: string;
  /** One secret, or two. A web app without any gets one. */
  readonly clientSecret?: string | readonly string[];
  readonly pinnedKey?: boolean;
  /** Names of groups and logins of people who have the app; `everyone` is the group Everyone. */
  readonly assign?: { readonly groups?: readonly string[]; readonly users?: readonly string[] } | 'everyone';
};

function defaultAuthMethod(type: AppType): ClientAuthMethod {
  if (type === 'service') return 'private_key_jwt';
  return type === 'web' ? 'client_secret_post' : 'none';
}

function newSecret(now: Date, value = randomText(48)): ClientSecret {
  return { id: oktaId('ocs'), value, status: 'ACTIVE', created: now };
}

/** The app that a seed describes, with Okta's defaults for the rest; assignments are made by the org. */
export function createApp(seed: AppSeed, now: Date): App {
  const id = oktaId('0oa');
  const type = seed.type ?? 'web';
  const authMethod = seed.authMethod ?? defaultAuthMethod(type);
  const wantsSecret = authMethod.startsWith('client_secret');
  const values =
    seed.clientSecret === undefined ? (wantsSecret ? [randomText(48)] : []) : [seed.clientSecret].flat();
  const userGrants = seed.oin === true ? ['authorization_code'] : ['authorization_code', 'refresh_token'];
  return {
    id: seed.clientId?.startsWith('0oa') === true ? seed.clientId : id,
    clientId: seed.clientId ?? id,
    label: seed.label,
    type,
    status: seed.status ?? 'ACTIVE',
    redirectUris: [...(seed.redirectUris ?? [])],
    postLogoutRedirectUris: [...(seed.postLogoutRedirectUris ?? [])],
    initiateLoginUri: seed.initiateLoginUri,
    grantTypes: [...(seed.grantTypes ?? (type === 'service' ? ['client_credentials'] : userGrants))],
    authMethod,
    secrets: values.map((value) => newSecret(now, value)),
    jwks: [...(seed.jwks ?? [])],
    jwksUri: seed.jwksUri,
    pkceRequired: seed.pkceRequired ?? authMethod === 'none',
    issuerMode: seed.issuerMode ?? 'ORG_URL',
    consentMethod: seed.consentMethod ?? 'TRUSTED',
    dpopBound: seed.dpopBound ?? false,
    federationBrokerMode: seed.federationBrokerMode ?? false,
    oin: seed.oin ?? false,
    participateSlo: seed.participateSlo ?? false,
    frontchannelLogoutUri: seed.frontchannelLogoutUri,
    frontchannelLogoutSessionRequired: seed.frontchannelLogoutSessionRequired ?? true,
    signOnPolicy: seed.signOnPolicy ?? '1fa',
    networkZone: seed.networkZone ?? 'anywhere',
    refreshTokens: seed.refreshTokens ?? 'static',
    groupsClaim: seed.groupsClaim,
    emptyGroups: seed.emptyGroups ?? 'absent',
    grantedScopes: [...(seed.grantedScopes ?? [])],
    adminRole: seed.adminRole,
    pinnedKeys: seed.pinnedKey === true ? new KeyRing(1) : undefined,
    assignedUsers: new Set(),
    assignedGroups: new Set(),
    created: now,
  };
}

/**
 * Adds a second secret, as the Admin Console does before a rotation. @throws Error when there are two already
 */
export function addSecret(app: App, now: Date, value?: string): ClientSecret {
  if (app.secrets.length >= 2) throw new Error('an app has at most two client secrets');
  const secret = newSecret(now, value);
  app.secrets.push(secret);
  return secret;
}

/** Gives the app a signing key of its own, or takes it back to those of everybody. */
export function pinKey(app: App, pinned: boolean): void {
  if (pinned === (app.pinnedKeys !== undefined)) return;
  app.pinnedKeys?.release();
  app.pinnedKeys = pinned ? new KeyRing(1) : undefined;
}

/** Whether the app shows as a tile on people's dashboards. */
export function hasTile(app: App): boolean {
  return app.status === 'ACTIVE' && !app.federationBrokerMode && app.initiateLoginUri !== undefined;
}
