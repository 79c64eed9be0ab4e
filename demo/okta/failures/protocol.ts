import { HostedError, OAuthError } from '../errors.js';
import { randomText } from '../ids.js';
import { say, type SentenceId } from '../wording.js';
import type { Claims, Failure } from './types.js';

const responseGroup = 'Authorization response';
const tokenGroup = 'Token endpoint';

const callback = (title: string, detail: string, change: (params: URLSearchParams) => void): Failure => ({
  group: responseGroup,
  title,
  detail,
  effect: { kind: 'callback', change },
});

/** The sign-in succeeds at Okta, and the client hears this error instead of getting a code. */
const refused = (error: string, description: string, title: string): Failure =>
  callback(title, `error=${error}: ${description}`, (params) => {
    params.delete('code');
    params.set('error', error);
    params.set('error_description', description);
  });

const sentence = (error: string, id: SentenceId, title: string): Failure =>
  refused(error, say('old', id), title);

const SCRIPT = '<script>alert(1)</script><b>Call +1 555 0100</b>\r\nSet-Cookie: a=b\u202e';

export const responseFailures = {
  'authorize.access_denied': sentence('access_denied', 'user_not_assigned', 'User not assigned'),
  'authorize.policy_no_match': sentence('access_denied', 'policy_no_match', 'No access policy'),
  'authorize.login_required': sentence('login_required', 'not_signed_in', 'Login required'),
  'authorize.consent_required': sentence('consent_required', 'consent_required', 'Consent required'),
  'authorize.mfa_unmet': sentence(
    'unmet_authentication_requirements',
    'loa_unmet',
    'Second factor not possible',
  ),
  'authorize.groups_eval': refused(
    'access_denied',
    "The 'groups' user claim could not be evaluated.",
    'Groups claim not computable',
  ),
  'authorize.groups_too_many': sentence('access_denied', 'groups_too_many', 'Too many groups'),
  'authorize.server_error': refused(
    'server_error',
    'The server encountered an internal error.',
    'Server error',
  ),
  'authorize.temporarily_unavailable': refused(
    'temporarily_unavailable',
    'The server is temporarily unavailable, but should be able to process the request at a later time.',
    'Temporarily unavailable',
  ),
  'authorize.script_in_error': refused('access_denied', SCRIPT, 'Script in the description'),
  'authorize.wrong_state': callback('Wrong state', 'Another `state` than the one that was sent.', (params) =>
    params.set('state', 'state-of-another-sign-in'),
  ),
  'authorize.missing_state': callback('No state', '`state` is left out.', (params) => params.delete('state')),
  'authorize.missing_code': callback('No code', 'Neither a code nor an error.', (params) =>
    params.delete('code'),
  ),
  'authorize.wrong_code': callback('Foreign code', 'A code that this org never issued.', (params) =>
    params.set('code', randomText()),
  ),
  'authorize.duplicate_code': callback('Two codes', 'The parameter comes twice.', (params) =>
    params.append('code', randomText()),
  ),
  'authorize.foreign_iss': {
    group: responseGroup,
    title: 'Foreign iss',
    detail: 'The response names another issuer (RFC 9207), as in a mix-up attack.',
    value: { label: 'iss', default: 'https://attacker.example' },
    effect: { kind: 'callback', change: (params, { value }) => params.set('iss', value) },
  },
  'authorize.app_policy': {
    group: responseGroup,
    title: 'Sign-on policy denies',
    detail: "Okta's own page says no; the client hears nothing.",
    effect: {
      kind: 'refusal',
      endpoint: 'authorize',
      error: () =>
        new HostedError(
          403,
          'Access Denied',
          'You are not allowed to access this app. To request access, contact an admin.',
        ),
    },
  },
} as const satisfies Readonly<Record<string, Failure>>;

const tokenRefusal = (title: string, detail: string, error: () => OAuthError): Failure => ({
  group: tokenGroup,
  title,
  detail,
  effect: { kind: 'refusal', endpoint: 'token', error },
});

const tokens = (title: string, detail: string, change: (body: Claims) => void): Failure => ({
  group: tokenGroup,
  title,
  detail,
  effect: { kind: 'tokens', change },
});

export const tokenFailures = {
  'token.network_zone': tokenRefusal(
    'Network zone',
    '403: the client is outside its permitted network zones.',
    () => new OAuthError(403, 'access_denied', say('old', 'network_zone')),
  ),
  'token.dpop_required': tokenRefusal(
    'DPoP required',
    '400 invalid_dpop_proof: the app takes no token requests without DPoP.',
    () => new OAuthError(400, 'invalid_dpop_proof', say('old', 'dpop_missing')),
  ),
  'token.dpop_nonce': tokenRefusal(
    'DPoP nonce required',
    '400 use_dpop_nonce, with a nonce to use.',
    () => new OAuthError(400, 'use_dpop_nonce', say('old', 'dpop_nonce'), { 'dpop-nonce': randomText(16) }),
  ),
  'token.invalid_grant': tokenRefusal(
    'Code refused',
    '400 invalid_grant, as for a used or old code.',
    () => new OAuthError(400, 'invalid_grant', say('old', 'bad_code')),
  ),
  'token.invalid_client': tokenRefusal(
    'Secret refused',
    '401 invalid_client, as for a wrong secret.',
    () => new OAuthError(401, 'invalid_client', say('old', 'bad_secret')),
  ),
  'token.no_id_token': tokens('No ID token', 'The answer holds only an access token.', (body) => {
    delete body['id_token'];
  }),
  'token.no_access_token': tokens('No access token', 'The answer holds only an ID token.', (body) => {
    delete body['access_token'];
  }),
  'token.wrong_type': tokens('Unknown token type', '`token_type` is `mac`.', (body) => {
    body['token_type'] = 'mac';
  }),
  'token.error_with_200': tokens(
    'Error with status 200',
    'An OAuth error, but the status says all is well.',
    (body) => {
      for (const key of Object.keys(body)) delete body[key];
      body['error'] = 'invalid_grant';
    },
  ),
} as const satisfies Readonly<Record<string, Failure>>;

export const otherFailures = {
  'userinfo.wrong_sub': {
    group: 'Userinfo',
    title: 'Another subject',
    detail: "`sub` isn't the one of the ID token.",
    value: { label: 'sub', default: '00usomebodyelse00001' },
    effect: { kind: 'userinfo', change: (body, { value }) => void (body['sub'] = value) },
  },
  'userinfo.missing_sub': {
    group: 'Userinfo',
    title: 'No subject',
    detail: '`sub` is left out.',
    effect: { kind: 'userinfo', change: (body) => void delete body['sub'] },
  },
  'userinfo.unauthorized': {
    group: 'Userinfo',
    title: 'Access token refused',
    detail: '401 with a WWW-Authenticate header.',
    effect: {
      kind: 'refusal',
      endpoint: 'userinfo',
      error: () =>
        new OAuthError(401, 'invalid_token', 'The access token is invalid.', {
          'WWW-Authenticate':
            'Bearer error="invalid_token", error_description="The access token is invalid."',
        }),
    },
  },
  'groups.foreign_next': {
    group: 'Groups API',
    title: 'Next page elsewhere',
    detail: 'The `next` link leads to a foreign host, which would get the token.',
    value: { label: 'next link', default: 'https://attacker.example/api/v1/groups?after=1' },
    effect: { kind: 'paging', change: (_next, { value }) => value },
  },
  'groups.endless': {
    group: 'Groups API',
    title: 'Endless pages',
    detail: 'The last page has a `next` link to the first.',
    effect: { kind: 'paging', change: (next, { issuer }) => next ?? `${issuer}/api/v1/groups?limit=200` },
  },
  'groups.many': {
    group: 'Groups API',
    title: 'In 150 groups more',
    detail:
      'This person (by login; `*`: everybody), until it is ended: too many for the groups claim, which is an error ' +
      'then. The API tells them all.',
    value: { label: 'login', default: '*' },
    effect: { kind: 'memberships', count: 150 },
  },
  'clock.skew': {
    group: 'Clock',
    title: 'Clock is wrong',
    detail: "The org's clock (tokens, Date header) differs by this many seconds; negative: it is slow.",
    value: { label: 'seconds', default: '300' },
    effect: { kind: 'clock' },
  },
} as const satisfies Readonly<Record<string, Failure>>;
