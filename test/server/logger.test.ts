import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { BatchedLines } from '../../src/server/batched-lines.js';
import { createLogger, type LogLevel } from '../../src/server/logger.js';

/** Logs one line and gives it back. */
function logged(
  fields: Readonly<Record<string, unknown>>,
  level: LogLevel = 'debug',
): Record<string, unknown> {
  const lines: string[] = [];
  createLogger(level, { write: (line) => void lines.push(line) }).info('test.event', fields);
  expect(lines).toHaveLength(1);
  expect(lines[0]?.indexOf('\n')).toBe((lines[0]?.length ?? 0) - 1);
  return JSON.parse(lines[0] ?? '') as Record<string, unknown>;
}

const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIwMHUxIn0.c2lnbmF0dXJl';

describe('A-129 what the log leaves out', () => {
  test.each([
    'clientSecret',
    'client_secret',
    'secondarySecret',
    'access_token',
    'refreshToken',
    'id_token',
    'token',
    'password',
    'authorization',
    'Cookie',
    'set-cookie',
    'code_verifier',
    'client_assertion',
    'privateJwk',
    'credentials',
    'code',
    'state',
    'nonce',
    'jwks',
    'k',
  ])('the value under %s, however deep', (key) => {
    const line = JSON.stringify(logged({ [key]: 'canary', deep: [{ er: { [key]: { all: 'canary' } } }] }));
    expect(line).not.toContain('canary');
    expect(line.match(/\[redacted\]/g)).toHaveLength(2);
  });

  test.each<[what: string, text: string, left: string]>([
    [
      'the query of an address',
      'GET https://a.example/cb?code=canary&state=canary',
      'GET https://a.example/cb?…',
    ],
    ['a fragment', 'https://a.example/cb#access_token=canary', 'https://a.example/cb?…'],
    ['the query of a path', 'at /t/acme/callback/okta?code=canary in', 'at /t/acme/callback/okta?… in'],
    [
      'a form',
      'body: grant_type=x&code=canary&client_secret=canary',
      'body: grant_type=x&code=…&client_secret=…',
    ],
    ['a token', `it said ${JWT}.`, 'it said …'],
    ['a header', 'Authorization: Bearer canary-canary', 'Authorization: Bearer …'],
    ['a Basic header', 'Basic Y2FuYXJ5OmNhbmFyeQ==', 'Basic …'],
    ['a token of ours', 'cw_scim_01abc_canary_1f', 'cw_scim_…'],
  ])('%s', (_what, text, left) => {
    expect(logged({ detail: text })['detail']).toBe(left);
    const { error } = logged({ error: new Error(text) }) as { error: { message: string; stack: string } };
    expect(error.message).toBe(left);
    expect(error.stack).not.toMatch(/canary|eyJ|Y2FuYXJ5/);
  });

  test.each([
    'Why? Because.',
    'a/b?',
    'rate 5/10 ok',
    'https://a.example/path',
    'token_invalid',
    'cw-7K2M-QX4D',
  ])('and leaves %j as it is', (text) => {
    expect(logged({ detail: text })['detail']).toBe(text);
  });

  test('what libraries hang on errors, and keeps the causes', () => {
    const cause = Object.assign(new TypeError('inner'), { response: { body: 'canary' } });
    const error = Object.assign(new Error('outer', { cause }), { request: { headers: 'canary' }, code: 'E' });
    const line = logged({ error }) as { error: { name: string; cause: { name: string; message: string } } };
    expect(JSON.stringify(line)).not.toContain('canary');
    expect(line.error.cause).toMatchObject({ name: 'TypeError', message: 'inner' });
  });

  test('bytes, and everything beyond a depth, a length, a number', () => {
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    const { bytes, url, list, text, big } = logged({
      bytes: Buffer.from('canary'),
      url: new URL('https://a.example/?code=canary'),
      list: Array.from({ length: 1_000 }, () => 1),
      text: 'x'.repeat(10_000),
      big: 10n ** 20n,
      loop,
    });
    expect({ bytes, url, big }).toEqual({
      bytes: '6 bytes',
      url: 'https://a.example/?…',
      big: '100000000000000000000',
    });
    expect(list).toHaveLength(50);
    expect(String(text)).toHaveLength(2_000);
  });

  test('what a child logger adds to each line', () => {
    const lines: string[] = [];
    const log = createLogger('debug', { write: (line) => void lines.push(line) });
    log.child({ tenant: 'acme', token: 'canary' }).warn('test.event', { state: 'canary' });
    expect(lines.join('')).not.toContain('canary');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 40, tenant: 'acme', msg: 'test.event' });
  });
});

test('A-127 a line is one line, whatever stands in it', () => {
  const forged = 'ada\n{"level":30,"msg":"sign_in.succeeded"}\r\u001b[2K\u2028';
  expect(logged({ userAgent: forged })['userAgent']).toBe(forged);
});

test('below its level nothing is written', () => {
  const lines: string[] = [];
  const log = createLogger('warn', { write: (line) => void lines.push(line) });
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d');
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['c', 'd']);
});

describe('lines that leave together', () => {
  test('keep their order, and leave by themselves, by their length, or when asked', async () => {
    const written: string[] = [];
    const lines = new BatchedLines({ write: (text) => void written.push(text) });
    lines.write('a\n');
    lines.write('b\n');
    expect(written).toEqual([]);
    while (written.length === 0) await sleep(5);
    expect(written).toEqual(['a\nb\n']);
    lines.write('c\n');
    lines.flush();
    lines.flush();
    expect(written.splice(0)).toEqual(['a\nb\n', 'c\n']);
    // 1,001 bytes; no write is longer than what a pipe takes as one, unless a line is.
    const long = `${'é'.repeat(500)}\n`;
    for (let count = 0; count < 10; count += 1) lines.write(long);
    expect(written).toEqual([long.repeat(4), long.repeat(4)]);
    lines.write(long.repeat(9));
    lines.flush();
    expect(written.slice(2)).toEqual([long.repeat(2), long.repeat(9)]);
  });

  test('wait for nothing when one is a warning or an error', () => {
    const written: string[] = [];
    const log = createLogger('info', new BatchedLines({ write: (text) => void written.push(text) }));
    log.info('a');
    expect(written).toEqual([]);
    log.child({ part: 'x' }).warn('b');
    log.info('c');
    log.error('d');
    expect(written.map((text) => text.match(/(?<="msg":")\w/g))).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  test('are all there when the process ends by itself, is ended, or fails', async () => {
    const module = new URL('../../src/server/logger.ts', import.meta.url).href;
    const ends = { '': 0, 'process.exit(3)': 3, 'throw new Error("oops")': 1 };
    const run = async ([end, code]: [string, number]): Promise<void> => {
      const program = `import { createLogger } from '${module}';
        const log = createLogger('info');
        for (let count = 0; count < 99; count += 1) log.info('line', { count });
        ${end}`;
      const words = ['--import', 'tsx', '--input-type=module', '--eval', program];
      const ended = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
        execFile(process.execPath, words, (error, _out, stderr) =>
          resolve({ code: error?.code ?? 0, stderr }),
        );
      });
      expect(ended.code).toBe(code);
      const counts = Array.from({ length: 99 }, (_, count) => `"count":${count}`);
      expect(ended.stderr.match(/"count":\d+/g)).toEqual(counts);
    };
    await Promise.all(Object.entries(ends).map(run));
  });
});
