/** Who takes part in a run, named once: the floor, Causeway, the upstream and the driver all know them from here. */

/** The broker (floor or Causeway) as a client of the mock upstream. */
export const UPSTREAM_CLIENT = {
  clientId: 'bench-broker',
  clientSecret: 'bench-broker-secret-of-32-chars',
} as const;

/** A web application that signs people in. Nothing listens at its redirect URI: the driver stops there. */
export const WEB = {
  clientId: 'bench-web',
  clientSecret: 'bench-web-secret-of-some-length',
  redirectUri: 'http://localhost:9/signed-in',
  scope: 'openid profile email offline_access',
} as const;

/** A service that gets tokens for itself. */
export const SERVICE = {
  clientId: 'bench-service',
  clientSecret: 'bench-service-secret-of-32-chars',
} as const;

/** APIs (RFC 8707 resources), one for each form of access token. */
export const API = {
  jwt: 'https://jwt.bench.example',
  opaque: 'https://opaque.bench.example',
  scope: 'read',
} as const;

/** People of the upstream; logins go round them, so that nobody's row is fought for. */
export const PEOPLE = 256;
export const MAIL_DOMAIN = 'bench.example';

/** Of people who are switched off, and sign in at a tenant of their own. */
export const LEAVERS_DOMAIN = 'leavers.example';

/** The address of a person: `login_hint` takes it to the upstream, which signs in whom it names. */
export const emailOf = (person: number): string => `person-${person % PEOPLE}@${MAIL_DOMAIN}`;
