import type { ApplicationSettings } from './application.js';

/** Algorithms that the FAPI 2.0 Security Profile allows (section 5.4.1). */
export const FAPI_ALGORITHMS: ReadonlySet<string> = new Set(['PS256', 'ES256', 'EdDSA', 'Ed25519']);

/** What a new application of a profile is where the file says nothing: all that the profile leaves no choice in. */
export const PROFILE_DEFAULTS: Readonly<
  Record<ApplicationSettings['profile'], Partial<ApplicationSettings>>
> = {
  default: {},
  ipsie: {},
  fapi2: {
    tokenEndpointAuthMethod: 'private_key_jwt',
    idTokenAlg: 'ES256',
    dpop: 'required',
    requirePushedRequests: true,
  },
};

/** Whether the application's tokens must be bound to a key of its own (RFC 9449; FAPI 2.0 section 5.3.2.1). */
export function requiresDpop({ dpop, profile }: Pick<ApplicationSettings, 'dpop' | 'profile'>): boolean {
  return dpop === 'required' || profile === 'fapi2';
}

/** Whether its authorization requests must have been pushed (RFC 9126; FAPI 2.0 section 5.3.2.2). */
export function requiresPushedRequests({
  requirePushedRequests,
  profile,
}: Pick<ApplicationSettings, 'requirePushedRequests' | 'profile'>): boolean {
  return requirePushedRequests || profile === 'fapi2';
}
