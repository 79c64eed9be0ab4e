import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { checkPorts, movePorts, portsAt, readOffset } from '../../demo/ports.js';
import { readSeed, SEED_SECRETS } from '../../demo/seed.js';
import { freeOffset } from './support/free-offset.js';

test.each([
  [undefined, 0],
  ['0', 0],
  ['100', 100],
  ['60525', 60_525],
])('offset %s', (text, offset) => {
  expect(readOffset(text)).toBe(offset);
});

test.each(['-1', '1.5', 'x', '60526', '1e9'])('offset %s is refused', (text) => {
  expect(() => readOffset(text)).toThrow('DEMO_PORT_OFFSET must be a whole number from 0 to 60525');
});

test('the usual ports are moved, and nothing that merely looks like one', () => {
  const text =
    'a http://localhost:5001/x http://acme-okta.localhost:4001 https://localhost:5432 5001 localhost:50011';
  expect(movePorts(text, 100)).toBe(
    'a http://localhost:5101/x http://acme-okta.localhost:4101 https://localhost:5432 5001 localhost:50011',
  );
  expect(movePorts(text, 0)).toBe(text);
});

test('a taken port is named with what needs it', async () => {
  const offset = await freeOffset();
  const ports = portsAt(offset);
  await expect(checkPorts(ports)).resolves.toBeUndefined();
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(ports.acmeNotes, '127.0.0.1', resolve);
  });
  await expect(checkPorts(ports)).rejects.toThrow(
    new RegExp(`^Port ${ports.acmeNotes} is taken, and Acme Notes needs it\\.\\nStop what listens`),
  );
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

test('the seed names no secret by value, and every variable that it names is given', () => {
  const seed = readSeed(0);
  expect(seed).not.toMatch(/value:/);
  const named = [...seed.matchAll(/\{ env: (\w+) \}/g)].map(([, name]) => name);
  expect(new Set(named)).toEqual(new Set(Object.keys(SEED_SECRETS)));
});
