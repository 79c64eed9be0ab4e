import type { App } from './apps.js';
import { HostedError, OAuthError } from './errors.js';
import { repeatedParameter, splitScopes } from './http/context.js';
import type { OktaOrg } from './org.js';
import { OIDC_SCOPES, type AuthorizationServer } from './servers.js';
import type { AuthorizeRequest, ResponseMode } from './sessions.js';
import { sayConfigured } from './wording.js';

const STATE = /^[A-Za-z0-9,._-]+$/;
const CHALLENGE = /^[A-Za-z0-9._~-]{43,128}$/;
const SCOPE_MAX = 1_024;
const NEEDS_OPENID = ['profile', 'email', 'address', 'phone', 'groups'];
const RESPONSE_MODES: readonly ResponseMode[] = ['query', 'fragment', 'form_post', 'okta_post_message'];
const PROMPTS = ['none', 'login', 'consent', 'enroll_authenticator'];

/** Okta's own page tells, and the client never hears of it: there is nowhere safe to send an answer to. */
function hosted(message: string, adminLink?: string): HostedError {
  return new HostedError(400, '400 Bad Request', message, adminLink);
}

const invalid = (description: string): OAuthError => new OAuthError(400, 'invalid_request', description);

/**
 * The app of an authorization request and a redirect URI that it may use.
 * @throws HostedError for an unknown client or a redirect URI that isn't registered, to the letter
 */
export function clientOfRequest(org: OktaOrg, params: URLSearchParams): { app: App; redirectUri: string } {
  for (const name of ['client_id', 'redirect_uri']) {
    if (params.getAll(name).length > 1) throw hosted(org.say('duplicate_parameters'));
  }
  const app = org.findApp(params.get('client_id'));
  if (app === undefined || app.status !== 'ACTIVE') throw hosted("Invalid value for 'client_id' parameter.");
  const redirectUri = params.get('redirect_uri');
  if (redirectUri === null || !app.redirectUris.includes(redirectUri)) {
    throw hosted(
      "The 'redirect_uri' parameter must be a Login redirect URI in the client app settings:",
      `${org.issuer}/admin/apps/${app.id}#general`,
    );
  }
  return { app, redirectUri };
}

/** Where the answer goes: the mode that was asked for, when it is one, else the query. */
export function responseModeOf(params: URLSearchParams): ResponseMode {
  return RESPONSE_MODES.find((mode) => mode === params.get('response_mode')) ?? 'query';
}

/** @throws OAuthError `invalid_scope` or `access_denied`, as the kind of server demands */
export function checkScopes(
  org: OktaOrg,
  server: AuthorizationServer,
  app: App,
  scopes: readonly string[],
): void {
  const refused = (id: Parameters<OktaOrg['say']>[0]): OAuthError =>
    new OAuthError(400, 'invalid_scope', org.say(id));
  if (scopes.length === 0) throw refused('no_scopes');
  const refreshAllowed = app.grantTypes.includes('refresh_token') && !app.oin;
  if (scopes.includes('offline_access') && !refreshAllowed) throw refused('scope_not_configured');
  if (server.kind === 'custom') {
    const known = server.scopes.map(({ name }) => name);
    if (app.oin || !scopes.every((scope) => known.includes(scope))) throw refused('scope_not_configured');
  } else {
    const standard = [
      ...OIDC_SCOPES,
      ...(app.oin ? [] : ['groups']),
      ...app.grantedScopes,
    ] as readonly string[];
    if (!scopes.every((scope) => standard.includes(scope))) throw refused('custom_scope_on_org');
  }
  if (!scopes.includes('openid') && scopes.some((scope) => NEEDS_OPENID.includes(scope))) {
    throw new OAuthError(403, 'access_denied', org.say('scope_without_openid'));
  }
}

function checkResponse(org: OktaOrg, app: App, params: URLSearchParams, enrolls: boolean): string {
  const { wording } = org.settings;
  const type = params.get('response_type');
  if (type === null) throw invalid("The request is missing the required parameter 'response_type'.");
  if (!app.grantTypes.includes('authorization_code')) {
    throw new OAuthError(400, 'unauthorized_client', sayConfigured(wording, 'grant type', app.grantTypes));
  }
  if (type !== 'code' && !(enrolls && type === 'none')) {
    throw new OAuthError(400, 'unsupported_response_type', sayConfigured(wording, 'response type', ['code']));
  }
  const mode = params.get('response_mode');
  if (mode !== null && mode !== responseModeOf(params)) {
    throw new OAuthError(400, 'unsupported_response_mode', org.say('response_mode'));
  }
  return type;
}

function checkPkce(org: OktaOrg, app: App, params: URLSearchParams): string | undefined {
  const challenge = params.get('code_challenge');
  const method = params.get('code_challenge_method');
  if (challenge === null) {
    if (app.authMethod === 'none') throw invalid(org.say('pkce_required_public'));
    if (app.pkceRequired) throw invalid(org.say('pkce_required'));
    return undefined;
  }
  if (method !== 'S256') throw invalid(org.say('pkce_method'));
  if (!CHALLENGE.test(challenge)) throw invalid(org.say('pkce_illegal'));
  return challenge;
}

function checkPrompt(params: URLSearchParams): string[] {
  const prompt = splitScopes(params.get('prompt'));
  const alone = prompt.includes('none') || prompt.includes('enroll_authenticator');
  if (!prompt.every((value) => PROMPTS.includes(value)) || (alone && prompt.length > 1)) {
    throw invalid("The 'prompt' parameter contains an invalid value.");
  }
  return prompt;
}

function checkMaxAge(params: URLSearchParams): number | undefined {
  const text = params.get('max_age');
  if (text === null) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw invalid("The 'max_age' parameter must be a non-negative number.");
  return Number(text);
}

interface RequestSource {
  readonly org: OktaOrg;
  readonly server: AuthorizationServer;
  readonly app: App;
  readonly redirectUri: string;
  readonly params: URLSearchParams;
  readonly origin: string;
}

/**
 * Checks everything of an authorization request beyond client and redirect URI.
 * @throws OAuthError that is sent to the redirect URI
 */
export function parseAuthorizeRequest({
  org,
  server,
  app,
  redirectUri,
  params,
  origin,
}: RequestSource): AuthorizeRequest {
  const state = params.get('state') ?? '';
  if (!STATE.test(state)) throw invalid(org.say('state_invalid'));
  if (repeatedParameter(params) !== undefined) throw invalid(org.say('duplicate_parameters'));
  if (params.has('request')) {
    // Okta takes signed request objects; no relying party of the demo sends one.
    throw new OAuthError(400, 'request_not_supported', 'Request objects are not simulated.');
  }
  const prompt = checkPrompt(params);
  const responseType = checkResponse(org, app, params, prompt.includes('enroll_authenticator'));
  const scope = params.get('scope');
  if ((scope ?? '').length > SCOPE_MAX)
    throw new OAuthError(400, 'invalid_scope', 'The scope parameter is too long.');
  const scopes = splitScopes(scope);
  checkScopes(org, server, app, scopes);
  const idp = params.get('idp') ?? undefined;
  if (idp !== undefined && !org.identityProviders.some(({ id }) => id === idp)) {
    throw invalid("The 'idp' parameter is invalid.");
  }
  return {
    clientId: app.clientId,
    serverBase: server.base,
    origin,
    redirectUri,
    responseType,
    responseMode: responseModeOf(params),
    state,
    scopes,
    nonce: params.get('nonce') ?? undefined,
    codeChallenge: checkPkce(org, app, params),
    prompt,
    maxAge: checkMaxAge(params),
    loginHint: params.get('login_hint') ?? undefined,
    acrValues: splitScopes(params.get('acr_values')),
    idp,
  };
}
