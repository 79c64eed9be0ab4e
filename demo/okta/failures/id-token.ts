import type { Claims, Failure } from './types.js';

const group = 'ID token: claims';

const claim = (title: string, detail: string, change: (claims: Claims, now: number) => void): Failure => ({
  group,
  title,
  detail,
  effect: { kind: 'claims', change: (claims, { now }) => change(claims, now) },
});

const TEN_YEARS = 10 * 365 * 24 * 3600;

/** ID tokens that are signed well and say the wrong thing. */
export const claimFailures = {
  'id_token.wrong_issuer': {
    group,
    title: 'Wrong issuer',
    detail: '`iss` names another org.',
    value: { label: 'iss', default: 'https://someone-else.okta.com' },
    effect: { kind: 'claims', change: (claims, { value }) => void (claims['iss'] = value) },
  },
  'id_token.issuer_with_slash': claim('Issuer with a slash', '`iss` ends in a slash.', (claims) => {
    claims['iss'] = `${String(claims['iss'])}/`;
  }),
  'id_token.other_server_issuer': claim(
    'Issuer of another authorization server',
    '`iss` is the custom authorization server of the same org.',
    (claims) => {
      claims['iss'] = `${new URL(String(claims['iss'])).origin}/oauth2/aus0therserver000001`;
    },
  ),
  'id_token.wrong_audience': {
    group,
    title: 'Wrong audience',
    detail: '`aud` is another client.',
    value: { label: 'aud', default: '0oaanotherclient0001' },
    effect: { kind: 'claims', change: (claims, { value }) => void (claims['aud'] = value) },
  },
  'id_token.extra_audience': claim(
    'Extra audience',
    '`aud` holds this client and another one, without `azp`.',
    (claims) => {
      claims['aud'] = [claims['aud'], '0oaanotherclient0001'];
    },
  ),
  'id_token.extra_audience_azp': claim(
    'Extra audience with azp',
    '`aud` holds this client and another one, `azp` names this client.',
    (claims) => {
      claims['azp'] = claims['aud'];
      claims['aud'] = [claims['aud'], '0oaanotherclient0001'];
    },
  ),
  'id_token.foreign_azp': claim('Foreign azp', '`azp` names another client.', (claims) => {
    claims['azp'] = '0oaanotherclient0001';
  }),
  'id_token.missing_nonce': claim('No nonce', 'The nonce of the request is left out.', (claims) => {
    delete claims['nonce'];
  }),
  'id_token.wrong_nonce': claim('Wrong nonce', 'Another nonce than the one that was sent.', (claims) => {
    claims['nonce'] = 'nonce-of-another-sign-in';
  }),
  'id_token.expired': claim('Expired', 'Issued two hours ago, expired an hour ago.', (claims, now) => {
    claims['iat'] = now - 7200;
    claims['exp'] = now - 3600;
  }),
  'id_token.not_yet_valid': claim('Not valid yet', '`nbf` is in ten minutes.', (claims, now) => {
    claims['nbf'] = now + 600;
  }),
  'id_token.issued_in_future': claim('Issued in the future', '`iat` is in ten minutes.', (claims, now) => {
    claims['iat'] = now + 600;
    claims['exp'] = now + 600 + 3600;
  }),
  'id_token.stale': claim('Issued long ago', '`iat` is 30 minutes old, `exp` is fine.', (claims, now) => {
    claims['iat'] = now - 1800;
  }),
  'id_token.ten_years': claim('Valid for ten years', '`exp` is ten years ahead.', (claims, now) => {
    claims['exp'] = now + TEN_YEARS;
  }),
  'id_token.no_expiry': claim('No expiry', '`exp` is left out.', (claims) => {
    delete claims['exp'];
  }),
  'id_token.foreign_at_hash': claim(
    'Foreign at_hash',
    '`at_hash` belongs to another access token.',
    (claims) => {
      claims['at_hash'] = 'VGhlIGhhc2ggb2Ygbm90aA';
    },
  ),
  'id_token.missing_sub': claim('No subject', '`sub` is left out.', (claims) => {
    delete claims['sub'];
  }),
  'id_token.empty_sub': claim('Empty subject', '`sub` is an empty string.', (claims) => {
    claims['sub'] = '';
  }),
  'id_token.long_sub': claim('Long subject', '`sub` has 300 characters.', (claims) => {
    claims['sub'] = `00u${'x'.repeat(297)}`;
  }),
  'id_token.control_sub': claim(
    'Control characters in the subject',
    '`sub` holds a NUL and a line end.',
    (claims) => {
      claims['sub'] = `${String(claims['sub'])}\u0000\n`;
    },
  ),
  'id_token.other_sub': {
    group,
    title: 'Another subject',
    detail: '`sub` names someone else (at a refresh: another person than before).',
    value: { label: 'sub', default: '00usomebodyelse00001' },
    effect: { kind: 'claims', change: (claims, { value }) => void (claims['sub'] = value) },
  },
  'id_token.stale_auth_time': claim(
    'Old auth_time',
    '`auth_time` is a day old, whatever `max_age` or `prompt` asked for.',
    (claims, now) => {
      claims['auth_time'] = now - 86_400;
    },
  ),
  'id_token.missing_auth_time': claim('No auth_time', '`auth_time` is left out.', (claims) => {
    delete claims['auth_time'];
  }),
  'id_token.acr_downgrade': claim(
    'Second factor ignored',
    'Whatever `acr_values` asked for, the token says a password sufficed.',
    (claims) => {
      delete claims['acr'];
      claims['amr'] = ['pwd'];
    },
  ),
  'id_token.groups_malformed': claim('Groups are numbers', '`groups` is a list of numbers.', (claims) => {
    claims['groups'] = [1, 2, 3];
  }),
  'id_token.unverified_email': claim('Unverified e-mail', '`email_verified` is false.', (claims) => {
    claims['email_verified'] = false;
  }),
  'id_token.email_verified_text': claim(
    'email_verified as text',
    'The string "true" instead of true.',
    (claims) => {
      claims['email_verified'] = 'true';
    },
  ),
} as const satisfies Readonly<Record<string, Failure>>;
