import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { SNIPPETS } from './support/program.js';
import { signInThrough } from './support/visit.js';

let acme: Acme;
beforeAll(async () => {
  acme = await startAcme();
  await acme.causeway.apply([
    {
      slug: 'acme',
      applications: [{ clientId: 'field-app', type: 'native', redirectUris: ['http://127.0.0.1/callback'] }],
    },
  ]);
}, 120_000);
afterAll(() => acme.stop());

test('a program on a computer signs its person in by the browser, renews, and gives its token back', async () => {
  const child = spawn(process.execPath, [`${SNIPPETS}native.mjs`], {
    env: { PATH: process.env['PATH'] ?? '', ISSUER: acme.app.issuer, CLIENT_ID: 'field-app' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const opened = await lines.next();
    const address = /^Open (\S+)$/.exec(String(opened.value))?.[1] ?? '';
    const page = await signInThrough(new HttpBrowser(), address, acme.okta, ADA);
    expect([page.url.hostname, page.text]).toEqual(['127.0.0.1', 'You can close this window.']);
    const last = await lines.next();
    expect(JSON.parse(String(last.value))).toEqual({
      sub: expect.any(String),
      name: 'Ada Byron',
      roles: ['admin'],
    });
    expect(await ended).toEqual([0, null]);
  } finally {
    child.kill();
  }
});
