import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ADA } from '../support/acme.js';
import { authorizationRequest, post, walk } from '../support/application.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { BoundTokens, codeForm, refreshForm, told } from './support/bound-tokens.js';
import { send } from './support/http.js';
import { proof, type TestKey } from './support/keys.js';

let bound: BoundTokens;
let key: TestKey;
let other: TestKey;

beforeAll(async () => {
  bound = await BoundTokens.start();
  ({ key, other } = bound);
});
afterAll(async () => {
  await bound.acme.stop();
});

describe('a code bound to a key', () => {
  test.each(['dpop_jkt', 'a proof at PAR'])('by %s is redeemed by that key alone', async (way) => {
    const request = authorizationRequest(
      bound.the('app'),
      way === 'dpop_jkt' ? { dpop_jkt: key.thumbprint } : {},
    );
    let { url } = request;
    if (way !== 'dpop_jkt') {
      const dpop = await proof(key, 'POST', bound.endpoint('par'));
      const { body } = await post(bound.the('app'), 'par', Object.fromEntries(url.searchParams), { dpop });
      url = new URL(bound.endpoint('authorize'));
      url.search = new URLSearchParams({
        client_id: 'app',
        request_uri: String(body['request_uri']),
      }).toString();
    }
    const { end } = await walk(new HttpBrowser(), bound.the('app'), url, ADA);
    const form = codeForm(end, request.verifier);
    expect(told(await bound.ask('app', form, undefined))).toEqual([400, 'invalid_grant']);
    expect(told(await bound.ask('app', form, other))).toEqual([400, 'invalid_grant']);
    expect(told(await bound.ask('app', form, key))).toEqual([200, undefined]);
  });

  test('can’t be pushed for another key than the one proved', async () => {
    const request = authorizationRequest(bound.the('app'), { dpop_jkt: other.thumbprint });
    const dpop = await proof(key, 'POST', bound.endpoint('par'));
    const answer = await post(bound.the('app'), 'par', Object.fromEntries(request.url.searchParams), {
      dpop,
    });
    expect(told(answer)).toEqual([400, 'invalid_request']);
  });
});

describe('a refresh token bound to a key', () => {
  test('of a public application is good with that key alone, and a wrong one costs nothing', async () => {
    const { refresh_token: token } = await bound.tokensFor('spa');
    for (const by of [undefined, other])
      expect(told(await bound.refresh('spa', token, by))).toEqual([400, 'invalid_grant']);
    const { status, body } = await bound.refresh('spa', token, key);
    expect([status, body['token_type']]).toEqual([200, 'DPoP']);
  });

  test.each(['spa', 'app'])(
    'within the leeway gives %s the first answer again by the same key',
    async (id) => {
      const { refresh_token: token } = await bound.tokensFor(id);
      const first = await bound.refresh(id, token, key);
      const again = await bound.refresh(id, token, key);
      expect(first.status).toBe(200);
      expect([again.status, again.body]).toEqual([200, first.body]);
      expect(told(await bound.refresh(id, first.body['refresh_token'], key))).toEqual([200, undefined]);
    },
  );

  test.each(['spa', 'app'])('within the leeway gives %s nothing by another key, or by none', async (id) => {
    for (const by of [undefined, other]) {
      const { refresh_token: token } = await bound.tokensFor(id);
      expect((await bound.refresh(id, token, key)).status).toBe(200);
      expect(told(await bound.refresh(id, token, by))).toEqual([400, 'invalid_grant']);
    }
  });

  test('within the leeway takes no proof twice', async () => {
    const { refresh_token: token } = await bound.tokensFor('spa');
    const dpop = await proof(key, 'POST', bound.endpoint('token'));
    expect((await post(bound.the('spa'), 'token', refreshForm(token), { dpop })).status).toBe(200);
    expect(told(await post(bound.the('spa'), 'token', refreshForm(token), { dpop }))).toEqual([
      400,
      'invalid_grant',
    ]);
  });

  test('of two requests at the same time on two nodes has one answer', async () => {
    const { refresh_token: token } = await bound.tokensFor('spa');
    const answers = await Promise.all(
      [bound.acme.causeway.url, bound.sibling.url].map(async (through) =>
        send(bound.endpoint('token'), {
          form: { ...refreshForm(token), client_id: 'spa' },
          headers: { dpop: await proof(key, 'POST', bound.endpoint('token')) },
          through,
        }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[0]?.json['refresh_token']).toBe(answers[1]?.json['refresh_token']);
  });
});
