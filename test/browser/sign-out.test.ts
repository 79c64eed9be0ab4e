import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Browser, BrowserContext } from 'playwright-core';
import { until } from '../events/support/receiver.js';
import { sessionOf } from '../op/support/session.js';
import { ADA, APP_SECRET, startAcme, type Acme } from '../support/acme.js';
import { authorizationRequest, claimsOf, redeem, type TestApplication } from '../support/application.js';
import { browserPath, launchBrowser, NO_BROWSER } from '../support/browser.js';
import { connectionTo } from '../support/organization.js';
import { Visitor } from './support/visitor.js';

const withBrowser = browserPath() === undefined ? describe.skip : describe;
const NAMES = ['mail', 'wiki'] as const;
type Name = (typeof NAMES)[number];

/** An application on a site of its own, which keeps what it was asked. */
interface Site {
  readonly origin: string;
  readonly server: Server;
  readonly asked: Pick<IncomingMessage, 'url' | 'headers'>[];
}

async function startSite(name: Name): Promise<Site> {
  const asked: Site['asked'] = [];
  const server = createServer((request, response) => {
    asked.push({ url: request.url, headers: request.headers });
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(
      `<!DOCTYPE html><html lang="en"><title>${name}</title><link rel="icon" href="data:,"><h1>${name}</h1>`,
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { origin: `http://${name}.localhost:${port}`, server, asked };
}

withBrowser(`signing out${browserPath() === undefined ? ` (${NO_BROWSER})` : ''}`, () => {
  let acme: Acme;
  let browser: Browser;
  let context: BrowserContext;
  let visitor: Visitor;
  const sites: Partial<Record<Name, Site>> = {};

  const site = (name: Name): Site => {
    const found = sites[name];
    if (found === undefined) throw new Error('the sites are not there yet');
    return found;
  };
  const application = (clientId: Name): TestApplication => ({
    issuer: acme.app.issuer,
    clientId,
    clientSecret: APP_SECRET,
    redirectUri: `${site(clientId).origin}/cb`,
  });

  beforeAll(async () => {
    const launched = await launchBrowser();
    if (launched === undefined) throw new Error(NO_BROWSER);
    browser = launched;
    for (const name of NAMES) sites[name] = await startSite(name);
    acme = await startAcme();
    await acme.causeway.apply([
      {
        slug: 'acme',
        connections: [connectionTo(acme.okta, { forwardLogout: true })],
        applications: NAMES.map((clientId) => ({
          clientId,
          name: clientId,
          type: 'web' as const,
          clientSecret: APP_SECRET,
          redirectUris: [application(clientId).redirectUri],
          postLogoutRedirectUris: [`${site(clientId).origin}/bye`],
          frontchannelLogoutUri: `${site(clientId).origin}/out`,
        })),
      },
    ]);
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await acme.stop();
    for (const { server } of Object.values(sites)) {
      server.closeAllConnections();
      server.close();
    }
  }, 60_000);
  beforeEach(async () => {
    context = await browser.newContext();
    visitor = await Visitor.enter(context);
  });
  afterEach(async () => {
    await context.close();
  });

  /** Opens the application and signs in where that is asked for; its ID Token. */
  async function signIn(name: Name, first: boolean): Promise<string> {
    const request = authorizationRequest(application(name));
    await visitor.open(request.url.href);
    if (first) await visitor.signInAtOkta(ADA.username);
    await visitor.seesHeading(name);
    const code = new URL(visitor.page.url()).searchParams.get('code') ?? '';
    return String((await redeem(application(name), code, request.verifier)).body['id_token']);
  }

  const framesAt = (name: Name) =>
    site(name)
      .asked.filter(({ url = '' }) => url.startsWith('/out?'))
      .map(({ url, headers }) => ({
        params: Object.fromEntries(new URL(url ?? '', site(name).origin).searchParams),
        into: headers['sec-fetch-dest'],
        referrer: headers.referer,
      }));

  test('B11 A13: both applications are told in frames, Okta ends its session, and the application gets its person back', async () => {
    const tokens = { mail: await signIn('mail', true), wiki: await signIn('wiki', false) };
    const cookie = (await context.cookies(acme.app.issuer))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
    expect(await sessionOf(cookie, application('wiki'))).toBe('open');
    const url = new URL(`${acme.app.issuer}/oauth2/v1/logout`);
    url.searchParams.set('id_token_hint', tokens.mail);
    url.searchParams.set('post_logout_redirect_uri', `${site('mail').origin}/bye`);
    url.searchParams.set('state', 's 1');
    await visitor.open(url.href);
    await visitor.seesHeading("You're signed out");
    await until(() => NAMES.every((name) => framesAt(name).length > 0));
    for (const name of NAMES)
      expect(framesAt(name)).toEqual([
        {
          params: { iss: acme.app.issuer, sid: claimsOf(tokens[name])['sid'] },
          into: 'iframe',
          referrer: undefined,
        },
      ]);
    // Nobody clicks: the page goes on by itself, by way of Okta.
    await visitor.page.waitForURL(`${site('mail').origin}/bye?state=s+1`, { timeout: 60_000 });
    expect(acme.okta.org.sessions.list()).toEqual([]);
    expect(await sessionOf(cookie, application('wiki'))).toBe('login_required');
    expect(visitor.complaints()).toEqual([]);
  }, 120_000);

  test('A13: who confirms is led to Okta and back too', async () => {
    await signIn('mail', true);
    const url = new URL(`${acme.app.issuer}/oauth2/v1/logout`);
    url.searchParams.set('client_id', 'mail');
    url.searchParams.set('post_logout_redirect_uri', `${site('mail').origin}/bye`);
    await visitor.open(url.href);
    await visitor.click(/^Sign out/);
    await visitor.page.waitForURL(`${site('mail').origin}/bye`, { timeout: 60_000 });
    expect(acme.okta.org.sessions.list()).toEqual([]);
    expect(visitor.complaints()).toEqual([]);
  }, 120_000);
});
