import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createSystemResolver, parseHosts } from '../../src/outbound/resolver.js';

const NO_HOSTS = '/nonexistent/hosts';
const A = 1;
const NXDOMAIN = 3;

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

type Answer = readonly string[] | 'NXDOMAIN' | 'silence';

/** A name server on loopback: `answer` says what A (IPv4) and AAAA questions get. */
async function startNameServer(answer: { a: Answer; aaaa: Answer }) {
  const socket = createSocket('udp4');
  sockets.push(socket);
  let questions = 0;
  socket.on('message', (message, from) => {
    questions += 1;
    const type = message.readUInt16BE(questionEnd(message) - 4);
    const given = type === A ? answer.a : answer.aaaa;
    if (given !== 'silence') socket.send(reply(message, given, type), from.port, from.address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  return { server: `127.0.0.1:${socket.address().port}`, questions: () => questions };
}

function questionEnd(message: Buffer): number {
  let at = 12;
  while ((message[at] ?? 0) !== 0) at += (message[at] ?? 0) + 1;
  return at + 5;
}

/** RFC 1035 section 4: header, the question again, a record per address. */
function reply(message: Buffer, given: readonly string[] | 'NXDOMAIN', type: number): Buffer {
  const addresses = given === 'NXDOMAIN' ? [] : given;
  const header = Buffer.from(message.subarray(0, 12));
  header.writeUInt16BE(0x8180 | (given === 'NXDOMAIN' ? NXDOMAIN : 0), 2);
  header.writeUInt16BE(addresses.length, 6);
  header.writeUInt32BE(0, 8);
  const records = addresses.map((address) => {
    const data = type === A ? Buffer.from(address.split('.').map(Number)) : Buffer.from(address, 'hex');
    const fixed = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length]);
    return Buffer.concat([fixed, data]);
  });
  return Buffer.concat([header, message.subarray(12, questionEnd(message)), ...records]);
}

const V6 = '20010db8000000000000000000000001';

describe('DNS', () => {
  test('answers of both families are taken together', async () => {
    const { server } = await startNameServer({ a: ['192.0.2.1', '192.0.2.2'], aaaa: [V6] });
    const resolve = createSystemResolver({ hostsFile: NO_HOSTS, servers: [server] });
    const found = await resolve('okta.example');
    expect(found).toHaveLength(3);
    expect(found).toEqual(
      expect.arrayContaining([
        { address: '192.0.2.1', family: 4 },
        { address: '192.0.2.2', family: 4 },
        { address: '2001:db8::1', family: 6 },
      ]),
    );
  });

  test('one family suffices', async () => {
    const { server } = await startNameServer({ a: [], aaaa: [V6] });
    const resolve = createSystemResolver({ hostsFile: NO_HOSTS, servers: [server] });
    expect(await resolve('okta.example')).toEqual([{ address: '2001:db8::1', family: 6 }]);
  });

  test('a server that is silent about IPv6 costs 0.2 s, not a sign-in', async () => {
    const { server } = await startNameServer({ a: ['192.0.2.1'], aaaa: 'silence' });
    const resolve = createSystemResolver({ hostsFile: NO_HOSTS, servers: [server] });
    const startedAt = performance.now();
    expect(await resolve('okta.example')).toEqual([{ address: '192.0.2.1', family: 4 }]);
    expect(performance.now() - startedAt).toBeLessThan(900);
  });

  test.each<[what: string, answer: Answer]>([
    ['no such name', 'NXDOMAIN'],
    ['no address', []],
  ])('F-27 %s is an error', async (_what, answer) => {
    const { server } = await startNameServer({ a: answer, aaaa: answer });
    const resolve = createSystemResolver({ hostsFile: NO_HOSTS, servers: [server] });
    await expect(resolve('okta.example')).rejects.toThrow(/ENOTFOUND|ENODATA/);
  });

  test('F-07 silence is an error within 5 s, and is asked about twice', async () => {
    const { server, questions } = await startNameServer({ a: 'silence', aaaa: 'silence' });
    const resolve = createSystemResolver({ hostsFile: NO_HOSTS, servers: [server] });
    const startedAt = performance.now();
    await expect(resolve('okta.example')).rejects.toThrow(/ETIMEOUT/);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(questions()).toBe(4);
  });
});

describe('the hosts file', () => {
  test('is asked first, and DNS not at all for what it lists', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hosts-'));
    try {
      const hostsFile = join(folder, 'hosts');
      await writeFile(hostsFile, '10.0.0.7 okta.example\n');
      const { server, questions } = await startNameServer({ a: ['192.0.2.1'], aaaa: [] });
      const resolve = createSystemResolver({ hostsFile, servers: [server] });
      expect(await resolve('okta.example')).toEqual([{ address: '10.0.0.7', family: 4 }]);
      expect(questions()).toBe(0);
      expect(await resolve('other.example')).toEqual([{ address: '192.0.2.1', family: 4 }]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test.each<[text: string, addresses: string[]]>([
    ['10.0.0.1 okta.example', ['10.0.0.1']],
    ['10.0.0.1\tother Okta.Example alias', ['10.0.0.1']],
    ['# 10.0.0.1 okta.example', []],
    ['10.0.0.1 other # okta.example', []],
    ['10.0.0.1 okta.example\r\nfd00::1 okta.example', ['10.0.0.1', 'fd00::1']],
    ['10.0.0.1 sub.okta.example okta.example.org', []],
    ['nonsense okta.example', []],
    ['okta.example', []],
    ['', []],
  ])('%j', (text, addresses) => {
    expect(parseHosts(text, 'okta.example').map(({ address }) => address)).toEqual(addresses);
  });
});
