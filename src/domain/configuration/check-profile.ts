import { FAPI_ALGORITHMS } from '../application/security-profile.js';
import { isLoopbackHost } from './addresses.js';
import type { TargetApplication } from './target.js';
import type { TenantCheck } from './tenant-check.js';

/** What is wrong in an application by its security profile, and by the signatures that it asks for. */
export function checkProfile(check: TenantCheck, application: TargetApplication, path: string): void {
  const { settings } = application;
  const { list } = check;
  if (settings.requestObjects !== 'off' && settings.jwks === null && settings.jwksUri === null)
    list.add(`${path}.requestObjects`, 'a signed request is verified by its keys: give jwks or jwksUri');
  if (settings.pkce === 'optional' && !mayDoWithoutPkce(application))
    list.add(`${path}.pkce`, "'optional' is for web applications with a secret or a key, without a profile");
  if (settings.profile === 'default') return;
  checkCodeOnly(check, application, path);
  if (settings.profile === 'fapi2') checkFapi(check, application, path);
}

/**
 * A code of theirs is worth nothing to whoever can't prove to be the application (RFC 9700 section 2.1.1). That a code is
 * brought to another person's browser is then prevented by `state` alone, so that nobody has this by default.
 */
function mayDoWithoutPkce({ settings, type }: TargetApplication): boolean {
  const { tokenEndpointAuthMethod, profile, responseTypes } = settings;
  return (
    type === 'web' &&
    tokenEndpointAuthMethod !== 'none' &&
    profile === 'default' &&
    responseTypes.every((responseType) => responseType === 'code')
  );
}

/** FAPI 2.0 section 5.3.2.2; IPSIE SL1: codes only, to addresses that nobody on the way can read. */
function checkCodeOnly({ list, rules }: TenantCheck, { settings }: TargetApplication, path: string): void {
  const { profile, responseTypes, redirectUris } = settings;
  if (responseTypes.some((type) => type !== 'code'))
    list.add(`${path}.responseTypes`, `the profile ${profile} has no other than 'code'`);
  if (rules.allowHttpLoopback) return;
  for (const [index, uri] of redirectUris.entries()) {
    if (!URL.canParse(uri)) continue;
    const { protocol, hostname } = new URL(uri);
    if (protocol === 'http:' || isLoopbackHost(hostname))
      list.add(
        `${path}.redirectUris[${index}]`,
        `the profile ${profile} takes https only, and no loopback host`,
      );
  }
}

/** What only tokens of a device or of an exchange need; the profile says nothing of them. */
const OUTSIDE_FAPI: ReadonlySet<string> = new Set(['device_code', 'token_exchange']);

function checkFapi({ list }: TenantCheck, { settings, type }: TargetApplication, path: string): void {
  const { tokenEndpointAuthMethod, idTokenAlg, grantTypes, jwks } = settings;
  if (type !== 'web' && type !== 'service')
    list.add(`${path}.type`, "the profile fapi2 is for applications that keep a key: 'web' or 'service'");
  if (tokenEndpointAuthMethod !== 'private_key_jwt')
    list.add(`${path}.tokenEndpointAuthMethod`, "the profile fapi2 needs 'private_key_jwt'");
  if (!FAPI_ALGORITHMS.has(idTokenAlg))
    list.add(`${path}.idTokenAlg`, "the profile fapi2 needs 'ES256' or 'EdDSA'");
  if (grantTypes.some((grant) => OUTSIDE_FAPI.has(grant)))
    list.add(`${path}.grantTypes`, 'the profile fapi2 has neither device_code nor token_exchange');
  for (const [index, key] of (jwks?.keys ?? []).entries()) {
    const { alg } = key;
    if (typeof alg === 'string' && !FAPI_ALGORITHMS.has(alg))
      list.add(`${path}.jwks.keys[${index}].alg`, "the profile fapi2 takes 'PS256', 'ES256' or 'EdDSA'");
  }
}
