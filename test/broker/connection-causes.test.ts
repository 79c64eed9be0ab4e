import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { App } from '../../demo/okta/apps.js';
import { pinKey } from '../../demo/okta/apps.js';
import type { FailureId } from '../../demo/okta/failures/failures.js';
import { DEFAULT_SETTINGS } from '../../demo/okta/settings.js';
import { CONNECTION_CAUSES, type ConnectionCause } from '../../src/domain/connection/diagnosis/cause.js';
import { createSigningKey, publicJwk } from '../../src/keys/signing-keys.js';
import { ADA, BOB, startAcme, type Acme } from '../support/acme.js';
import { apiClient } from '../support/api.js';
import { HttpBrowser, type OktaPerson } from '../support/okta-sign-in.js';
import { causesIn, findings, Testing } from './connection-test-kit.js';

let acme: Acme;
let testing: Testing;
let pristine: App;
/** Signed in at Okta, so that a trip there is a few redirects. */
const browser = new HttpBrowser();

beforeAll(async () => {
  acme = await startAcme({ okta: { customHost: 'login.localhost' } });
  testing = new Testing(acme, await apiClient(acme.causeway));
  const { assignedUsers, assignedGroups, ...app } = acme.okta.org.app('Causeway');
  pristine = { ...structuredClone(app), assignedUsers, assignedGroups };
});
afterAll(() => acme.stop());
beforeEach(async () => {
  const { org } = acme.okta;
  org.heal();
  Object.assign(org.settings, DEFAULT_SETTINGS);
  pinKey(org.app('Causeway'), false);
  Object.assign(org.app('Causeway'), pristine, { redirectUris: [...pristine.redirectUris] });
  await testing.candidate(null);
  await testing.age(120);
});

interface Row {
  /** Goes wrong at Okta, by its name on the control page. */
  readonly fails?: FailureId;
  readonly value?: string;
  /** Is set otherwise at Okta, as an admin there may. */
  readonly app?: (app: App) => void;
  readonly settings?: Partial<typeof DEFAULT_SETTINGS>;
  /** Is set otherwise here. */
  readonly candidate?: () => object;
  readonly typed?: () => string;
  readonly person?: OktaPerson;
  /** What an operator reads on Okta's own page. */
  readonly page?: string;
  /** Begins only when the probes are through. */
  readonly later?: true;
}

const fails = (id: FailureId): Row => ({ fails: id });
const onSignIn = (id: FailureId): Row => ({ fails: id, later: true });
const app = (change: (app: App) => void): Row => ({ app: change });
const issuer = (path: string): Row => ({ candidate: () => ({ issuer: `${acme.okta.issuer}${path}` }) });
const scopes = (...names: string[]): object => ({ settings: { scopes: ['openid', ...names] } });
const typed = (end: string): Row => ({ typed: () => `${acme.okta.issuer}${end}` });

/** Each cause, in every way in which the simulated Okta can bring it about. */
const ROWS: readonly (readonly [ConnectionCause, Row])[] = [
  ['wellknown_suffix', typed('/.well-known/openid-configuration')],
  ['trailing_slash', typed('/')],
  ['address_shortened', typed('/admin/apps/active')],
  ['http', { typed: () => 'http://acme.okta.com' }],
  ['wrong_environment', fails('discovery.unknown_org')],
  ['unreachable', { candidate: () => ({ issuer: 'http://localhost:1' }) }],
  ['unreachable', fails('discovery.connection_reset')],
  ['tls', { candidate: () => ({ issuer: acme.okta.issuer.replace('http:', 'https:') }) }],
  ['metadata_invalid', fails('discovery.html')],
  ['metadata_invalid', fails('discovery.internal_token_endpoint')],
  ['custom_as_missing', issuer('/oauth2/nope')],
  ['no_api_am', { ...issuer('/oauth2/default'), settings: { apiAccessManagement: false } }],
  ['issuer_mismatch', fails('discovery.wrong_issuer')],
  ['issuer_mismatch', app((it) => void (it.issuerMode = 'CUSTOM_URL'))],
  ['issuer_mismatch', onSignIn('id_token.wrong_issuer')],
  ['wrong_authorization_server', onSignIn('id_token.other_server_issuer')],
  ['rate_limited', fails('token.http_429')],
  ['okta_down', fails('keys.http_503')],
  ['okta_down', onSignIn('authorize.server_error')],
  ['response_invalid', fails('token.garbage')],
  ['clock_skew', { fails: 'clock.skew', value: '240' }],
  ['clock_skew', { fails: 'clock.skew', value: '-40' }],
  ['unknown_client', { candidate: () => ({ settings: { clientId: '0oanobody0000000001' } }) }],
  ['unknown_client', app((it) => void (it.status = 'INACTIVE'))],
  ['keys_missing', fails('keys.weak')],
  ['bad_secret', app((it) => void (it.secrets = []))],
  ['auth_method_mismatch', app((it) => void (it.authMethod = 'private_key_jwt'))],
  ['auth_method_mismatch', { candidate: () => ({ settings: { clientAuth: 'private_key_jwt' } }) }],
  ['auth_method_mismatch', fails('token.no_credentials')],
  ['assertion_audience', fails('token.assertion_audience')],
  ['assertion_kid', fails('token.assertion_kid')],
  ['assertion_signature', fails('token.assertion_signature')],
  ['assertion_time', fails('token.assertion_expired')],
  ['grant_disabled', app((it) => void (it.grantTypes = ['refresh_token']))],
  ['grant_disabled', fails('token.grant_disabled')],
  ['dpop_required', onSignIn('token.dpop_required')],
  ['network_zone', app((it) => void (it.networkZone = 'blocked'))],
  ['redirect_uri_mismatch', app((it) => void (it.redirectUris = [`${it.redirectUris[0]}/`]))],
  ['redirect_uri_mismatch', { page: 'redirect_uri' }],
  ['scope_not_configured', issuer('/oauth2/default')],
  ['custom_scope_on_org_as', { candidate: () => scopes('reports:read') }],
  ['state_invalid', fails('par.state_invalid')],
  ['request_refused', fails('par.malformed')],
  ['unknown', fails('par.new_error')],
  ['unknown', { page: 'other' }],
  ['user_not_assigned', { person: BOB }],
  ['user_not_assigned', { page: 'not_assigned' }],
  ['policy_no_match', onSignIn('authorize.policy_no_match')],
  ['app_policy_denied', { page: 'policy' }],
  ['access_denied', onSignIn('authorize.script_in_error')],
  ['unmet_authentication', onSignIn('authorize.mfa_unmet')],
  [
    'assurance_unmet',
    {
      ...onSignIn('id_token.acr_downgrade'),
      candidate: () => ({ settings: { acrValues: ['urn:okta:loa:2fa:any'] } }),
    },
  ],
  ['login_required', onSignIn('authorize.login_required')],
  ['consent_required', onSignIn('authorize.consent_required')],
  ['groups_eval', app((it) => void (it.groupsClaim = expression('Groups.nonsense()')))],
  ['groups_too_many', onSignIn('authorize.groups_too_many')],
  ['groups_missing', app((it) => void (it.groupsClaim = undefined))],
  ['groups_missing', { candidate: () => scopes('profile', 'email') }],
  ['groups_malformed', onSignIn('id_token.groups_malformed')],
  ['thin_token', { settings: { idToken: 'thin' } }],
  ['code_invalid', onSignIn('authorize.wrong_code')],
  ['nonce_mismatch', onSignIn('id_token.wrong_nonce')],
  ['key_unknown', onSignIn('id_token.unknown_kid')],
  ['key_pinned', app((it) => pinKey(it, true))],
  ['token_invalid', onSignIn('id_token.wrong_audience')],
  ['userinfo_mismatch', { ...onSignIn('userinfo.wrong_sub'), settings: { idToken: 'thin' } }],
  ['encrypted_id_token', onSignIn('id_token.encrypted')],
  [
    'post_logout_mismatch',
    {
      candidate: () => ({ settings: { forwardLogout: true } }),
      app: (it) => void (it.postLogoutRedirectUris = []),
    },
  ],
];

/** Nothing that a test of a connection can bring about or see: told elsewhere, by the same table of causes. */
const ELSEWHERE: readonly ConnectionCause[] = [
  'admin_host', // Only at Okta's own hosts: address-check.test.ts.
  'auth_too_old', // A test asks for no age; sign-ins do.
  'browser_lost', // connection-test.test.ts.
  'fbm_suspected',
  'scim_no_traffic',
  'scim_bad_token',
  'scim_underscore_in_base_url',
  'scim_html_from_proxy',
  'scim_same_group_assign_and_push',
  'scim_assigned_before_provisioning',
  'scim_user_name_differs',
  'scim_mode_seen',
];

const expression = (text: string): App['groupsClaim'] => ({
  name: 'groups',
  type: 'EXPRESSION',
  expression: text,
});

test('every cause has its row', () => {
  const named = new Set([...ROWS.map(([cause]) => cause), ...ELSEWHERE]);
  expect(CONNECTION_CAUSES.filter((cause) => !named.has(cause))).toEqual([]);
});

test.each(ROWS)('A17 %s is found and named, with its cure', async (cause, row) => {
  const { org } = acme.okta;
  Object.assign(org.settings, row.settings);
  row.app?.(org.app('Causeway'));
  if (row.candidate !== undefined) await testing.candidate(row.candidate());
  const fail = (): void => {
    if (row.fails !== undefined) org.fail(row.fails, row.value === undefined ? {} : { value: row.value });
  };
  if (row.later !== true) fail();
  let told = await testing.start(row.typed === undefined ? {} : { typedIssuer: row.typed() });
  if (row.later === true) fail();
  if (told.state === 'waiting' && row.page !== undefined) await testing.reportPage(told.id, row.page);
  else if (told.state === 'waiting') {
    const own = row.person === undefined ? browser : new HttpBrowser();
    await testing.signIn(told, row.person ?? ADA, own);
  }
  told = await testing.read(told.id);
  expect([findings(told), causesIn(told)]).toEqual([expect.anything(), expect.arrayContaining([cause])]);
  expect(['passed', 'failed']).toContain(told.state);
  const found = told.checks.find((check) => check.cause === cause);
  expect(found?.cure).toBeDefined();
  if (found?.cure?.mender === 'okta_admin') expect(found.cure.path.length).toBeGreaterThan(0);
  expect(org.errors).toEqual([]);
});

test('private_key_jwt: what Okta really says of other keys, another audience and a clock that is behind', async () => {
  const { org } = acme.okta;
  const connections = acme.tenant.connections ?? [];
  const [okta] = connections;
  if (okta === undefined) throw new Error('Acme has a connection');
  const { clientSecret: _, ...rest } = okta;
  await acme.causeway.apply([
    { ...acme.tenant, connections: [okta, { ...rest, key: 'keyed', clientAuth: 'private_key_jwt' }] },
  ]);
  const keyed = new Testing(acme, testing.api, 'keyed');
  const tenant = await acme.causeway.node.directory.find('acme');
  const [key] = tenant?.publicKeys(tenant.connection('keyed')?.id ?? '') ?? [];
  const kid = key?.['kid'];
  if (key === undefined || typeof kid !== 'string') throw new Error('the connection has a key');
  const asked = org.app('Causeway');
  Object.assign(asked, { authMethod: 'private_key_jwt', jwks: [{ ...key }] });
  asked.redirectUris.push(`${acme.app.issuer}/callback/keyed`);
  const brief = async (): Promise<readonly string[]> => findings(await keyed.start());
  expect(await brief()).toEqual([]);
  asked.jwks = [publicJwk(await createSigningKey('another-key', 'RS256'))];
  expect(await brief()).toContain('client_authentication assertion_kid');
  asked.jwks = [publicJwk(await createSigningKey(kid, 'RS256'))];
  expect(await brief()).toContain('client_authentication assertion_signature');
  asked.jwks = [{ ...key }];
  await keyed.candidate({ type: 'oidc' });
  expect(await brief()).toContain('client_authentication assertion_audience');
  await keyed.candidate(null);
  org.fail('clock.skew', { value: '-300' });
  expect(await brief()).toEqual(['clock clock_skew', 'client_authentication assertion_time']);
});

test('two secrets: one that is refused while the other is taken keeps nobody out', async () => {
  const [stored] = await acme.causeway.node.database.query({
    text: `SELECT client_secret_sealed AS sealed, tenant_id, id FROM connections WHERE key = 'okta'`,
    values: [],
  });
  const tenant = await acme.causeway.node.directory.find('acme');
  const place = {
    tenantId: String(stored?.['tenant_id']),
    table: 'connections',
    column: 'secondary_secret',
    row: String(stored?.['id']),
  };
  await testing.candidate(
    {},
    { secondarySecret: tenant?.vault.seal(place, 'a-secret-that-okta-never-had-0001') ?? '' },
  );
  const told = await testing.start();
  expect([told.state, ...findings(told)]).toEqual(['waiting', 'secondary_secret bad_secret']);
  await testing.signIn(told, ADA, browser);
  expect(await testing.read(told.id)).toMatchObject({ state: 'passed', verdict: 'works_with_warnings' });
});
