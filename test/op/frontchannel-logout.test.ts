import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ADA, APP_SECRET, startAcme, type Acme } from '../support/acme.js';
import { claimsOf, signIn, type TestApplication, type TokenAnswer } from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { formsOf, HttpBrowser, type Page } from '../support/okta-sign-in.js';
import { framesOf } from '../support/frames.js';
import { addOrganization, type Organization } from '../support/organization.js';
import { headingOf, linkOf, readable } from '../support/trip.js';
import { send } from './support/http.js';
import { cookiesOf, sessionOf } from './support/session.js';

const BYE = 'https://mail.example/bye';
const NAMES = ['mail', 'wiki', 'plain'] as const;
type Name = (typeof NAMES)[number];
const FRAMES: Readonly<Record<Name, string | null>> = {
  mail: 'https://mail.example/logged-out?keep=1',
  wiki: 'https://wiki.example:8443/out',
  plain: null,
};

let acme: Acme;
let globex: Organization;
let ledger: Ledger;
let browser: HttpBrowser;

const application = (clientId: Name): TestApplication => ({
  issuer: acme.app.issuer,
  clientId,
  clientSecret: APP_SECRET,
  redirectUri: clientId === 'wiki' ? 'https://wiki.example:8443/cb' : `https://${clientId}.example/cb`,
});

const configured = (told = true) =>
  NAMES.map((clientId) => ({
    clientId,
    name: `The ${clientId}`,
    type: 'web' as const,
    clientSecret: APP_SECRET,
    redirectUris: [application(clientId).redirectUri],
    postLogoutRedirectUris: [`https://${clientId}.example/bye`],
    frontchannelLogoutUri: told ? FRAMES[clientId] : null,
  }));

beforeAll(async () => {
  acme = await startAcme();
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  globex = await addOrganization(acme, 'globex');
  await acme.causeway.apply([{ slug: 'acme', applications: configured() }]);
});
afterAll(async () => {
  await ledger.close();
  await globex.stop();
  await acme.stop();
});
beforeEach(() => {
  browser = new HttpBrowser();
});

async function signedIn(names: readonly Name[]): Promise<Readonly<Partial<Record<Name, TokenAnswer>>>> {
  const answers: Partial<Record<Name, TokenAnswer>> = {};
  for (const [index, name] of names.entries())
    // oxlint-disable-next-line no-await-in-loop -- one browser, one application after the other
    answers[name] = await signIn(browser, application(name), index === 0 ? ADA : undefined);
  return answers;
}

function signOut(params: Readonly<Record<string, string>>): Promise<Page> {
  const url = new URL(`${acme.app.issuer}/oauth2/v1/logout`);
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
  return browser.open(url);
}

const idTokenOf = (answer: TokenAnswer | undefined): string => String(answer?.body['id_token']);
const sidOf = (answer: TokenAnswer | undefined): string => String(claimsOf(idTokenOf(answer))['sid']);

describe('B11 front-channel logout (OpenID Connect Front-Channel Logout 1.0)', () => {
  test('frames tell each application of the session that wants it, who asked included; then the way goes on', async () => {
    const answers = await signedIn(['mail', 'wiki', 'plain']);
    const before = cookiesOf(browser, application('mail'));
    const page = await signOut({
      id_token_hint: idTokenOf(answers.mail),
      post_logout_redirect_uri: BYE,
      state: 'a b',
    });
    expect([page.status, page.location]).toEqual([200, undefined]);
    const iss = encodeURIComponent(acme.app.issuer);
    expect(framesOf(page).toSorted()).toEqual([
      `https://mail.example/logged-out?keep=1&iss=${iss}&sid=${sidOf(answers.mail)}`,
      `https://wiki.example:8443/out?iss=${iss}&sid=${sidOf(answers.wiki)}`,
    ]);
    expect(linkOf(page, 'Continue to The mail')?.href).toBe(`${BYE}?state=a+b`);
    expect(page.text).toMatch(
      /http-equiv="refresh" content="[1-9];url=https:\/\/mail\.example\/bye\?state=a\+b"/i,
    );
    expect(await sessionOf(before, application('plain'))).toBe('login_required');
  });

  test('the page may hold frames of these origins and nobody’s else, runs no script, and is kept by nobody', async () => {
    const answers = await signedIn(['mail', 'wiki']);
    const { headers, text } = await signOut({ id_token_hint: idTokenOf(answers.mail) });
    const policy = (headers['content-security-policy'] ?? '').split('; ');
    const [frames = ''] = policy.filter((directive) => directive.startsWith('frame-src'));
    expect(frames.split(' ').slice(1).toSorted()).toEqual([
      'https://mail.example',
      'https://wiki.example:8443',
    ]);
    expect(policy).toEqual(expect.arrayContaining(["default-src 'none'", "frame-ancestors 'none'"]));
    expect(policy.some((directive) => directive.startsWith('script-src'))).toBe(false);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    for (const [frame] of text.matchAll(/<iframe[^>]*>/g)) {
      expect(frame).toContain('hidden');
      expect(frame).toContain('sandbox="allow-forms allow-same-origin allow-scripts"');
    }
  });

  test('who gave no address stays on our page, with the frames', async () => {
    const answers = await signedIn(['wiki']);
    const page = await signOut({ id_token_hint: idTokenOf(answers.wiki) });
    expect(headingOf(page)).toBe("You're signed out of The wiki");
    expect(framesOf(page)).toHaveLength(1);
    expect(page.text).not.toMatch(/http-equiv="refresh"/i);
  });

  test('a sign-out that the person confirmed has them too', async () => {
    await signedIn(['mail', 'wiki']);
    const [form] = formsOf(await signOut({ client_id: 'mail', post_logout_redirect_uri: BYE, state: 's' }));
    if (form === undefined) throw new Error('no form');
    const page = await browser.submit(form, { logout: 'yes' });
    expect(page.status).toBe(200);
    expect(framesOf(page)).toHaveLength(2);
    expect(linkOf(page, 'Continue to The mail')?.href).toBe(`${BYE}?state=s`);
  });

  test('nothing is told before the person has confirmed, nor to applications of other sessions', async () => {
    const answers = await signedIn(['plain']);
    expect(framesOf(await signOut({ client_id: 'mail' }))).toEqual([]);
    const page = await signOut({
      id_token_hint: idTokenOf(answers.plain),
      post_logout_redirect_uri: 'https://plain.example/bye',
    });
    expect([page.status, page.location?.href]).toEqual([303, 'https://plain.example/bye']);
  });

  test('the end is in force, audited and in the outbox before the frames are shown', async () => {
    const answers = await signedIn(['mail', 'wiki']);
    const before = await ledger.count('outbox', `topic = 'session.ended'`);
    await signOut({ id_token_hint: idTokenOf(answers.mail) });
    expect(await ledger.count('outbox', `topic = 'session.ended'`)).toBe(before + 2);
    const [event] = (await ledger.audit('acme', { action: 'access.ended' })).slice(-1);
    expect(event).toMatchObject({ reason: 'signed_out', details: { sessions: 1 } });
  });

  test('no state becomes markup', async () => {
    const answers = await signedIn(['mail']);
    const page = await signOut({
      id_token_hint: idTokenOf(answers.mail),
      post_logout_redirect_uri: BYE,
      state: '"><script>alert(1)</script>',
    });
    expect(page.text).not.toContain('<script');
    expect(readable(page)).not.toContain('alert(1)');
  });
});

const metadata = async (issuer: string): Promise<string> =>
  (await send(`${issuer}/.well-known/openid-configuration`)).text;

test('A-137 metadata names it once an application of the tenant wants it', async () => {
  const told = JSON.parse(await metadata(acme.app.issuer));
  expect(told).toMatchObject({
    frontchannel_logout_supported: true,
    frontchannel_logout_session_supported: true,
  });
  expect(await metadata(globex.app.issuer)).not.toContain('frontchannel');
});
