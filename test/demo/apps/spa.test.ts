import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RunningApp } from '../../../demo/apps/shared/serve.js';
import { startSpa } from '../../../demo/apps/spa/server.js';
import { HttpBrowser } from '../../support/okta-sign-in.js';

const ISSUER = 'http://localhost:3999/t/acme';

let app: RunningApp;

beforeAll(async () => {
  app = await startSpa({
    look: { tenant: 'Acme', name: 'Notes </script>', accent: 'plum' },
    issuer: ISSUER,
    clientId: 'notes',
    port: 0,
  });
});
afterAll(() => app.stop());

const get = (path: string) => new HttpBrowser().open(app.url + path);

/** Asks for a path as it is, unlike `fetch`, which tidies it up. */
function statusOf(path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(app.url, { path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

test.each(['/', '/callback?code=x&state=y', '/login/initiate?iss=x', '/signed-out'])(
  '%s is the application',
  async (path) => {
    const page = await get(path);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.text).toContain('<script type="module" src="/app.js">');
  },
);

test.each(['/app.js', '/session.js', '/view.js', '/words.js', '/silent.js', '/vendor/oidc-client-ts.js'])(
  '%s is a script',
  async (path) => {
    const page = await get(path);
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/javascript; charset=utf-8']);
  },
);

test('its configuration names the issuer and the client, and no secret', async () => {
  const { text } = await get('/config.js');
  expect(JSON.parse(text.replace(/^export const config = |;\n$/g, ''))).toEqual({
    issuer: ISSUER,
    clientId: 'notes',
    look: { tenant: 'Acme', name: 'Notes </script>', accent: 'plum' },
  });
});

test.each([
  '/server.ts',
  '/../server.ts',
  '/%2e%2e/server.ts',
  '/..%2fserver.ts',
  '/public/app.js',
  '/.git/config',
])('%s is not handed out', async (path) => {
  expect(await statusOf(path)).toBe(404);
});

const policyOf = async (path: string): Promise<string[]> =>
  (await get(path)).headers['content-security-policy']?.split('; ') ?? [];

describe('its policy', () => {
  test('lets no script but its own run, and talks to the issuer only', async () => {
    const policy = await policyOf('/');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain('connect-src http://localhost:3999');
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).toContain("frame-ancestors 'none'");
  });

  test('lets the page of silent renewal be framed by itself alone', async () => {
    expect(await policyOf('/silent.html')).toContain("frame-ancestors 'self'");
  });
});
