import { CONSOLE_CLIENT_ID } from '../application/console-client-id.js';
import { faultOfPublicKey } from '../application/public-key.js';
import { faultOfOrigin, faultOfRedirectUri, faultOfWebAddress } from './addresses.js';
import { checkDeviceWebhook } from './check-device-webhook.js';
import { checkProfile } from './check-profile.js';
import type { TargetApplication } from './target.js';
import type { TenantCheck } from './tenant-check.js';

/** Claims with a meaning of their own; a list of roles in their place would be taken for it. */
const PROTECTED_CLAIMS: ReadonlySet<string> = new Set(
  [
    'iss sub aud exp nbf iat jti azp nonce auth_time acr amr sid act may_act at_hash c_hash s_hash cnf events',
    'session_expiry client_id scope scp cid uid ver tenant idp name email email_verified preferred_username',
  ].flatMap((line) => line.split(' ')),
);

/**
 * What is wrong in an application as it is to be. One that the file doesn't name is only asked for its
 * references.
 */
export function checkApplication(check: TenantCheck, application: TargetApplication): void {
  const { desired, paths, list, target } = check;
  const path = paths.named('applications', application.clientId, (entry) => entry.clientId);
  const { settings } = application;
  const apis = new Set(target.apis.map((api) => api.identifier));
  const unknownApi = settings.apis.find((identifier) => !apis.has(identifier));
  if (unknownApi !== undefined) list.add(`${path}.apis`, `'${unknownApi}' is no API of the tenant`);
  if (settings.assignment !== 'everyone') {
    const roles = new Set(target.roles.map((role) => role.key));
    const unknownRole = settings.assignment.roles.find((key) => !roles.has(key));
    if (unknownRole !== undefined)
      list.add(`${path}.assignment.roles`, `'${unknownRole}' is no role of the tenant`);
  }
  if (settings.audience === 'tenant-and-customers' && target.parent !== null)
    list.add(`${path}.audience`, "a customer has no customers of its own: must be 'tenant'");
  if (settings.audience === 'tenant-and-customers' && settings.consent)
    list.add(
      `${path}.consent`,
      'what people of customers allow is not kept: must be false with this audience',
    );
  if (desired.applications === undefined) return;
  if (application.clientId === CONSOLE_CLIENT_ID)
    list.add(`${path}.clientId`, `'${CONSOLE_CLIENT_ID}' is the console itself, and built in`);
  checkAddresses(check, application, path);
  checkGrants(check, application, path);
  checkCredentials(check, application, path);
  checkProfile(check, application, path);
  checkDeviceWebhook(check, application, path);
  const { roles: claim } = settings.claims;
  if (claim !== false && PROTECTED_CLAIMS.has(claim))
    list.add(`${path}.claims.roles`, `'${claim}' is a claim with a meaning of its own`);
  if (claim === 'groups' && settings.claims.groups !== false)
    list.add(`${path}.claims.roles`, "'groups' holds the groups here");
}

function checkAddresses(check: TenantCheck, application: TargetApplication, path: string): void {
  const { rules, list } = check;
  const { settings, type } = application;
  const redirect = (uri: string): string | undefined => faultOfRedirectUri(uri, type, rules);
  const web = (uri: string): string | undefined => faultOfWebAddress(uri, rules);
  const each = (
    member: 'redirectUris' | 'postLogoutRedirectUris' | 'allowedOrigins',
    faultOf: (uri: string) => string | undefined,
  ): void => {
    for (const [index, uri] of settings[member].entries())
      list.add(`${path}.${member}[${index}]`, faultOf(uri));
  };
  each('redirectUris', redirect);
  each('postLogoutRedirectUris', redirect);
  each('allowedOrigins', (origin) => faultOfOrigin(origin, rules));
  for (const member of [
    'backchannelLogoutUri',
    'frontchannelLogoutUri',
    'initiateLoginUri',
    'deviceWebhookUri',
    'jwksUri',
  ] as const) {
    const uri = settings[member];
    if (uri !== null) list.add(`${path}.${member}`, web(uri));
  }
  list.add(`${path}.frontchannelLogoutUri`, faultOfFrame(settings, web));
}

/**
 * Front-Channel Logout 1.0 section 2: scheme, host and port are those of a redirect URI, so that no page of ours holds a
 * frame of somebody who gets no codes.
 */
function faultOfFrame(
  { frontchannelLogoutUri: uri, redirectUris }: TargetApplication['settings'],
  web: (uri: string) => string | undefined,
): string | undefined {
  if (uri === null || web(uri) !== undefined) return undefined;
  const { origin } = new URL(uri);
  return redirectUris.some((redirect) => URL.canParse(redirect) && new URL(redirect).origin === origin)
    ? undefined
    : 'must have scheme, host and port of a redirect URI';
}

function checkGrants({ list }: TenantCheck, { settings, type }: TargetApplication, path: string): void {
  const { grantTypes, responseTypes, redirectUris } = settings;
  const signsIn = grantTypes.includes('authorization_code');
  if (type === 'service' && !grantTypes.includes('client_credentials'))
    list.add(`${path}.grantTypes`, 'a service needs client_credentials');
  if (type === 'service' && signsIn)
    list.add(`${path}.grantTypes`, 'a service signs nobody in: authorization_code is for the other types');
  if (type === 'service' && grantTypes.includes('device_code'))
    list.add(`${path}.grantTypes`, 'a service signs nobody in: device_code is for the other types');
  if (grantTypes.includes('client_credentials') && settings.tokenEndpointAuthMethod === 'none')
    list.add(`${path}.tokenEndpointAuthMethod`, 'client_credentials needs an application that proves itself');
  if (grantTypes.includes('token_exchange') && settings.tokenEndpointAuthMethod === 'none')
    list.add(`${path}.tokenEndpointAuthMethod`, 'token_exchange needs an application that proves itself');
  if (signsIn && redirectUris.length === 0)
    list.add(`${path}.redirectUris`, 'authorization_code needs at least one');
  if (signsIn && !responseTypes.some((responseType) => responseType.split(' ').includes('code')))
    list.add(`${path}.responseTypes`, "authorization_code needs 'code' or 'code id_token'");
  if (!signsIn && responseTypes.some((responseType) => responseType.split(' ').includes('code')))
    list.add(`${path}.responseTypes`, "'code' needs the grant authorization_code");
}

function checkCredentials({ list }: TenantCheck, { settings }: TargetApplication, path: string): void {
  const { jwks, jwksUri, tokenEndpointAuthMethod } = settings;
  if (jwks !== null && jwksUri !== null) list.add(`${path}.jwksUri`, 'give jwks or jwksUri, not both');
  if (tokenEndpointAuthMethod === 'private_key_jwt' && jwks === null && jwksUri === null)
    list.add(`${path}.jwks`, 'private_key_jwt needs jwks or jwksUri');
  for (const [index, key] of (jwks?.keys ?? []).entries()) {
    const fault = faultOfPublicKey(key);
    const member = fault?.member === undefined ? '' : `.${fault.member}`;
    list.add(`${path}.jwks.keys[${index}]${member}`, fault?.message);
  }
}
