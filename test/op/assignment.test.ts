import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { LogFields, Logger } from '../../src/core/logger.js';
import type { DesiredApplication } from '../../src/domain/configuration/desired.js';
import { ADA, APP_SECRET, CAT, startAcme, type Acme } from '../support/acme.js';
import {
  authorizationRequest,
  claimsOf,
  redeem,
  signIn,
  walk,
  type TestApplication,
} from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { HttpBrowser, type Page } from '../support/okta-sign-in.js';
import { headingOf, readable, referenceOf, signThere, travelOurs } from '../support/trip.js';

let acme: Acme;
let ledger: Ledger;
let browser: HttpBrowser;
const lines: (readonly [string, LogFields])[] = [];
const keep = (event: string, fields: LogFields = {}): void => void lines.push([event, fields]);
const log: Logger = { debug: keep, info: keep, warn: keep, error: keep, child: () => log };

const application = (clientId: string, more: Partial<DesiredApplication> = {}): DesiredApplication => ({
  clientId,
  name: clientId.toUpperCase(),
  type: 'web',
  clientSecret: APP_SECRET,
  redirectUris: ['https://app.example/cb'],
  ...more,
});

beforeAll(async () => {
  acme = await startAcme({ log });
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  await acme.causeway.apply([
    {
      slug: 'acme',
      roles: [{ key: 'admin' }, { key: 'viewer' }, { key: 'special' }],
      roleMappings: [
        { group: { name: 'Engineering' }, role: 'admin' },
        { group: { name: 'Engineering' }, role: 'special', application: 'open' },
        { group: { name: 'Support' }, role: 'viewer' },
      ],
      applications: [
        application('open'),
        application('engineers', { assignment: { groups: ['Engineering'] } }),
        application('admins', { assignment: { roles: ['admin'] } }),
        application('either', { assignment: { groups: ['Support'], roles: ['admin'] } }),
        application('nobody', { assignment: { groups: [], roles: [] } }),
        application('special', { assignment: { roles: ['special'] } }),
        application('spelled', { assignment: { groups: ['engineering', 'Engineering ', 'Engineerin'] } }),
      ],
    },
  ]);
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});
beforeEach(() => {
  browser = new HttpBrowser();
});

const the = (clientId: string): TestApplication => ({
  issuer: acme.app.issuer,
  clientId,
  clientSecret: APP_SECRET,
  redirectUri: 'https://app.example/cb',
});

const linkTo = (page: Page, path: RegExp): URL => {
  const links = [...page.text.matchAll(/href="([^"]*)"/g)].map(([, href = '']) =>
    href.replaceAll('&amp;', '&'),
  );
  const found = links.find((href) => path.test(href));
  if (found === undefined) throw new Error(`no link: ${readable(page)}`);
  return new URL(found, page.url);
};
const BACK = /\/oauth2\/v1\/authorize\/[\w-]+$/;
const ANOTHER = /\/sign-in\/[\w-]+\?another=1$/;

describe('B13: who is assigned to an application', () => {
  test.each([
    ['open', true, true],
    ['engineers', true, false],
    ['admins', true, false],
    ['either', true, true],
    ['nobody', false, false],
    ['special', false, false],
    ['spelled', false, false],
  ])('%s lets Ada in: %s, Cat: %s', async (clientId, ada, cat) => {
    for (const [person, lets] of [
      [ADA, ada],
      [CAT, cat],
    ] as const) {
      const request = authorizationRequest(the(clientId));
      const { end, page } = await walk(new HttpBrowser(), the(clientId), request.url, person);
      expect([end?.searchParams.has('code') ?? false, page.status]).toEqual([lets, lets ? 303 : 403]);
    }
  });
});

describe('who is not', () => {
  test('sees a page whose reference finds the log line and the audit event; nothing is given', async () => {
    const before = await ledger.count(
      'oidc_artifacts',
      `kind IN ('AuthorizationCode', 'Grant') AND client_id = 'admins'`,
    );
    const { page } = await walk(browser, the('admins'), authorizationRequest(the('admins')).url, CAT);
    expect(page.status).toBe(403);
    expect(readable(page)).toContain('ADMINS');
    expect(page.headers['cache-control']).toBe('no-store');
    const reference = referenceOf(page);
    const [event, ...more] = await ledger.audit('acme', { reference });
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      action: 'sign_in.refused',
      outcome: 'refused',
      reason: 'not_assigned',
      application: 'admins',
      actor: { type: 'user' },
    });
    expect(lines.filter(([, fields]) => fields['reference'] === reference)).toMatchObject([
      ['sign_in.refused', { reason: 'not_assigned', application: 'admins' }],
    ]);
    expect(
      await ledger.count('oidc_artifacts', `kind IN ('AuthorizationCode', 'Grant') AND client_id = 'admins'`),
    ).toBe(before);
  });

  test('goes back, and the application hears why', async () => {
    const request = authorizationRequest(the('admins'), { state: 'a b&c' });
    const { page } = await walk(browser, the('admins'), request.url, CAT);
    const back = await travelOurs(browser, the('admins'), linkTo(page, BACK));
    expect(Object.fromEntries(back.location?.searchParams ?? [])).toEqual({
      error: 'access_denied',
      error_description: 'not_assigned',
      state: 'a b&c',
      iss: acme.app.issuer,
    });
    expect(back.location?.href.startsWith('https://app.example/cb?')).toBe(true);
  });

  test('is signed in all the same, for the applications that are theirs', async () => {
    await walk(browser, the('admins'), authorizationRequest(the('admins')).url, CAT);
    expect((await signIn(browser, the('open'), undefined)).status).toBe(200);
    const again = await walk(browser, the('admins'), authorizationRequest(the('admins')).url, undefined);
    expect(again.page.status).toBe(403);
  });

  test('may come in as somebody else', async () => {
    const request = authorizationRequest(the('admins'));
    const { page } = await walk(browser, the('admins'), request.url, CAT);
    const leaving = await travelOurs(browser, the('admins'), linkTo(page, ANOTHER));
    expect(leaving.location?.searchParams.get('prompt')).toBe('login');
    const trip = { request, atOkta: leaving.location ?? new URL('http://nowhere.example') };
    const switched = await travelOurs(browser, the('admins'), await signThere(new HttpBrowser(), trip, ADA));
    expect(switched.text).toContain('/oauth2/v1/logout/confirm');
  });

  test('comes in as soon as they are assigned', async () => {
    const request = authorizationRequest(the('admins'));
    await walk(browser, the('admins'), request.url, CAT);
    await ledger.rows(`INSERT INTO role_assignments (tenant_id, id, user_id, role_id)
      SELECT u.tenant_id, gen_random_uuid(), u.id, r.id FROM users u JOIN roles r ON r.tenant_id = u.tenant_id
      WHERE u.user_name = '${CAT.username}' AND r.key = 'admin'`);
    const { body } = await signIn(browser, the('admins'), undefined);
    expect(claimsOf(body['id_token'])['roles']).toEqual(['admin', 'viewer']);
    await ledger.rows('DELETE FROM role_assignments');
  });
});

describe('D4: when nobody comes in without a role', () => {
  test('a person whom nothing gives one is refused: no_role', async () => {
    await acme.causeway.apply([
      { slug: 'acme', whenNoRole: 'deny', roleMappings: [{ group: { name: 'Engineering' }, role: 'admin' }] },
    ]);
    const request = authorizationRequest(the('open'));
    const { page } = await walk(browser, the('open'), request.url, CAT);
    expect(page.status).toBe(403);
    expect(headingOf(page)).not.toBe('');
    const [event] = await ledger.audit('acme', { reference: referenceOf(page) });
    expect(event).toMatchObject({ reason: 'no_role' });
    const ada = new HttpBrowser();
    const { end } = await walk(ada, the('open'), authorizationRequest(the('open')).url, ADA);
    expect(end?.searchParams.has('code')).toBe(true);
  });

  test('a role in one application is none in another', async () => {
    await acme.causeway.apply([
      {
        slug: 'acme',
        whenNoRole: 'deny',
        roleMappings: [{ group: { name: 'Engineering' }, role: 'special', application: 'special' }],
      },
    ]);
    const { end } = await walk(browser, the('special'), authorizationRequest(the('special')).url, ADA);
    expect(end?.searchParams.has('code')).toBe(true);
    const other = await walk(browser, the('open'), authorizationRequest(the('open')).url, undefined);
    expect(other.page.status).toBe(403);
  });

  test('a default role lets everybody in', async () => {
    await acme.causeway.apply([
      { slug: 'acme', whenNoRole: 'deny', defaultRole: 'viewer', roleMappings: [] },
    ]);
    const request = authorizationRequest(the('open'));
    const { end } = await walk(browser, the('open'), request.url, CAT);
    const { body } = await redeem(the('open'), end?.searchParams.get('code') ?? '', request.verifier);
    expect(claimsOf(body['id_token'])['roles']).toEqual(['viewer']);
  });
});
