import type { Application, Assignment } from '../application/application.js';
import { PROFILE_DEFAULTS } from '../application/security-profile.js';
import type { Api } from '../api/api.js';
import type { Connection, ConnectionSettings } from '../connection/connection.js';
import { normalizeIssuer, type IssuerFault } from '../connection/issuer.js';
import type { Domain } from '../tenant/tenant.js';
import { NEW_API, NEW_CONNECTION, NEW_CONNECTION_SETTINGS, newApplicationSettings } from './defaults.js';
import type { DesiredApi, DesiredApplication, DesiredConnection, DesiredDomain } from './desired.js';
import type { FaultList } from './fault.js';
import type { ConfigurationRules } from './rules.js';
import type { TargetApi, TargetApplication, TargetConnection } from './target.js';

/** `base`, with those of its members that `given` has. */
export function overlay<T extends object>(base: T, given: { readonly [K in keyof T]?: T[K] | undefined }): T {
  const members = Object.entries(given).filter(
    ([member, value]) => value !== undefined && Object.hasOwn(base, member),
  );
  return { ...base, ...Object.fromEntries(members) };
}

export function mergeDomain(current: Domain | undefined, desired: DesiredDomain, name: string): Domain {
  return {
    name,
    verified: desired.verified ?? current?.verified ?? false,
    connection: desired.connection === undefined ? (current?.connection ?? null) : desired.connection,
  };
}

const ISSUER_FAULTS: Readonly<Record<IssuerFault, string>> = {
  empty: 'must not be empty',
  not_an_address: 'must be an address such as https://acme.okta.com',
  http: 'must be https',
  credentials: 'must not hold credentials',
  query: 'must have no query and no fragment',
  bad_authorization_server:
    'the authorization server must be given by its id, such as default or aus1example',
};

/** A connection as it is to be. What a new one can't do without is asked for at its path. */
export function mergeConnection(
  current: Connection | undefined,
  desired: DesiredConnection,
  path: string,
  tools: { readonly rules: ConfigurationRules; readonly faults: FaultList },
): TargetConnection {
  const { rules, faults } = tools;
  const type = desired.type ?? current?.type ?? NEW_CONNECTION.type;
  let issuer = current?.issuer ?? '';
  if (desired.issuer !== undefined) {
    const read = normalizeIssuer(desired.issuer, { type, allowHttpLoopback: rules.allowHttpLoopback });
    if ('fault' in read) faults.add(`${path}.issuer`, ISSUER_FAULTS[read.fault]);
    else issuer = read.issuer;
  } else if (current === undefined) {
    faults.add(`${path}.issuer`, 'is required in a new connection');
  }
  if (current === undefined && desired.clientId === undefined)
    faults.add(`${path}.clientId`, 'is required in a new connection');
  const base: ConnectionSettings = current?.settings ?? { ...NEW_CONNECTION_SETTINGS, clientId: '' };
  const join = overlay(base.join, desired.join ?? {});
  return {
    key: desired.key,
    type,
    name: desired.name ?? current?.name ?? desired.key,
    issuer,
    status: desired.status ?? current?.status ?? NEW_CONNECTION.status,
    settings: overlay(base, { ...desired, join }),
    ...(desired.clientSecret === undefined ? {} : { clientSecret: desired.clientSecret }),
    ...(desired.secondarySecret === undefined ? {} : { secondarySecret: desired.secondarySecret }),
  };
}

export function mergeApi(current: Api | undefined, desired: DesiredApi): TargetApi {
  const base = current ?? NEW_API;
  const scopes = desired.scopes?.map((scope) => ({
    name: scope.name,
    isDefault:
      scope.default ?? current?.scopes.find((known) => known.name === scope.name)?.isDefault ?? false,
  }));
  return {
    identifier: desired.identifier,
    scopes: (scopes ?? base.scopes).toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    tokenFormat: desired.tokenFormat ?? base.tokenFormat,
    isDefault: desired.default ?? base.isDefault,
    accessTokenSeconds: desired.accessTokenSeconds ?? base.accessTokenSeconds,
    profile: desired.profile ?? base.profile,
  };
}

export function mergeApplication(
  current: Application | undefined,
  desired: DesiredApplication,
): TargetApplication {
  const type = desired.type ?? current?.type ?? 'web';
  const base = current?.settings ?? {
    ...newApplicationSettings(type, desired.grantTypes),
    ...PROFILE_DEFAULTS[desired.profile ?? 'default'],
  };
  const settings = overlay(base, {
    ...desired,
    refresh: overlay(base.refresh, desired.refresh ?? {}),
    claims: overlay(base.claims, desired.claims ?? {}),
    assignment: mergeAssignment(base.assignment, desired.assignment),
    responseTypes: desired.responseTypes ?? followingResponseTypes(base, desired.grantTypes),
  });
  return {
    clientId: desired.clientId,
    name: desired.name ?? current?.name ?? desired.clientId,
    type,
    // What the file names is the operator's from then on.
    source: 'operator',
    settings,
    ...(typeof desired.clientSecret === 'string' ? { clientSecret: desired.clientSecret } : {}),
    ...(desired.secondarySecret === undefined ? {} : { secondarySecret: desired.secondarySecret }),
    ...(typeof desired.deviceWebhookSecret === 'string'
      ? { deviceWebhookSecret: desired.deviceWebhookSecret }
      : {}),
  };
}

/** Response types that nobody chose follow the grants. */
function followingResponseTypes(
  base: Application['settings'],
  grantTypes: DesiredApplication['grantTypes'],
): Application['settings']['responseTypes'] {
  const chosen = base.responseTypes.some((type) => type !== 'code');
  if (grantTypes === undefined || chosen) return base.responseTypes;
  return grantTypes.includes('authorization_code') ? ['code'] : [];
}

function mergeAssignment(base: Assignment, desired: DesiredApplication['assignment']): Assignment {
  if (desired === undefined || desired === 'everyone') return desired ?? base;
  const before = base === 'everyone' ? { groups: [], roles: [] } : base;
  return { groups: desired.groups ?? before.groups, roles: desired.roles ?? before.roles };
}
