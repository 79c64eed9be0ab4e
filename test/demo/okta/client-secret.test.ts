import { describe, expect, test } from '@jest/globals';
import type { AppSeed } from '../../../demo/okta/apps.js';
import { anOrg, BAD_CODE, basic, CLIENT_ID, CLIENT_SECRET, jsonOf, post, refusal } from './support.js';

describe('client authentication with a secret', () => {
  test.each<[string, Readonly<Record<string, string>>, Readonly<Record<string, string>>, readonly unknown[]]>(
    [
      ['right, in the body', { client_id: CLIENT_ID, client_secret: CLIENT_SECRET }, {}, BAD_CODE],
      ['right, in the header', {}, basic(CLIENT_SECRET), BAD_CODE],
      [
        'right, form-encoded in the header',
        {},
        basic(CLIENT_SECRET.replaceAll('-', '%2D').replaceAll('_', '%5F')),
        BAD_CODE,
      ],
      [
        'wrong',
        { client_id: CLIENT_ID, client_secret: 'wrong' },
        {},
        [401, 'invalid_client', 'The client secret supplied for a confidential client is invalid.'],
      ],
      ['none', { client_id: CLIENT_ID }, {}, [401, 'invalid_client', 'No client credentials found.']],
      ['nothing at all', {}, {}, [401, 'invalid_client', 'No client credentials found.']],
      [
        'unknown client',
        { client_id: 'nope', client_secret: 'x' },
        {},
        [401, 'invalid_client', "Invalid value for 'client_id' parameter."],
      ],
      [
        'header and body, though equal',
        { client_id: CLIENT_ID, client_secret: CLIENT_SECRET },
        basic(CLIENT_SECRET),
        [400, 'invalid_request', expect.stringMatching(/^Cannot supply multiple client credentials/)],
      ],
      [
        'two grant types',
        { grant_type: 'implicit', client_id: CLIENT_ID, client_secret: CLIENT_SECRET },
        {},
        [
          400,
          'unsupported_grant_type',
          'The authorization grant type is not supported by the authorization server.',
        ],
      ],
      [
        'a grant type that is off',
        { grant_type: 'client_credentials', client_id: CLIENT_ID, client_secret: CLIENT_SECRET },
        {},
        [
          400,
          'unauthorized_client',
          'The client is not authorized to use the provided grant type. ' +
            'Configured grant types: [authorization_code, refresh_token].',
        ],
      ],
    ],
  )('%s', async (_name, form, headers, expected) => {
    const okta = await anOrg();
    expect(await refusal(okta, form, headers)).toEqual(expected);
  });

  test("an unknown client is told in Okta's own form, without `error`", async () => {
    const okta = await anOrg();
    const page = await post(`${okta.url}/oauth2/v1/token`, { client_id: 'nope' });
    expect(jsonOf(page)).toEqual({
      errorCode: 'invalid_client',
      errorSummary: "Invalid value for 'client_id' parameter.",
      errorLink: 'invalid_client',
      errorId: expect.stringMatching(/^oae/),
      errorCauses: [],
    });
    expect(page.headers['x-okta-request-id']).toEqual(expect.any(String));
  });

  test('new wording, and a header that is taken as it stands', async () => {
    const okta = await anOrg({ settings: { wording: 'new', basicCredentials: 'raw' } });
    const encoded = CLIENT_SECRET.replaceAll('-', '%2D');
    expect((await refusal(okta, {}, basic(encoded)))[0]).toBe(401);
    const both = await refusal(
      okta,
      { client_id: CLIENT_ID, client_secret: CLIENT_SECRET },
      basic(CLIENT_SECRET),
    );
    expect(both[2]).toMatch(/^Can't supply multiple client credentials/);
    expect(
      (await refusal(okta, { client_id: CLIENT_ID, client_secret: CLIENT_SECRET, grant_type: 'x' }))[2],
    ).toBe("The grant type in the request isn't supported.");
  });

  test('two secrets work until one is made inactive', async () => {
    const okta = await anOrg();
    const next = okta.org.addSecret(CLIENT_ID);
    const works = async (secret: string) =>
      (await refusal(okta, { client_id: CLIENT_ID, client_secret: secret }))[0] === 400;
    expect([await works(CLIENT_SECRET), await works(next.value)]).toEqual([true, true]);
    okta.org.setSecretStatus(CLIENT_ID, CLIENT_SECRET, 'INACTIVE');
    expect([await works(CLIENT_SECRET), await works(next.value)]).toEqual([false, true]);
    expect(() => okta.org.addSecret(CLIENT_ID)).toThrow('at most two');
  });

  test.each<[string, Partial<AppSeed>]>([
    ['an app with a key', { authMethod: 'private_key_jwt' }],
    ['a public app', { authMethod: 'none' }],
  ])('%s takes no secret', async (_name, change) => {
    const okta = await anOrg();
    Object.assign(okta.org.app(CLIENT_ID), change);
    expect(await refusal(okta, { client_id: CLIENT_ID, client_secret: CLIENT_SECRET })).toEqual([
      401,
      'invalid_client',
      'Client authentication failed. Either the client or the client credentials are invalid.',
    ]);
  });

  test('a blocked network zone', async () => {
    const okta = await anOrg();
    okta.org.app(CLIENT_ID).networkZone = 'blocked';
    expect(await refusal(okta, { client_id: CLIENT_ID, client_secret: CLIENT_SECRET })).toEqual([
      403,
      'access_denied',
      "The request is made from outside the client's permitted network zones.",
    ]);
  });
});
