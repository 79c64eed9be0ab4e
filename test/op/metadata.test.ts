import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startAcme, type Acme } from '../support/acme.js';
import { addOrganization, type Organization } from '../support/organization.js';
import { send } from './support/http.js';

let acme: Acme;
let globex: Organization;

beforeAll(async () => {
  acme = await startAcme();
  globex = await addOrganization(acme, 'globex');
});
afterAll(async () => {
  await globex.stop();
  await acme.stop();
});

const metadataOf = async (slug: string): Promise<Readonly<Record<string, unknown>>> =>
  (await send(`${acme.causeway.url}/t/${slug}/.well-known/openid-configuration`)).json;

interface Jwks {
  readonly keys: readonly Readonly<Record<string, string>>[];
}

const keysOf = async (issuer: string): Promise<Jwks['keys']> => {
  const { json } = await send(`${issuer}/oauth2/v1/keys`);
  return (json as unknown as Jwks).keys;
};

describe('metadata (OpenID Connect Discovery 1.0, RFC 8414)', () => {
  test('is complete, and names endpoints where Okta has them', async () => {
    const issuer = acme.app.issuer;
    expect(await metadataOf('acme')).toEqual({
      issuer,
      authorization_endpoint: `${issuer}/oauth2/v1/authorize`,
      token_endpoint: `${issuer}/oauth2/v1/token`,
      jwks_uri: `${issuer}/oauth2/v1/keys`,
      userinfo_endpoint: `${issuer}/oauth2/v1/userinfo`,
      introspection_endpoint: `${issuer}/oauth2/v1/introspect`,
      revocation_endpoint: `${issuer}/oauth2/v1/revoke`,
      end_session_endpoint: `${issuer}/oauth2/v1/logout`,
      pushed_authorization_request_endpoint: `${issuer}/oauth2/v1/par`,
      registration_endpoint: `${issuer}/oauth2/v1/clients`,
      authorization_response_iss_parameter_supported: true,
      claims_parameter_supported: false,
      request_uri_parameter_supported: false,
      response_types_supported: ['code'],
      response_modes_supported: ['form_post', 'fragment', 'query'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      subject_types_supported: ['public'],
      code_challenge_methods_supported: ['S256'],
      id_token_signing_alg_values_supported: ['RS256', 'ES256', 'EdDSA'],
      dpop_signing_alg_values_supported: ['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
      scopes_supported: ['openid', 'offline_access', 'profile', 'email', 'phone'],
      claim_types_supported: ['normal'],
      claims_supported: expect.arrayContaining(['sub', 'roles', 'groups', 'tenant', 'idp', 'acr', 'sid']),
    });
  });

  test('is the same at the location of RFC 8414', async () => {
    const { status, json } = await send(`${acme.causeway.url}/.well-known/oauth-authorization-server/t/acme`);
    expect([status, json]).toEqual([200, await metadataOf('acme')]);
  });

  const service = { clientId: 'bot', type: 'service', clientSecret: 's'.repeat(32) } as const;
  const web = {
    type: 'web',
    redirectUris: ['https://app.example/cb'],
    clientSecret: 's'.repeat(32),
  } as const;

  test.each([
    ['no application', [], 'grant_types_supported', ['authorization_code']],
    ['no application', [], 'scopes_supported', ['openid', 'profile', 'email', 'phone']],
    [
      'no application',
      [],
      'token_endpoint_auth_methods_supported',
      ['client_secret_basic', 'client_secret_post'],
    ],
    ['a service', [service], 'grant_types_supported', ['authorization_code', 'client_credentials']],
    [
      'an application with a key of its own',
      [
        {
          ...service,
          clientId: 'key',
          tokenEndpointAuthMethod: 'private_key_jwt' as const,
          jwks: { keys: [] },
        },
      ],
      'token_endpoint_auth_methods_supported',
      ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    ],
    [
      'a hybrid application',
      [{ ...web, clientId: 'hybrid', responseTypes: ['code', 'code id_token'] as const }],
      'response_types_supported',
      ['code', 'code id_token'],
    ],
    [
      'an application of devices that exchanges tokens, too',
      [
        {
          ...web,
          clientId: 'tv',
          grantTypes: ['authorization_code', 'device_code', 'token_exchange'] as const,
        },
      ],
      'grant_types_supported',
      [
        'authorization_code',
        'urn:ietf:params:oauth:grant-type:device_code',
        'urn:ietf:params:oauth:grant-type:token-exchange',
      ],
    ],
  ])('A-137: lists only what is offered: %s', async (_case, applications, member, expected) => {
    await acme.causeway.apply([{ slug: 'listed', name: 'Listed', applications }]);
    expect((await metadataOf('listed'))[member]).toEqual(expected);
  });

  test.each(['device/authorize', 'bc-authorize', 'register', 'challenge'])(
    'A-137: what is not offered is not served: %s',
    async (endpoint) => {
      for (const method of ['GET', 'POST'])
        expect((await send(`${acme.app.issuer}/oauth2/v1/${endpoint}`, { method })).status).toBe(404);
    },
  );
});

describe('keys', () => {
  test('A-66: have public members only', async () => {
    const keys = await keysOf(acme.app.issuer);
    expect(keys.map(({ kty, alg }) => [kty, alg])).toEqual([
      ['RSA', 'RS256'],
      ['EC', 'ES256'],
      ['OKP', 'EdDSA'],
    ]);
    const allowed = new Set(['kty', 'use', 'kid', 'alg', 'e', 'n', 'crv', 'x', 'y']);
    for (const key of keys) {
      expect(Object.keys(key).filter((member) => !allowed.has(member))).toEqual([]);
      expect(key['use']).toBe('sig');
    }
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(3);
  });

  test('A-67: belong to one tenant', async () => {
    const [own, others] = await Promise.all([keysOf(acme.app.issuer), keysOf(globex.app.issuer)]);
    expect(own.filter(({ kid }) => others.some((other) => other['kid'] === kid))).toEqual([]);
    expect(own.filter(({ n, x }) => others.some((other) => (other['n'] ?? other['x']) === (n ?? x)))).toEqual(
      [],
    );
  });
});

test.each(['/.well-known/openid-configuration', '/oauth2/v1/keys'])(
  'scripts of any origin may ask for %s, with headers of their own',
  async (path) => {
    const { status, headers, text } = await send(`${acme.app.issuer}${path}`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'x-okta-user-agent-extended',
      },
    });
    expect([status, text, headers['vary']]).toEqual([204, '', undefined]);
    expect(headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET,HEAD',
      'access-control-allow-headers': '*',
    });
    expect(headers['access-control-allow-credentials']).toBeUndefined();
  },
);

describe('A-78: caches', () => {
  const PUBLIC = ['/.well-known/openid-configuration', '/oauth2/v1/keys', '/v1/keys'];

  test.each(PUBLIC)('may keep %s for five minutes, the same for everybody', async (path) => {
    const address = `${acme.app.issuer}${path}`;
    const [plain, crossOrigin] = await Promise.all([
      send(address),
      send(address, {
        headers: {
          origin: 'https://evil.example',
          'x-forwarded-host': 'evil.example',
          'x-forwarded-proto': 'https',
          forwarded: 'host=evil.example',
          cookie: 'cw_s_acme=x',
          accept: 'text/html',
        },
      }),
    ]);
    for (const { headers, cookies } of [plain, crossOrigin]) {
      expect(headers['cache-control']).toBe('public, max-age=300');
      expect(headers['access-control-allow-origin']).toBe('*');
      expect(headers['vary']).toBeUndefined();
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(cookies).toEqual([]);
    }
    expect(crossOrigin.text).toBe(plain.text);
  });

  test.each([
    '/.well-known/openid-configuration;x.css',
    '/.well-known/openid-configuration/x.css',
    '/.well-known/openid-configuration/',
    '/.well-known/openid-configuration%2fx.css',
    '/.well-known/OPENID-CONFIGURATION',
    '/oauth2/v1/keys.css',
    '/oauth2/v1/keys/',
    '/oauth2/v1//keys',
    '/oauth2/v1/../v1/keys',
    '/oauth2/v1/Keys',
  ])('are not fooled by another spelling: %s', async (path) => {
    const { status, headers } = await send(`${acme.app.issuer}${path}`);
    expect([status, headers['cache-control']]).toEqual([404, 'no-store']);
  });

  test.each([
    ['GET', '/oauth2/v1/authorize?client_id=grafana'],
    ['GET', '/oauth2/v1/authorize/unknown-interaction'],
    ['GET', '/oauth2/v1/userinfo'],
    ['POST', '/oauth2/v1/token'],
    ['POST', '/oauth2/v1/introspect'],
    ['POST', '/oauth2/v1/revoke'],
    ['POST', '/oauth2/v1/par'],
    ['GET', '/oauth2/v1/logout'],
    ['GET', '/oauth2/v1/logout/success'],
    ['GET', '/sign-in/unknown-interaction'],
    ['GET', '/callback/okta'],
  ])('keep nothing else: %s %s', async (method, path) => {
    const { headers } = await send(`${acme.app.issuer}${path}`, { method });
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['referrer-policy']).toBe('no-referrer');
  });
});

const etagOf = async (issuer: string): Promise<string | undefined> =>
  (await send(`${issuer}/.well-known/openid-configuration`)).headers['etag'];

describe('public documents at their validator (RFC 9110 section 13)', () => {
  const documents = ['/.well-known/openid-configuration', '/oauth2/v1/keys'] as const;

  test.each(documents)('%s is the same each time, and 304 for who has it', async (path) => {
    const address = `${acme.app.issuer}${path}`;
    const [first, second] = [await send(address), await send(address)];
    const told = ({ headers, json }: typeof first) => ({
      json,
      etag: headers['etag'],
      type: headers['content-type'],
      cors: headers['access-control-allow-origin'],
      cache: headers['cache-control'],
      vary: headers['vary'],
    });
    expect(told(second)).toEqual(told(first));
    expect(told(first)).toMatchObject({
      etag: expect.stringMatching(/^"[\w-]{43}"$/),
      cache: 'public, max-age=300',
      vary: undefined,
    });
    const etag = first.headers['etag'] ?? '';
    const again = await send(address, { headers: { 'if-none-match': `"older", ${etag}` } });
    expect([again.status, again.text, again.headers['etag']]).toEqual([304, '', etag]);
    const head = await send(address, { method: 'HEAD' });
    expect([head.status, head.text, head.headers['etag']]).toEqual([200, '', etag]);
    expect((await send(address, { headers: { 'if-none-match': '"older"' } })).status).toBe(200);
  });

  test('another tenant has another, and a change of the configuration makes a new one', async () => {
    const before = await etagOf(globex.app.issuer);
    expect(before).not.toBe(await etagOf(acme.app.issuer));
    const bot = { clientId: 'new-bot', type: 'service', grantTypes: ['client_credentials'] } as const;
    const slug = globex.app.issuer.split('/').at(-1) ?? '';
    await acme.causeway.apply([{ slug, applications: [{ ...bot, clientSecret: 's'.repeat(32) }] }]);
    expect(await etagOf(globex.app.issuer)).not.toBe(before);
  });
});
