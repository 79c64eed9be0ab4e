import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import { approve, deviceApplication, deviceOf } from '../support/device.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { headingOf } from '../support/trip.js';
import { SNIPPETS } from './support/program.js';

let acme: Acme;

beforeAll(async () => {
  acme = await startAcme();
  await acme.causeway.apply([{ slug: 'acme', applications: [deviceApplication] }]);
});
afterAll(async () => {
  await acme.stop();
});

test('the device of the guide, by openid-client: from its code to who signed in', async () => {
  const { issuer } = acme.app;
  const device = spawn(process.execPath, [`${SNIPPETS}device.mjs`], {
    env: { PATH: process.env['PATH'] ?? '', ISSUER: issuer, CLIENT_ID: 'tv', DEVICE_NAME: 'kitchen-7' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(device, 'exit');
  let said = '';
  let complained = '';
  device.stderr.on('data', (data: Buffer) => (complained += data.toString()));
  const code = new Promise<string>((resolve, reject) => {
    device.stdout.on('data', (data: Buffer) => {
      said += data.toString();
      const [, found] = /enter ([A-Z]{4}-[A-Z]{4})/.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    });
    device.once('exit', () => reject(new Error(`it ended: ${said} ${complained}`)));
  });
  const page = await approve(new HttpBrowser(), deviceOf(issuer), await code, ADA);
  expect(headingOf(page)).toBe('Done');
  const [status] = await ended;
  expect([status, complained, said]).toEqual([
    0,
    '',
    expect.stringContaining('Signed in: Ada Byron, roles admin'),
  ]);
}, 60_000);
