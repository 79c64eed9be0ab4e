import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fetch } from 'undici';
import { Authenticator } from '../../support/authenticator.js';
import { Ledger } from '../../support/ledger.js';
import { startTestNode, type TestNode } from '../../support/node.js';
import type { HttpBrowser } from '../../support/okta-sign-in.js';
import { enrolByPasskey, firstRunLink, invite, optionsOf, send } from '../../support/operator.js';

let node: TestNode;
let ledger: Ledger;
let owner: HttpBrowser;
let admin: HttpBrowser;

beforeAll(async () => {
  node = await startTestNode();
  ledger = await Ledger.open(node.databaseUrl);
  await node.apply([{ slug: 'acme', name: 'Acme Inc.' }]);
  owner = (await enrolByPasskey(await firstRunLink(node), 'ada')).browser;
  admin = (await enrolByPasskey((await invite(node, 'adam', { role: 'console:admin' })).link)).browser;
});
afterAll(async () => {
  await ledger.close();
  await node.stop();
});

interface Answer {
  readonly status: number;
  readonly etag: string;
  /** What some answer or other has. */
  readonly body: {
    readonly id: string;
    readonly code: string;
    readonly detail: string;
    readonly items: readonly { readonly id: string }[];
    readonly next: string | null;
    readonly enrolment: { readonly link: string };
    readonly challenge: string;
    readonly options: Parameters<Authenticator['create']>[0];
    readonly codes: readonly string[];
  };
}

/** A call as the console makes it. */
async function call(
  browser: HttpBrowser,
  method: string,
  path: string,
  body?: object,
  etag = '',
): Promise<Answer> {
  const response = await fetch(`${node.url}/api/v1${path}`, {
    method,
    headers: {
      cookie: browser.cookies(new URL(node.url)),
      origin: node.url,
      'x-causeway-request': '1',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(etag === '' ? {} : { 'if-match': etag }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer = (text === '' ? {} : JSON.parse(text)) as Answer['body'];
  return { status: response.status, etag: response.headers.get('etag') ?? '', body: answer };
}

const AT = '/tenants/acme/operators';

describe('local accounts by the API', () => {
  test('F4 F5 are made with a link that is told once, listed page by page, and never tell a secret', async () => {
    const made = await call(owner, 'POST', AT, {
      userName: 'box',
      purpose: 'break-glass',
      roles: ['console:owner'],
    });
    expect([made.status, made.body]).toMatchObject([
      201,
      { userName: 'box', purpose: 'break-glass', roles: ['console:owner'], passkeys: 0, password: false },
    ]);
    const { link } = made.body.enrolment;
    await enrolByPasskey(link);
    const person = await call(admin, 'POST', AT, { userName: 'guest', purpose: 'person' });
    expect(person.body).toMatchObject({ purpose: 'person', roles: [] });
    const first = await call(owner, 'GET', `${AT}?limit=1`);
    expect(first.body.items).toMatchObject([{ userName: 'box', passkeys: 1, recoveryCodes: 10 }]);
    const next = encodeURIComponent(String(first.body.next));
    const second = await call(owner, 'GET', `${AT}?limit=1&cursor=${next}`);
    expect(second.body).toMatchObject({ items: [{ userName: 'guest' }], next: null });
    expect(JSON.stringify([first.body, second.body])).not.toMatch(/enrolment|hash|sealed/i);
    expect((await call(owner, 'POST', AT, { userName: 'BOX' })).status).toBe(409);
    expect((await call(owner, 'POST', AT, { userName: 'a b' })).status).toBe(400);
  });

  test('A-112 nobody but an owner makes or touches an account with roles of the console', async () => {
    const [box] = (await call(owner, 'GET', AT)).body.items as unknown as readonly {
      readonly id: string;
    }[];
    const path = `${AT}/${box?.id}`;
    const { etag } = await call(admin, 'GET', path);
    expect((await call(admin, 'POST', AT, { userName: 'x', roles: ['console:read-only'] })).status).toBe(403);
    expect((await call(admin, 'POST', `${path}/reset`)).status).toBe(403);
    expect((await call(admin, 'PATCH', path, { active: false }, etag)).status).toBe(403);
    expect((await call(admin, 'DELETE', path, undefined, etag)).status).toBe(403);
    expect((await call(owner, 'GET', `/tenants/system/operators/${box?.id}`)).status).toBe(404);
  });

  test('are switched off, reset and deleted by version; the last owner stays', async () => {
    const [box] = (await call(owner, 'GET', AT)).body.items as unknown as readonly {
      readonly id: string;
    }[];
    const path = `${AT}/${box?.id}`;
    const { etag } = await call(owner, 'GET', path);
    const told = await call(owner, 'PATCH', path, { active: false }, etag);
    expect([told.status, told.body.code, told.body.detail]).toMatchObject([409, 'conflict', /last owner/]);
    const other = await call(owner, 'POST', AT, { userName: 'second', roles: ['console:owner'] });
    const { browser } = await enrolByPasskey(other.body.enrolment.link);
    expect((await call(owner, 'PATCH', path, { active: false })).status).toBe(428);
    const off = await call(owner, 'PATCH', path, { active: false }, etag);
    expect(off.body).toMatchObject({ active: false });
    expect((await call(owner, 'DELETE', path, undefined, etag)).status).toBe(412);
    expect((await call(owner, 'DELETE', path, undefined, off.etag)).status).toBe(204);
    expect((await call(browser, 'GET', AT)).status).toBe(200);
    const reset = await call(owner, 'POST', `${AT}/${other.body.id}/reset`);
    expect(reset.body).toMatchObject({
      passkeys: 0,
      recoveryCodes: 0,
      enrolment: { link: expect.any(String) },
    });
    expect((await call(browser, 'GET', AT)).status).toBe(401);
  });
});

describe('A-121 what one signs in by oneself', () => {
  test('changes after a fresh proof, and the only way in stays', async () => {
    const key = new Authenticator(node.url);
    const begun = await call(owner, 'POST', '/me/passkeys/challenge');
    const { challenge, options } = begun.body;
    const added = { challenge, name: 'Key in the safe', answer: JSON.parse(key.create(options)) as object };
    // Of somebody else, with a cookie of somebody else's, it is nothing.
    expect((await call(admin, 'POST', '/me/passkeys', added)).status).toBe(400);
    expect((await call(owner, 'POST', '/me/passkeys', added)).status).toBe(400);
    const again = await call(owner, 'POST', '/me/passkeys/challenge');
    const fresh = again.body;
    const answer = JSON.parse(key.create(fresh.options)) as object;
    const made = await call(owner, 'POST', '/me/passkeys', { ...added, challenge: fresh.challenge, answer });
    expect(made.status).toBe(201);
    const page = await owner.open(`${node.url}/console/step-up`);
    expect((await send(owner, page, { passkey: key.get(optionsOf(page)) })).status).toBe(303);
    const listed = await call(owner, 'GET', '/me/passkeys');
    expect([listed.status, listed.body.items]).toEqual([
      200,
      [
        {
          id: expect.any(String),
          name: expect.any(String),
          createdAt: expect.any(String),
          lastUsedAt: null,
        },
        {
          id: made.body.id,
          name: 'Key in the safe',
          createdAt: expect.any(String),
          lastUsedAt: expect.any(String),
        },
      ],
    ]);
    expect((await call(admin, 'GET', '/me/passkeys')).body.items).not.toContainEqual(
      expect.objectContaining({ id: made.body.id }),
    );
    const remove = (id: string) => call(owner, 'DELETE', `/me/passkeys/${id}`, undefined, '*');
    expect((await remove('none')).status).toBe(404);
    expect((await remove(made.body.id)).status).toBe(204);
    const [only] = await ledger.rows<{ id: string }>(
      `SELECT p.id FROM passkeys p JOIN users u ON u.id = p.user_id WHERE u.user_name = 'ada'`,
    );
    expect((await remove(only?.id ?? '')).status).toBe(409);
  });

  test('new recovery codes put an end to the old ones; all of it asks for a proof within five minutes', async () => {
    const renewed = await call(owner, 'POST', '/me/recovery-codes');
    expect(renewed.body.codes).toHaveLength(10);
    const codes = `SELECT count(*)::int AS n FROM recovery_codes c JOIN users u ON u.id = c.user_id WHERE u.user_name = 'ada'`;
    expect(await ledger.rows(codes)).toEqual([{ n: 10 }]);
    await ledger.rows(`UPDATE console_sessions SET authenticated_at = now() - interval '6 minutes'`);
    for (const [method, path] of [
      ['POST', '/me/recovery-codes'],
      ['POST', '/me/passkeys/challenge'],
    ] as const) {
      const stale = await call(owner, method, path);
      expect([path, stale.status, stale.body.code]).toEqual([path, 403, 'step_up_required']);
    }
    expect((await call(owner, 'POST', AT, { userName: 'late' })).body.code).toBe('step_up_required');
  });
});
