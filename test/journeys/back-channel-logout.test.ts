import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { silentLogger } from '../../src/core/logger.js';
import { serve } from '../../src/server/serve.js';
import { createDataSource } from '../../src/storage/data-source.js';
import { startReceiver, until, type LogoutReceiver, type Told } from '../events/support/receiver.js';
import { stopServers } from '../outbound/support/servers.js';
import { ADA, APP_SECRET, CAT, startAcme, type Acme } from '../support/acme.js';
import { claimsOf, signIn, type TestApplication } from '../support/application.js';
import { PATIENT } from '../support/database.js';
import { Ledger } from '../support/ledger.js';
import { formsOf, HttpBrowser } from '../support/okta-sign-in.js';
import { endPerson } from '../op/support/end-person.js';
import { send } from '../op/support/http.js';

const BYE = 'https://app.example/bye';
const NAMES = ['mail', 'wiki', 'silent'] as const;
type Name = (typeof NAMES)[number];

let acme: Acme;
let ledger: Ledger;
let receivers: Readonly<Record<'mail' | 'wiki', LogoutReceiver>>;

const application = (clientId: Name): TestApplication => ({
  issuer: acme.app.issuer,
  clientId,
  clientSecret: APP_SECRET,
  redirectUri: `https://${clientId}.example/cb`,
});

const configured = (told: boolean) =>
  NAMES.map((clientId) => ({
    clientId,
    type: 'web' as const,
    clientSecret: APP_SECRET,
    redirectUris: [`https://${clientId}.example/cb`],
    postLogoutRedirectUris: [BYE],
    idTokenAlg: clientId === 'wiki' ? ('ES256' as const) : ('RS256' as const),
    backchannelLogoutUri: told && clientId !== 'silent' ? receivers[clientId].uri : null,
  }));

beforeAll(async () => {
  acme = await startAcme();
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  receivers = { mail: await startReceiver(), wiki: await startReceiver() };
  await acme.causeway.apply([{ slug: 'acme', applications: configured(true) }]);
  acme.causeway.node.logoutDeliveries.start();
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
  await stopServers();
});
beforeEach(async () => {
  await ledger.rows('TRUNCATE outbox');
});

/** One person in one browser, at these applications; the ID Tokens that each got. */
async function signedIn(browser = new HttpBrowser()): Promise<Readonly<Record<Name, string>>> {
  const tokens = { mail: '', wiki: '', silent: '' };
  let first = true;
  for (const name of NAMES) {
    const { body } = await signIn(browser, application(name), first ? ADA : undefined, { scope: 'openid' });
    tokens[name] = String(body['id_token']);
    first = false;
  }
  return tokens;
}

/** What an application was told of its session; undefined: nothing yet. */
const toldOf = (name: 'mail' | 'wiki', idToken: string): Told | undefined =>
  receivers[name].told.find(({ claims }) => claims['sid'] === claimsOf(idToken)['sid']);

const bothTold = (tokens: Readonly<Record<Name, string>>) => () =>
  toldOf('mail', tokens.mail) !== undefined && toldOf('wiki', tokens.wiki) !== undefined;

/** Validates as an application must (Back-Channel Logout 1.0 section 2.6). */
async function validate(name: 'mail' | 'wiki', told: Told | undefined, idToken: string): Promise<void> {
  const { issuer } = application(name);
  const { json } = await send(`${issuer}/oauth2/v1/keys`);
  const { payload, protectedHeader } = await jwtVerify(
    told?.token ?? '',
    createLocalJWKSet(json as unknown as JSONWebKeySet),
    {
      issuer,
      audience: name,
      typ: 'logout+jwt',
      maxTokenAge: 120,
      requiredClaims: ['jti', 'exp', 'sub', 'sid'],
    },
  );
  expect(protectedHeader.alg).toBe(name === 'wiki' ? 'ES256' : 'RS256');
  expect(payload['events']).toEqual({ 'http://schemas.openid.net/event/backchannel-logout': {} });
  expect(payload).not.toHaveProperty('nonce');
  const known = claimsOf(idToken);
  expect(payload['sid']).toBe(known['sid']);
  expect(payload.sub).toBe(known['sub']);
}

async function expectBothTold(tokens: Readonly<Record<Name, string>>): Promise<void> {
  await until(bothTold(tokens));
  for (const name of ['mail', 'wiki'] as const)
    await validate(name, toldOf(name, tokens[name]), tokens[name]);
  // Each once: the library itself sends nothing.
  await until(async () => (await ledger.count('outbox', 'settled_at IS NULL')) === 0);
  for (const name of ['mail', 'wiki'] as const) {
    const { sid } = claimsOf(tokens[name]);
    expect(receivers[name].told.filter(({ claims }) => claims['sid'] === sid)).toHaveLength(1);
  }
  const outcomes = await ledger.rows('SELECT receiver, outcome FROM outbox ORDER BY 1');
  expect(outcomes).toEqual([
    { receiver: 'mail', outcome: 'delivered' },
    { receiver: 'silent', outcome: 'no_endpoint' },
    { receiver: 'wiki', outcome: 'delivered' },
  ]);
}

function signOut(browser: HttpBrowser, params: Readonly<Record<string, string>>) {
  const url = new URL(`${acme.app.issuer}/oauth2/v1/logout`);
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
  return browser.open(url);
}

describe('B11: every application of an ended session is told', () => {
  test('when the person signs out at one of them', async () => {
    const browser = new HttpBrowser();
    const tokens = await signedIn(browser);
    const page = await signOut(browser, { id_token_hint: tokens.mail, post_logout_redirect_uri: BYE });
    expect(page.location?.href).toBe(BYE);
    await expectBothTold(tokens);
  });

  test('when the person says yes on the page that asks', async () => {
    const browser = new HttpBrowser();
    const tokens = await signedIn(browser);
    const [form] = formsOf(await signOut(browser, {}));
    if (form === undefined) throw new Error('no form');
    await browser.submit(form, { logout: 'yes' });
    await expectBothTold(tokens);
  });

  test('when access ends by another cause, and nobody of another person’s session', async () => {
    const tokens = await signedIn();
    const cats = await signIn(new HttpBrowser(), application('mail'), CAT, { scope: 'openid' });
    const user = String(claimsOf(tokens.mail)['sub']);
    await endPerson(acme.causeway.node.database, ledger, user);
    await expectBothTold(tokens);
    expect(toldOf('mail', String(cats.body['id_token']))).toBeUndefined();
    await ledger.rows('UPDATE users SET active = true WHERE id = $1', [user]);
  });

  test('also when the tenant is suspended', async () => {
    const tokens = await signedIn();
    const suspend = (status: string) =>
      ledger.rows(
        `UPDATE tenants SET status = $1, config_version = config_version + 1, config_changed_at = now()
        WHERE slug = 'acme'`,
        [status],
      );
    await suspend('suspended');
    await acme.causeway.node.directory.refresh();
    await endPerson(acme.causeway.node.database, ledger, String(claimsOf(tokens.mail)['sub']));
    await expectBothTold(tokens);
    await suspend('active');
    await acme.causeway.node.directory.refresh();
    await ledger.rows('UPDATE users SET active = true');
  });

  test('within a second', async () => {
    const tokens = await signedIn();
    const began = performance.now();
    await endPerson(acme.causeway.node.database, ledger, String(claimsOf(tokens.mail)['sub']));
    await until(bothTold(tokens));
    const last = Math.max(
      ...(['mail', 'wiki'] as const).map((name) => toldOf(name, tokens[name])?.atMs ?? NaN),
    );
    // The promise is 1 s; a machine that is busy with other suites may take longer.
    expect(last - began).toBeLessThan(3_000);
    await ledger.rows('UPDATE users SET active = true');
  });
});

test('the answer to a sign-out does not wait for an application that hangs', async () => {
  receivers.wiki.answer = () => () => undefined;
  const browser = new HttpBrowser();
  const tokens = await signedIn(browser);
  await signOut(browser, { id_token_hint: tokens.mail });
  await until(bothTold(tokens));
  expect(await ledger.count('outbox', `receiver = 'wiki' AND settled_at IS NULL`)).toBe(1);
  receivers.wiki.answer = () => 200;
});

async function saidInMetadata(): Promise<unknown[]> {
  const { json } = await send(`${acme.app.issuer}/.well-known/openid-configuration`);
  return [json['backchannel_logout_supported'], json['backchannel_logout_session_supported']];
}

test('A-137 the metadata says that applications are told once there is one that wants to be', async () => {
  expect(await saidInMetadata()).toEqual([true, true]);
  await acme.causeway.apply([{ slug: 'acme', applications: configured(false) }]);
  expect(await saidInMetadata()).toEqual([undefined, undefined]);
  await acme.causeway.apply([{ slug: 'acme', applications: configured(true) }]);
});

test('deliveries are counted by outcome', async () => {
  const text = await acme.causeway.node.metrics.registry.metrics();
  expect(text).toMatch(/causeway_logout_deliveries_total\{outcome="delivered"\} [1-9]/);
  expect(text).toMatch(/causeway_logout_deliveries_total\{outcome="no_endpoint"\} [1-9]/);
});

test('a node that is told to stop finishes what it has begun to tell, and leaves the rest to others', async () => {
  const { causeway } = acme;
  await causeway.node.logoutDeliveries.stop();
  const dataSource = await createDataSource(causeway.databaseUrl, PATIENT).initialize();
  const settings = {
    version: '0.0.0-test',
    publicUrl: causeway.url,
    trustedProxies: { kind: 'none' },
    privateUpstreams: 'allow',
    databaseKind: 'external',
    metricsElsewhere: false,
  } as const;
  const options = { settings, host: '127.0.0.1', port: 0, metricsPort: undefined, jobs: () => [] };
  const serving = await serve(options, dataSource, causeway.keyRing, silentLogger);
  const open: ServerResponse[] = [];
  receivers.mail.answer = () => (response) => void open.push(response);
  const tokens = await signedIn();
  await endPerson(causeway.node.database, ledger, String(claimsOf(tokens.mail)['sub']));
  await until(bothTold(tokens));
  const stopping = serving.stop();
  for (const response of open) response.writeHead(204).end();
  await stopping;
  expect(
    await ledger.rows(`SELECT receiver, outcome FROM outbox WHERE outcome = 'delivered' ORDER BY 1`),
  ).toEqual([
    { receiver: 'mail', outcome: 'delivered' },
    { receiver: 'wiki', outcome: 'delivered' },
  ]);
});
