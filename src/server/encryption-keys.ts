import { randomBytes } from 'node:crypto';
import { access, link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../core/logger.js';
import { messageOf } from '../core/errors.js';
import { KeyRing } from '../keys/sealing.js';
import { ConfigError } from './config-values.js';
import { parseEncryptionKeys, type EncryptionKeySource } from './encryption-key-source.js';

/** The name of the key file that an embedded deployment makes for itself. */
export const KEY_FILE = 'encryption-keys';

/** Whether an embedded database has served from the directory: it leaves its version there. */
export function hasServed(dataDir: string): Promise<boolean> {
  return exists(join(dataDir, 'version'));
}

/**
 * Opens the deployment's key ring. In embedded mode the first start makes a key file that only its owner can
 * read, and says that backups without it are worthless.
 * @throws ConfigError when a file can't be read or holds no keys
 */
export async function openKeyRing(
  source: EncryptionKeySource,
  dataDir: string,
  log: Logger,
): Promise<KeyRing> {
  if (source.kind === 'generated') await makeKeyFile(join(dataDir, KEY_FILE), dataDir, log);
  return readKeyRing(source, dataDir, log);
}

/** Opens the key ring and makes nothing. @throws ConfigError when there is none */
export async function readKeyRing(
  source: EncryptionKeySource,
  dataDir: string,
  log: Logger,
): Promise<KeyRing> {
  if (source.kind === 'given') return new KeyRing(source.keys);
  if (source.kind === 'file') return readKeyFile(source.path, 'ENCRYPTION_KEYS_FILE', log);
  return readKeyFile(join(dataDir, KEY_FILE), 'DATA_DIR', log);
}

/**
 * Made whole or not at all, and never over another. Where a database has been served before, a missing file
 * is not made anew: the lost key made every secret of the deployment worthless, and only a backup brings it
 * back.
 */
async function makeKeyFile(path: string, dataDir: string, log: Logger): Promise<void> {
  if (await exists(path)) return;
  if (await hasServed(dataDir))
    throw new ConfigError([
      `DATA_DIR: the key file ${path} is gone, and the database was sealed with it: ` +
        'restore it from its backup',
    ]);
  const unfinished = `${path}.${process.pid}`;
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await writeFile(unfinished, `k1:${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flush: true });
    await link(unfinished, path);
  } catch (error) {
    // Another process was first.
    if (await exists(path)) return;
    throw new ConfigError([`DATA_DIR: the key file ${path} can't be made: ${messageOf(error)}`]);
  } finally {
    await rm(unfinished, { force: true });
  }
  log.warn('encryption_keys.made', {
    file: path,
    advice:
      `BACK UP ${path} NOW, apart from the database: ` +
      'without it no secret in the database can ever be read again',
  });
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

async function readKeyFile(path: string, name: string, log: Logger): Promise<KeyRing> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0)
      log.warn('encryption_keys.file_open', {
        file: path,
        advice: `others than its owner can reach ${path}: chmod 600 ${path}`,
      });
  } catch (error) {
    throw new ConfigError([`${name}: ${path} can't be read: ${messageOf(error)}`]);
  }
  const parsed = parseEncryptionKeys(text.trim().replaceAll(/\s*\n\s*/g, ','));
  if ('fault' in parsed) throw new ConfigError([`${name}: ${path}: ${parsed.fault}`]);
  return new KeyRing(parsed.value);
}
