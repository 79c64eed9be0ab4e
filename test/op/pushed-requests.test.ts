import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ADA, APP_SECRET, startAcme, type Acme } from '../support/acme.js';
import {
  authorizationRequest,
  claimsOf,
  post,
  redeem,
  refresh,
  walk,
  type AuthorizationRequest,
  type TestApplication,
  type TokenAnswer,
} from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import type { TestNode } from '../support/node.js';
import { HttpBrowser, type Page } from '../support/okta-sign-in.js';
import { addOrganization, type Organization } from '../support/organization.js';
import { leave, signThere, travelOurs } from '../support/trip.js';
import { cookiesOf } from './support/session.js';
import { send } from './support/http.js';

let acme: Acme;
let globex: Organization;
let ledger: Ledger;
let sibling: TestNode;
let app: TestApplication;
let other: TestApplication;
let spa: TestApplication;
let browser: HttpBrowser;

beforeAll(async () => {
  acme = await startAcme();
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  sibling = await acme.causeway.sibling();
  const redirectUris = ['https://app.example/cb'];
  const applications = [
    { clientId: 'app', type: 'web', clientSecret: APP_SECRET, redirectUris },
    { clientId: 'other', type: 'web', clientSecret: APP_SECRET, redirectUris },
    { clientId: 'spa', type: 'spa', redirectUris },
    { clientId: 'pushes', type: 'web', clientSecret: APP_SECRET, redirectUris, requirePushedRequests: true },
    { clientId: 'spa-pushes', type: 'spa', redirectUris, requirePushedRequests: true },
  ] as const;
  await acme.causeway.apply([{ slug: 'acme', applications }]);
  globex = await addOrganization(acme, 'globex', {
    okta: { users: [{ login: ADA.username }] },
    tenant: { applications },
  });
  app = {
    issuer: acme.app.issuer,
    clientId: 'app',
    clientSecret: APP_SECRET,
    redirectUri: 'https://app.example/cb',
  };
  other = { ...app, clientId: 'other' };
  spa = { issuer: app.issuer, clientId: 'spa', redirectUri: app.redirectUri };
});
afterAll(async () => {
  await ledger.close();
  await globex.stop();
  await acme.stop();
});
beforeEach(() => {
  browser = new HttpBrowser();
});

type Params = Readonly<Record<string, string | undefined>>;

interface Pushed {
  readonly answer: TokenAnswer;
  readonly request: AuthorizationRequest;
  readonly requestUri: string;
}

/** Pushes an authorization request (RFC 9126). */
async function push(application = app, params: Params = {}): Promise<Pushed> {
  const request = authorizationRequest(application, params);
  const answer = await post(application, 'par', Object.fromEntries(request.url.searchParams));
  return { answer, request, requestUri: String(answer.body['request_uri']) };
}

/** The authorization request that names a pushed one. */
function addressOf(requestUri: string, application = app, more: Readonly<Record<string, string>> = {}): URL {
  const url = new URL(`${application.issuer}/oauth2/v1/authorize`);
  for (const [name, value] of Object.entries({
    client_id: application.clientId,
    request_uri: requestUri,
    ...more,
  }))
    url.searchParams.set(name, value);
  return url;
}

const codeAt = (page: Page): string => page.location?.searchParams.get('code') ?? '';

/** A refusal that gives nothing: a page, or an error at the application. */
function expectNothing(page: Page): void {
  expect(codeAt(page)).toBe('');
  expect(page.status === 400 || page.location?.searchParams.has('error') === true).toBe(true);
}

describe('a pushed request', () => {
  test('is answered with a name for it, which stands for the whole of it', async () => {
    const { answer, request, requestUri } = await push(app, { state: 'pushed', scope: 'openid email' });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      request_uri: expect.stringMatching(/^urn:ietf:params:oauth:request_uri:[\w-]{43}$/),
      expires_in: 60,
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const { end } = await walk(browser, app, addressOf(requestUri), ADA);
    expect(end?.searchParams.get('state')).toBe('pushed');
    expect(end?.searchParams.get('iss')).toBe(app.issuer);
    const { body } = await redeem(app, end?.searchParams.get('code') ?? '', request.verifier);
    expect(body['scope']).toBe('openid email');
    expect(claimsOf(body['id_token'])['nonce']).toBe(request.nonce);
  });

  test.each([
    ['app', () => app],
    ['spa', () => spa],
  ])('asks for offline access without a prompt: %s', async (_name, application) => {
    const { request, requestUri } = await push(application(), { scope: 'openid offline_access' });
    const { end } = await walk(browser, application(), addressOf(requestUri, application()), ADA);
    const { body } = await redeem(application(), end?.searchParams.get('code') ?? '', request.verifier);
    expect((await refresh(application(), body['refresh_token'])).status).toBe(200);
  });

  test('what stands beside its name in the address counts nothing', async () => {
    const { request, requestUri } = await push(app, { scope: 'openid', state: 'pushed' });
    const address = addressOf(requestUri, app, {
      scope: 'openid email offline_access',
      state: 'edited',
      redirect_uri: 'https://evil.example/cb',
      nonce: 'edited',
    });
    const { end } = await walk(browser, app, address, ADA);
    expect(end?.href.startsWith(app.redirectUri)).toBe(true);
    expect(end?.searchParams.get('state')).toBe('pushed');
    const { body } = await redeem(app, end?.searchParams.get('code') ?? '', request.verifier);
    expect(body['scope']).toBe('openid');
    expect(claimsOf(body['id_token'])['nonce']).toBe(request.nonce);
  });

  test.each<[string, Params, string]>([
    ['another redirect URI', { redirect_uri: 'https://evil.example/cb' }, 'invalid_request'],
    ['no redirect URI', { redirect_uri: undefined }, 'invalid_request'],
    ['no PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
    [
      'a pushed request inside',
      { request_uri: 'urn:ietf:params:oauth:request_uri:x' },
      'request_uri_not_supported',
    ],
    ['a request object', { request: 'x.y.z' }, 'request_not_supported'],
    ['an unknown API', { resource: 'https://nobody.example' }, 'invalid_target'],
  ])('is checked when it is pushed: %s', async (_case, params, error) => {
    const { answer } = await push(app, params);
    expect([answer.status, answer.body['error']]).toEqual([400, error]);
  });

  test('is pushed by its application alone', async () => {
    const form = Object.fromEntries(authorizationRequest(app).url.searchParams);
    const anonymous = await send(`${app.issuer}/oauth2/v1/par`, { form });
    expect([anonymous.status, anonymous.json['error']]).toEqual([401, 'invalid_client']);
    const forSomebodyElse = await post(other, 'par', form);
    expect([forSomebodyElse.status, forSomebodyElse.body['error']]).toEqual([400, 'invalid_request']);
  });
});

describe('the name of a pushed request', () => {
  test('is good once', async () => {
    const { requestUri } = await push();
    const { end } = await walk(browser, app, addressOf(requestUri), ADA);
    expect(end?.searchParams.has('code')).toBe(true);
    expectNothing((await walk(browser, app, addressOf(requestUri), undefined)).page);
  });

  test('is good once, of many at the same time on two nodes', async () => {
    await walk(browser, app, authorizationRequest(app).url, ADA);
    const cookie = cookiesOf(browser, app);
    const { requestUri } = await push();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        send(addressOf(requestUri).href, {
          headers: { cookie },
          ...(index % 2 === 0 ? {} : { through: sibling.url }),
        }),
      ),
    );
    expect(answers.filter(({ location }) => location?.searchParams.has('code')).length).toBe(1);
  });

  test('is good once, also for two tabs that went to the upstream with it', async () => {
    const { requestUri, request } = await push();
    const trips = await Promise.all(
      [0, 1].map(async () => {
        const own = new HttpBrowser();
        const page = await travelOurs(own, app, addressOf(requestUri));
        return { own, atOkta: page.location ?? new URL(app.issuer) };
      }),
    );
    const ends = [];
    for (const { own, atOkta } of trips)
      ends.push(await travelOurs(own, app, await signThere(own, { request, atOkta }, ADA)));
    expect(ends.filter((page) => codeAt(page) !== '').length).toBe(1);
    for (const page of ends.filter((end) => codeAt(end) === '')) expectNothing(page);
  });

  test.each<[string, () => TestApplication]>([
    ['another application', () => other],
    ['another tenant', () => ({ ...app, issuer: globex.app.issuer })],
  ])('is nothing to %s', async (_case, application) => {
    const { requestUri } = await push();
    const page = await browser.open(addressOf(requestUri, application()));
    expectNothing(page);
    expect(page.location).toBeUndefined();
  });

  test('ends with its time', async () => {
    const { requestUri } = await push();
    await ledger.rows(`UPDATE oidc_artifacts SET expires_at = now() - interval '1 s'
      WHERE kind = 'PushedAuthorizationRequest'`);
    expectNothing(await browser.open(addressOf(requestUri)));
  });

  test('stays nowhere in clear, also while a person is away at the upstream', async () => {
    const { requestUri } = await push();
    const id = requestUri.split(':').at(-1) ?? '';
    const page = await travelOurs(browser, app, addressOf(requestUri));
    expect(page.location?.origin).toBe(acme.okta.url);
    const rows = await ledger.rows<{ payload: object }>('SELECT payload FROM oidc_artifacts');
    expect(JSON.stringify(rows)).not.toContain(id);
  });
});

test('a request that is not pushed works beside it', async () => {
  const trip = await leave(browser, app);
  expect(codeAt(await travelOurs(browser, app, await signThere(browser, trip, ADA)))).not.toBe('');
});

describe('an application that must push its requests', () => {
  test.each([
    ['pushes', () => ({ ...app, clientId: 'pushes' })],
    ['spa-pushes', () => ({ ...spa, clientId: 'spa-pushes' })],
  ])('gets nothing for one that is not, and a code for one that is: %s', async (_name, application) => {
    const { end } = await walk(browser, application(), authorizationRequest(application()).url, undefined);
    expect(end?.searchParams.get('error')).toBe('invalid_request');
    const { requestUri } = await push(application());
    const pushed = await walk(browser, application(), addressOf(requestUri, application()), ADA);
    expect(codeAt(pushed.page)).not.toBe('');
  });
});
