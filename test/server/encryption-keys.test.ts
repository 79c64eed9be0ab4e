import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { silentLogger, type Logger } from '../../src/core/logger.js';
import { KEY_FILE, openKeyRing, readKeyRing } from '../../src/server/encryption-keys.js';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'causeway-keys-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

const GENERATED = { kind: 'generated' } as const;

/** A log that remembers what it was warned of. */
function listener(): { readonly log: Logger; readonly warnings: string[] } {
  const warnings: string[] = [];
  const log = {
    ...silentLogger,
    warn: (event: string, fields?: object) => warnings.push(`${event} ${JSON.stringify(fields)}`),
  };
  return { log, warnings };
}

describe('the key file of an embedded deployment', () => {
  test('is made at the first start, for its owner alone, with a loud advice to back it up', async () => {
    const { log, warnings } = listener();
    const ring = await openKeyRing(GENERATED, dataDir, log);
    const { mode } = await stat(join(dataDir, KEY_FILE));
    expect(mode & 0o777).toBe(0o600);
    expect(warnings.join()).toMatch(/BACK UP .*encryption-keys NOW/);
    expect(warnings.join()).not.toContain((await readFile(join(dataDir, KEY_FILE), 'utf8')).slice(3, 20));

    const again = await openKeyRing(GENERATED, dataDir, silentLogger);
    expect(() => again.openDataKey('t', ring.createDataKey('t'))).not.toThrow();
  });

  test('is made once when several start at once', async () => {
    const rings = await Promise.all(
      Array.from({ length: 10 }, () => openKeyRing(GENERATED, dataDir, silentLogger)),
    );
    const sealed = rings[0]?.createDataKey('t') ?? '';
    for (const ring of rings) expect(() => ring.openDataKey('t', sealed)).not.toThrow();
  });

  test('is not made anew where a database has served: a lost key is told, not replaced', async () => {
    await writeFile(join(dataDir, 'version'), '18\n');
    await expect(openKeyRing(GENERATED, dataDir, silentLogger)).rejects.toThrow(
      /DATA_DIR: the key file .* is gone, .* restore it from its backup/,
    );
    await expect(stat(join(dataDir, KEY_FILE))).rejects.toThrow();
  });

  test('reading makes nothing', async () => {
    await expect(readKeyRing(GENERATED, dataDir, silentLogger)).rejects.toThrow(/DATA_DIR: .* can't be read/);
    await expect(stat(join(dataDir, KEY_FILE))).rejects.toThrow();
  });
});

const source = () => ({ kind: 'file', path: join(dataDir, 'keys') }) as const;

describe('a key file that the operator keeps', () => {
  const key = Buffer.alloc(32, 1).toString('base64');

  test('may hold a key a line', async () => {
    await writeFile(source().path, `new:${key}\nold:${Buffer.alloc(32, 2).toString('base64')}\n`, {
      mode: 0o600,
    });
    const ring = await openKeyRing(source(), dataDir, silentLogger);
    expect(ring.createDataKey('t')).toMatch(/^cw1\.new\./);
  });

  test('that others can read is warned of', async () => {
    const { log, warnings } = listener();
    await writeFile(source().path, `k1:${key}`);
    await chmod(source().path, 0o644);
    await openKeyRing(source(), dataDir, log);
    expect(warnings.join()).toMatch(/chmod 600/);
  });

  test.each([
    ['is missing', undefined, /ENCRYPTION_KEYS_FILE: .*keys can't be read/],
    ['is empty', '', /ENCRYPTION_KEYS_FILE: .*: key 1 must be written id:base64/],
    ['has a short key', 'k1:AAAA', /ENCRYPTION_KEYS_FILE: .*: key 'k1' must be 32 bytes/],
  ])('that %s is a fault', async (_what, text, message) => {
    if (text !== undefined) await writeFile(source().path, text, { mode: 0o600 });
    await expect(openKeyRing(source(), dataDir, silentLogger)).rejects.toThrow(message);
  });
});
