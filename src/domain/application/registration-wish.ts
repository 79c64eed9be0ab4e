import type { FaultList } from '../configuration/fault.js';
import { newApplicationSettings } from '../configuration/defaults.js';
import { overlay } from '../configuration/merge-entries.js';
import type { TargetApplication } from '../configuration/target.js';
import type { TenantConfiguration } from '../configuration/tenant-configuration.js';
import type { Application, ApplicationSettings, ApplicationType } from './application.js';
import type { RegistrationBounds } from './registration.js';

/** Settings that an application may choose for itself. */
const CHOSEN = [
  'redirectUris',
  'postLogoutRedirectUris',
  'backchannelLogoutUri',
  'frontchannelLogoutUri',
  'initiateLoginUri',
  'grantTypes',
  'responseTypes',
  'tokenEndpointAuthMethod',
  'jwks',
  'jwksUri',
  'idTokenAlg',
  'dpop',
] as const satisfies readonly (keyof ApplicationSettings)[];

type Chosen = Pick<ApplicationSettings, (typeof CHOSEN)[number]>;

/** What an application that registers wishes to be. What it leaves out gets the default of its type. */
export interface RegistrationWish extends Partial<Chosen> {
  readonly clientId?: string;
  readonly name?: string;
  readonly type?: ApplicationType;
  /** Scopes that it will ask for; those of OpenID Connect may be among them. */
  readonly scopes?: readonly string[];
}

/** Scopes about people, which no API has (OpenID Connect Core 5.4, 11). */
export const PEOPLE_SCOPES: ReadonlySet<string> = new Set([
  'openid',
  'profile',
  'email',
  'phone',
  'address',
  'groups',
  'offline_access',
]);

/**
 * The application that is wished, within bounds: what lies outside of them is a fault, never dropped in silence. What an
 * application doesn't choose for itself is as it was, or as the bounds say.
 * @param known as it was, when it changes itself
 */
export function wantedApplication(
  wish: RegistrationWish & { readonly clientId: string },
  bounds: RegistrationBounds,
  configuration: TenantConfiguration,
  faults: FaultList,
  known?: Application,
): TargetApplication {
  const type = wish.type ?? 'web';
  const defaults = newApplicationSettings(type, wish.grantTypes);
  const identifiers = new Set(configuration.apis.map((api) => api.identifier));
  const apis = bounds.apis.filter((identifier) => identifiers.has(identifier));
  const base = known === undefined ? { ...defaults, apis, scopes: bounds.scopes } : known.settings;
  const chosen = overlay(pickChosen(defaults), wish);
  const settings: ApplicationSettings = {
    ...base,
    ...chosen,
    scopes: wish.scopes ?? bounds.scopes,
    // A machine vouched for it, no operator did: people are asked, unless one takes it over (B14).
    consent: type !== 'service',
    // Whoever gets codes at an address also calls from it; RFC 7591 has no member for that.
    allowedOrigins: type === 'spa' ? originsOf(chosen.redirectUris) : [],
  };
  checkBounds(type, settings, bounds, faults);
  checkScopes(wish.scopes, { bounds, apis, configuration }, faults);
  return {
    clientId: wish.clientId,
    name: wish.name ?? wish.clientId,
    type,
    source: 'registration',
    settings,
  };
}

function pickChosen(settings: ApplicationSettings): Chosen {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- these members, by the list above
  return Object.fromEntries(CHOSEN.map((member) => [member, settings[member]])) as unknown as Chosen;
}

function checkBounds(
  type: ApplicationType,
  { grantTypes, responseTypes }: ApplicationSettings,
  bounds: RegistrationBounds,
  faults: FaultList,
): void {
  if (!bounds.types.includes(type))
    faults.add('type', `the token registers ${bounds.types.join(', ') || 'nothing'}, not ${type}`);
  const grant = grantTypes.find((wished) => !bounds.grants.includes(wished));
  if (grant !== undefined)
    faults.add('grantTypes', `the token allows ${bounds.grants.join(', ') || 'none'}, not ${grant}`);
  // What puts ID Tokens into addresses is an operator's decision, application by application.
  const implicit = responseTypes.find((wished) => wished !== 'code');
  if (implicit !== undefined) faults.add('responseTypes', `'${implicit}' is only an operator's to give`);
}

interface ScopeBounds {
  readonly bounds: RegistrationBounds;
  readonly apis: readonly string[];
  readonly configuration: TenantConfiguration;
}

function checkScopes(
  wished: readonly string[] | undefined,
  { bounds, apis, configuration }: ScopeBounds,
  faults: FaultList,
): void {
  const reachable = configuration.apis.filter((api) => api.isDefault || apis.includes(api.identifier));
  const offered = new Set(reachable.flatMap((api) => api.scopes.map((scope) => scope.name)));
  const allowed =
    bounds.scopes === null ? offered : new Set(bounds.scopes.filter((name) => offered.has(name)));
  const stranger = wished?.find((name) => !PEOPLE_SCOPES.has(name) && !allowed.has(name));
  if (stranger !== undefined)
    faults.add(
      'scopes',
      `'${stranger}' is no scope that the token allows: ${[...allowed].join(', ') || 'none'}`,
    );
}

function originsOf(addresses: readonly string[]): readonly string[] {
  const origins = addresses.flatMap((address) => (URL.canParse(address) ? [new URL(address).origin] : []));
  return [...new Set(origins.filter((origin) => origin !== 'null'))];
}
