import type { Api } from '../api/api.js';
import type { Application } from './application.js';

/** A program that shows how to use an application with a library: a file that tests run as it stands. */
export interface SnippetName {
  readonly file: string;
  /** `openid-client (Node.js)`. */
  readonly title: string;
}

/** What the people who build an application need of its issuer (B17). No secret is a part of it. */
export interface Integration {
  readonly issuer: string;
  readonly clientId: string;
  readonly endpoints: Readonly<Record<string, string>>;
  /** Settings of the snippets; a secret stands there as a word to be replaced. */
  readonly environment: Readonly<Record<string, string>>;
  readonly snippets: readonly SnippetName[];
}

const WEB: readonly SnippetName[] = [
  { file: 'web-openid-client.mjs', title: 'openid-client (Node.js, Express)' },
  { file: 'web-express-openid-connect.mjs', title: 'express-openid-connect' },
  { file: 'web-authjs.mjs', title: 'Auth.js (Express)' },
];
/** These libraries know no PKCE. */
const WEB_WITHOUT_PKCE: readonly SnippetName[] = [
  { file: 'web-passport.mjs', title: 'Passport' },
  { file: 'okta-oidc-middleware.mjs', title: '@okta/oidc-middleware' },
];
const HIGH_SECURITY: readonly SnippetName[] = [
  { file: 'web-high-security.mjs', title: 'openid-client with FAPI 2.0 (Node.js)' },
];
const SPA: readonly SnippetName[] = [
  { file: 'single-page.js', title: 'oidc-client-ts (browser)' },
  { file: 'okta-auth-js.js', title: '@okta/okta-auth-js (browser)' },
];
const NATIVE: readonly SnippetName[] = [
  { file: 'native.mjs', title: 'openid-client with a loopback address (Node.js)' },
];
const DEVICE: readonly SnippetName[] = [{ file: 'device.mjs', title: 'openid-client on a device (Node.js)' }];
const SERVICE: readonly SnippetName[] = [
  { file: 'service-bot.mjs', title: 'openid-client with a key pair (Node.js)' },
];
const API: readonly SnippetName[] = [
  { file: 'api-jose.mjs', title: 'An API that checks tokens with jose' },
  { file: 'api-okta-jwt-verifier.mjs', title: 'An API that checks tokens with @okta/jwt-verifier' },
  { file: 'api-introspection.mjs', title: 'An API that asks the issuer' },
];

/** What to tell whoever builds the application: its issuer, its addresses, and programs for its kind. */
export function integrationOf(
  application: Application,
  { issuer, apis }: { readonly issuer: string; readonly apis: readonly Api[] },
): Integration {
  const { clientId, settings } = application;
  const [redirectUri] = settings.redirectUris;
  const [audience] = apis.filter(({ identifier }) => settings.apis.includes(identifier));
  return {
    issuer,
    clientId,
    endpoints: endpointsOf(issuer, settings.grantTypes),
    environment: {
      ISSUER: issuer,
      CLIENT_ID: clientId,
      ...(settings.tokenEndpointAuthMethod.startsWith('client_secret_')
        ? { CLIENT_SECRET: '(the client secret)' }
        : {}),
      ...(redirectUri !== undefined && URL.canParse(redirectUri)
        ? { BASE_URL: new URL(redirectUri).origin, SESSION_SECRET: '(32 random characters)', PORT: '3000' }
        : {}),
      ...(audience === undefined ? {} : { AUDIENCE: audience.identifier }),
    },
    snippets: [...ofType(application), ...(audience === undefined ? [] : API)],
  };
}

function ofType({ type, settings }: Application): readonly SnippetName[] {
  const devices = settings.grantTypes.includes('device_code') ? DEVICE : [];
  if (type === 'service') return SERVICE;
  if (type === 'spa') return SPA;
  if (type === 'native') return [...(settings.redirectUris.length === 0 ? [] : NATIVE), ...devices];
  if (settings.profile === 'fapi2') return HIGH_SECURITY;
  return [...WEB, ...(settings.pkce === 'optional' ? WEB_WITHOUT_PKCE : []), ...devices];
}

function endpointsOf(
  issuer: string,
  grants: Application['settings']['grantTypes'],
): Readonly<Record<string, string>> {
  const at = (path: string): string => `${issuer}/oauth2/v1/${path}`;
  const signsIn = grants.includes('authorization_code');
  return {
    metadata: `${issuer}/.well-known/openid-configuration`,
    ...(signsIn ? { authorize: at('authorize') } : {}),
    token: at('token'),
    keys: at('keys'),
    userinfo: at('userinfo'),
    introspect: at('introspect'),
    revoke: at('revoke'),
    ...(signsIn ? { par: at('par'), logout: at('logout') } : {}),
    ...(grants.includes('device_code') ? { device: at('device/authorize') } : {}),
  };
}
