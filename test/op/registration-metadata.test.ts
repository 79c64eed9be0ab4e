import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startAcme, type Acme } from '../support/acme.js';
import { ask, initialAccess, type ClientAnswer } from './support/registration.js';

const CALLBACK = 'https://app.example/cb';

let acme: Acme;
let clients: string;
let anything: string;

const service = { application_type: 'service', grant_types: ['client_credentials'] };
const publicKey = (): object =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });

beforeAll(async () => {
  acme = await startAcme();
  clients = `${acme.app.issuer}/oauth2/v1/clients`;
  anything = (
    await initialAccess(acme.causeway, 'acme', {
      types: ['web', 'spa', 'native', 'service'],
      grants: ['authorization_code', 'refresh_token', 'client_credentials'],
    })
  ).token;
});
afterAll(() => acme.stop());

const post = (token: string, body: object | string): Promise<ClientAnswer> => ask(clients, { token, body });

describe('client metadata that can’t be', () => {
  const web = { redirect_uris: [CALLBACK] };
  const keyed = { ...service, token_endpoint_auth_method: 'private_key_jwt' };

  test.each<[string, object, string, RegExp]>([
    [
      'no redirect URI',
      { redirect_uris: [] },
      'invalid_redirect_uri',
      /^redirect_uris: authorization_code needs/,
    ],
    [
      'a plain http one',
      { redirect_uris: ['http://app.example/cb'] },
      'invalid_redirect_uri',
      /^redirect_uris\[0\]: must be https/,
    ],
    [
      'a wildcard',
      { redirect_uris: [CALLBACK, 'https://*.app.example/cb'] },
      'invalid_redirect_uri',
      /redirect_uris\[1\]/,
    ],
    ['a fragment', { redirect_uris: [`${CALLBACK}#x`] }, 'invalid_redirect_uri', /fragment/],
    ['script', { redirect_uris: ['javascript:alert(1)'] }, 'invalid_redirect_uri', /redirect_uris\[0\]/],
    ['credentials', { redirect_uris: ['https://a:b@app.example/'] }, 'invalid_redirect_uri', /credentials/],
    [
      'a list of none',
      { redirect_uris: CALLBACK },
      'invalid_client_metadata',
      /redirect_uris must be a list/,
    ],
    ['numbers', { redirect_uris: [1] }, 'invalid_client_metadata', /redirect_uris must hold addresses/],
    [
      'an unknown type',
      { ...web, application_type: 'robot' },
      'invalid_client_metadata',
      /web, browser, native, service/,
    ],
    [
      'a type of the language',
      { ...web, application_type: 'toString' },
      'invalid_client_metadata',
      /application_type/,
    ],
    [
      'the password grant',
      { ...web, grant_types: ['password'] },
      'invalid_client_metadata',
      /grant_types must be among/,
    ],
    ['the implicit grant', { ...web, grant_types: ['implicit'] }, 'invalid_client_metadata', /grant_types/],
    [
      'A-58 tokens in addresses',
      { ...web, response_types: ['token'] },
      'invalid_client_metadata',
      /response_types/,
    ],
    [
      'A-58 ID Tokens in addresses',
      { ...web, response_types: ['code id_token'] },
      'invalid_client_metadata',
      /operator/,
    ],
    [
      'an unknown method',
      { ...web, token_endpoint_auth_method: 'tls_client_auth' },
      'invalid_client_metadata',
      /client_secret_basic, client_secret_post, private_key_jwt, none/,
    ],
    [
      'a service without proof',
      { ...service, token_endpoint_auth_method: 'none' },
      'invalid_client_metadata',
      /proves itself/,
    ],
    [
      'a service that signs people in',
      {
        ...service,
        ...web,
        grant_types: ['client_credentials', 'authorization_code'],
        response_types: ['code'],
      },
      'invalid_client_metadata',
      /signs nobody in/,
    ],
    ['a key without keys', keyed, 'invalid_client_metadata', /jwks: private_key_jwt needs jwks or jwks_uri/],
    [
      'jwks and jwks_uri',
      { ...keyed, jwks: { keys: [publicKey()] }, jwks_uri: 'https://app.example/k' },
      'invalid_client_metadata',
      /not both/,
    ],
    [
      'A-66 a private key',
      {
        ...keyed,
        jwks: {
          keys: [generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })],
        },
      },
      'invalid_client_metadata',
      /jwks\.keys\[0\]: is a private or symmetric key/,
    ],
    [
      'A-66 a symmetric key',
      { ...keyed, jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } },
      'invalid_client_metadata',
      /private or symmetric/,
    ],
    [
      'a key that is none',
      { ...keyed, jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }] } },
      'invalid_client_metadata',
      /no EC key/,
    ],
    [
      'a short key',
      {
        ...keyed,
        jwks: {
          keys: [generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })],
        },
      },
      'invalid_client_metadata',
      /2048 bits/,
    ],
    ['no keys', { ...keyed, jwks: { keys: [] } }, 'invalid_client_metadata', /1 to 50/],
    ['keys as text', { ...keyed, jwks: '{"keys":[]}' }, 'invalid_client_metadata', /jwks must be/],
    [
      'keys elsewhere in clear',
      { ...keyed, jwks_uri: 'http://app.example/k' },
      'invalid_client_metadata',
      /jwks_uri: must be https/,
    ],
    [
      'an unsigned ID Token',
      { ...web, id_token_signed_response_alg: 'none' },
      'invalid_client_metadata',
      /RS256, ES256, EdDSA/,
    ],
    [
      'a symmetric ID Token',
      { ...web, id_token_signed_response_alg: 'HS256' },
      'invalid_client_metadata',
      /RS256/,
    ],
    [
      'pairwise subjects',
      { ...web, subject_type: 'pairwise' },
      'invalid_client_metadata',
      /subject_type must be public/,
    ],
    [
      'a DPoP that is a word',
      { ...web, dpop_bound_access_tokens: 'yes' },
      'invalid_client_metadata',
      /true or false/,
    ],
    [
      'a logout elsewhere in clear',
      { ...web, backchannel_logout_uri: 'http://app.example/x' },
      'invalid_client_metadata',
      /^backchannel_logout_uri: must be https/,
    ],
    [
      'a name with commands',
      { ...web, client_name: 'Bank\u202egnab' },
      'invalid_client_metadata',
      /client_name/,
    ],
    ['a long name', { ...web, client_name: 'x'.repeat(201) }, 'invalid_client_metadata', /client_name/],
    ['a client_id with a slash', { ...web, client_id: 'a/b' }, 'invalid_client_metadata', /client_id/],
    ['a client_id of dots', { ...web, client_id: '..' }, 'invalid_client_metadata', /client_id/],
    ['an odd scope', { ...web, scope: 'a"b' }, 'invalid_client_metadata', /scope/],
    ['a scope list', { ...web, scope: ['openid'] }, 'invalid_client_metadata', /scope must be a text/],
  ])('%s', async (_case, metadata, error, description) => {
    const { status, body } = await post(anything, metadata);
    expect([status, body['error']]).toEqual([400, error]);
    expect(body['error_description']).toMatch(description);
  });

  test.each<[string, string | object]>([
    ['no JSON', '{'],
    ['nothing', ''],
    ['a text', '"x"'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a number', '1'],
    ['A-93 a name twice', '{"client_name":"a","client_name":"b"}'],
    ['A-93 deep nesting', '['.repeat(60_000)],
    ['A-88 __proto__', '{"__proto__":{"application_type":"service"}}'],
    ['A-88 __proto__ in a key', '{"jwks":{"keys":[{"__proto__":{"d":"x"},"kty":"EC"}]}}'],
    ['A-88 constructor', { constructor: { prototype: { polluted: true } } }],
  ])('%s', async (_case, text) => {
    const { status, body } = await post(anything, text);
    expect([status, body['error']]).toEqual([400, 'invalid_client_metadata']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('a form', async () => {
    const form = await ask(clients, {
      token: anything,
      body: 'application_type=service',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect([form.status, form.body['error_description']]).toEqual([
      400,
      expect.stringMatching(/application\/json/),
    ]);
  });

  test('more than 64 KiB, told or not', async () => {
    const large = JSON.stringify({ ...service, anything: 'x'.repeat(65_536) });
    expect((await post(anything, large)).status).toBe(413);
    const chunked = await ask(clients, {
      token: anything,
      body: large,
      headers: { 'transfer-encoding': 'chunked' },
    });
    expect([chunked.status, chunked.body['error']]).toEqual([413, 'invalid_client_metadata']);
    expect((await post(anything, service)).status).toBe(201);
  });

  test.each(['GET', 'PUT', 'DELETE', 'OPTIONS'])('%s is no way to register', async (method) => {
    const { status, headers } = await ask(clients, { method, token: anything });
    expect([status, headers['allow']]).toEqual([405, 'POST']);
  });
});
