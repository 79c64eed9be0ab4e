import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { FAILURES } from '../../demo/okta/failures/failures.js';
import type { FailureId } from '../../demo/okta/failures/failures.js';
import type { RunningOktaOrg } from '../../demo/okta/server.js';
import { plainText } from '../../src/core/text.js';
import type { UpstreamCause } from '../../src/domain/connection/diagnosis/cause.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { aKit, closeKits, refusal } from './kit.js';
import type { Kit } from './kit.js';
import { anOrg, partyOf, signInByOkta } from './okta-kit.js';

let okta: RunningOktaOrg;
let kit: Kit;
/** Signed in at Okta, so that a trip there is a few redirects. */
const browser = new HttpBrowser();

beforeAll(async () => {
  okta = await anOrg();
});
afterAll(async () => {
  await closeKits();
  await okta.stop();
});
beforeEach(() => {
  okta.org.heal();
  okta.org.settings.idToken = 'fat';
  kit = aKit();
});

/** What each trouble at Okta is called. */
const NAMED: Partial<Record<FailureId, UpstreamCause>> = {
  'id_token.wrong_issuer': 'issuer_mismatch',
  'id_token.issuer_with_slash': 'wrong_authorization_server',
  'id_token.other_server_issuer': 'wrong_authorization_server',
  'id_token.wrong_audience': 'token_invalid',
  'id_token.extra_audience': 'token_invalid',
  'id_token.extra_audience_azp': 'token_invalid',
  'id_token.foreign_azp': 'token_invalid',
  'id_token.missing_nonce': 'nonce_mismatch',
  'id_token.wrong_nonce': 'nonce_mismatch',
  'id_token.expired': 'token_invalid',
  'id_token.not_yet_valid': 'token_invalid',
  'id_token.issued_in_future': 'token_invalid',
  'id_token.stale': 'token_invalid',
  'id_token.ten_years': 'token_invalid',
  'id_token.no_expiry': 'token_invalid',
  'id_token.foreign_at_hash': 'token_invalid',
  'id_token.missing_sub': 'token_invalid',
  'id_token.empty_sub': 'token_invalid',
  'id_token.long_sub': 'token_invalid',
  'id_token.control_sub': 'token_invalid',
  'id_token.bad_signature': 'token_invalid',
  'id_token.foreign_key': 'token_invalid',
  'id_token.unknown_kid': 'key_unknown',
  'id_token.no_kid': 'key_unknown',
  'id_token.kid_is_a_path': 'key_unknown',
  'id_token.huge_kid': 'key_unknown',
  'id_token.embedded_key': 'token_invalid',
  'id_token.alg_none': 'token_invalid',
  'id_token.alg_hs256': 'token_invalid',
  'id_token.alg_hs256_secret': 'token_invalid',
  'id_token.alg_es256': 'token_invalid',
  'id_token.alg_rs512': 'token_invalid',
  'id_token.access_token_type': 'token_invalid',
  'id_token.logout_token_type': 'token_invalid',
  'id_token.encrypted': 'encrypted_id_token',
  'id_token.garbage': 'token_invalid',
  'discovery.wrong_issuer': 'issuer_mismatch',
  'discovery.unknown_org': 'metadata_invalid',
  'discovery.foreign_token_endpoint': 'metadata_invalid',
  'discovery.internal_token_endpoint': 'metadata_invalid',
  'discovery.foreign_jwks_uri': 'metadata_invalid',
  'discovery.internal_jwks_uri': 'metadata_invalid',
  'discovery.foreign_userinfo': 'metadata_invalid',
  'discovery.foreign_authorize': 'metadata_invalid',
  'discovery.script_authorize': 'metadata_invalid',
  'discovery.no_token_endpoint': 'metadata_invalid',
  'discovery.no_jwks_uri': 'metadata_invalid',
  'discovery.only_alg_none': 'metadata_invalid',
  'discovery.wrong_types': 'metadata_invalid',
  'discovery.claims_response_iss': 'issuer_mismatch',
  'keys.ten_thousand': 'response_invalid',
  'keys.no_kid': 'key_unknown',
  'keys.malformed': 'keys_missing',
  'keys.weak': 'keys_missing',
  'authorize.access_denied': 'user_not_assigned',
  'authorize.policy_no_match': 'policy_no_match',
  'authorize.login_required': 'login_required',
  'authorize.consent_required': 'consent_required',
  'authorize.mfa_unmet': 'unmet_authentication',
  'authorize.groups_eval': 'groups_eval',
  'authorize.groups_too_many': 'groups_too_many',
  'authorize.server_error': 'okta_down',
  'authorize.temporarily_unavailable': 'okta_down',
  'authorize.script_in_error': 'access_denied',
  'authorize.wrong_state': 'nonce_mismatch',
  'authorize.missing_state': 'nonce_mismatch',
  'authorize.missing_code': 'response_invalid',
  'authorize.wrong_code': 'code_invalid',
  'authorize.duplicate_code': 'response_invalid',
  'authorize.foreign_iss': 'issuer_mismatch',
  'token.network_zone': 'network_zone',
  'token.dpop_required': 'dpop_required',
  'token.dpop_nonce': 'dpop_required',
  'token.invalid_grant': 'code_invalid',
  'token.invalid_client': 'bad_secret',
  'token.no_credentials': 'auth_method_mismatch',
  'token.authentication_failed': 'auth_method_mismatch',
  'token.assertion_audience': 'assertion_audience',
  'token.assertion_kid': 'assertion_kid',
  'token.assertion_signature': 'assertion_signature',
  'token.assertion_expired': 'assertion_time',
  'token.grant_disabled': 'grant_disabled',
  'token.no_id_token': 'response_invalid',
  'token.no_access_token': 'token_invalid',
  'token.wrong_type': 'response_invalid',
  'token.error_with_200': 'response_invalid',
  'userinfo.wrong_sub': 'userinfo_mismatch',
  'userinfo.missing_sub': 'userinfo_mismatch',
  'userinfo.unauthorized': 'response_invalid',
  'clock.skew': 'clock_skew',
};

/** What a broken answer is called, at any endpoint; garbage where metadata should be is a wrong address. */
const BROKEN: Readonly<Record<string, UpstreamCause>> = {
  http_429: 'rate_limited',
  http_500: 'okta_down',
  http_502: 'okta_down',
  http_503: 'okta_down',
  connection_reset: 'unreachable',
  lost_answer: 'unreachable',
  redirect: 'response_invalid',
  cut_short: 'response_invalid',
  huge_body: 'response_invalid',
  gzip_bomb: 'response_invalid',
  garbage: 'response_invalid',
  html: 'response_invalid',
  truncated: 'response_invalid',
  empty: 'response_invalid',
};

const broken = (endpoint: string): [FailureId, UpstreamCause][] =>
  [...FAILURES.keys()].flatMap((id): [FailureId, UpstreamCause][] => {
    const [at, fault = ''] = id.split('.');
    const cause = at === endpoint ? BROKEN[fault] : undefined;
    if (cause === undefined || id === 'keys.empty') return [];
    return [[id, endpoint === 'discovery' && cause === 'response_invalid' ? 'metadata_invalid' : cause]];
  });

const cases = [
  ...[...FAILURES.keys()].flatMap((id): [FailureId, UpstreamCause][] => {
    const cause = NAMED[id];
    return cause === undefined ? [] : [[id, cause]];
  }),
  ...['discovery', 'keys', 'token', 'userinfo'].flatMap(broken),
];

/** Documents that were sound when they were fetched: the next node, or the next minutes, bring others. */
const KEPT: readonly FailureId[] = ['discovery.claims_response_iss', 'keys.no_kid'];

test.each(cases)('%s is %s, and the next sign-in works', async (id, cause) => {
  okta.org.settings.idToken = id.startsWith('userinfo.') ? 'thin' : 'fat';
  okta.org.fail(id);
  const error = await refusal(signInByOkta(kit.rp, partyOf(okta), { browser }));
  expect(error.reason).toBe(cause);
  expect(error.message).toBe(plainText(error.message, 400));
  okta.org.heal();
  const { rp } = KEPT.includes(id) ? aKit() : kit;
  await signInByOkta(rp, partyOf(okta), { browser });
});

test('F-08 a provider that never finishes is given 5 s, at whichever endpoint', async () => {
  const slow = [...FAILURES.keys()].filter((id) =>
    /^(?:discovery|keys|token|userinfo)\.(?:no_answer|slow_drip)$/.test(id),
  );
  expect(slow).toHaveLength(8);
  const timings = await Promise.all(
    slow.map(async (id) => {
      const org = await anOrg({}, { settings: { idToken: 'thin' } });
      org.org.fail(id);
      const started = performance.now();
      const error = await refusal(signInByOkta(aKit().rp, partyOf(org)));
      const ms = performance.now() - started;
      await org.stop();
      return [id, error.reason, ms < 9_000] as const;
    }),
  );
  expect(timings).toEqual(slow.map((id) => [id, 'okta_down', true]));
}, 30_000);

describe('what is no fault', () => {
  test.each<[id: FailureId, verified: boolean]>([
    ['id_token.unverified_email', false],
    ['id_token.email_verified_text', false],
    ['keys.duplicate_kid', true],
  ])('A-02 A-28 %s', async (id, verified) => {
    okta.org.fail(id);
    const { identity } = await signInByOkta(kit.rp, partyOf(okta), { browser });
    expect(identity.profile.emailVerified).toBe(verified);
  });

  test('A-33 an old or missing auth_time, unless an age was asked', async () => {
    for (const id of ['id_token.stale_auth_time', 'id_token.missing_auth_time'] as const) {
      okta.org.fail(id);
      await signInByOkta(kit.rp, partyOf(okta), { browser });
      const error = await refusal(signInByOkta(kit.rp, partyOf(okta), { request: { maxAgeSeconds: 300 } }));
      expect(error.reason).toBe('auth_too_old');
      okta.org.heal();
    }
  });

  test('A-32 a second factor that was ignored, unless it was asked', async () => {
    okta.org.fail('id_token.acr_downgrade');
    await signInByOkta(kit.rp, partyOf(okta), { browser });
    const error = await refusal(signInByOkta(kit.rp, partyOf(okta, { acrValues: ['urn:okta:loa:2fa:any'] })));
    expect(error.reason).toBe('assurance_unmet');
  });
});

test('A-28 keys that sign nothing', async () => {
  okta.org.fail('keys.replaced');
  const error = await refusal(signInByOkta(kit.rp, partyOf(okta), { browser }));
  // The simulator's decoys are random numbers: some are too short to be keys at all.
  expect(['key_unknown', 'keys_missing']).toContain(error.reason);
});

test('every trouble that the simulator knows, and that a relying party can meet, is in a table here', () => {
  const told = new Set<string>([
    ...cases.map(([id]) => id),
    'id_token.other_sub', // a signed statement: nothing says that it isn't so
    'id_token.stale_auth_time',
    'id_token.missing_auth_time',
    'id_token.acr_downgrade',
    'id_token.groups_malformed', // a note: the claim counts as absent
    'id_token.unverified_email',
    'id_token.email_verified_text',
    'keys.duplicate_kid',
    'keys.empty',
    'keys.replaced',
    'authorize.app_policy', // Okta's own page: the browser never comes back
  ]);
  const others = [...FAILURES.keys()].filter(
    (id) =>
      !told.has(id) &&
      !/^(?:groups|introspect|revoke|par|logout)\./.test(id) &&
      !/\.(?:no_answer|slow_drip)$/.test(id) &&
      !(id.startsWith('authorize.') && FAILURES.get(id)?.effect.kind === 'answer'),
  );
  expect(others).toEqual([]);
});
