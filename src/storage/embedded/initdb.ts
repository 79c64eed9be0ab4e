import { once } from 'node:events';
import { chmod, chown, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ids } from '../../core/ids.js';
import type { Logger } from '../../core/logger.js';
import { messageOf } from '../../core/errors.js';
import { plainText } from '../../core/text.js';
import type { Binaries } from './binaries.js';
import { spawnAs } from './children.js';
import { EmbeddedDatabaseError } from './errors.js';
import { syncDirectory, writeWhole } from './files.js';
import { accountForInitdb, cannotSwitch, handOver, type Account } from './os-user.js';
import { passwordFile, type Places } from './places.js';

/** The cluster's superuser; the application has a role of its own. */
export const SUPERUSER = 'postgres';

/**
 * What a new cluster is: UTF-8, compared byte by byte, with Unicode's own rules for upper and lower case,
 * none of it from the machine's locales, so that a copied database sorts the same elsewhere. Passwords by
 * SCRAM, no sockets.
 */
const PARAMETERS = [
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--data-checksums',
  `--username=${SUPERUSER}`,
  '--auth-host=scram-sha-256',
  '--auth-local=reject',
  '--no-instructions',
];

/**
 * Makes the cluster, with a new superuser password beside it. `initdb` works in a directory of another name,
 * which becomes the cluster when all of it is on disk: a cluster that is there is whole, and what an
 * interrupted start left has never served, so it is removed.
 * @throws EmbeddedDatabaseError `start_failed`, `not_permitted`.
 */
export async function initialise(
  places: Places,
  binaries: Binaries,
  ids: Pick<Ids, 'secret'>,
  log: Logger,
): Promise<void> {
  const { home, cluster, account } = places;
  await removeUnfinished(home, log);
  const worker = await accountForInitdb(account);
  const unfinished = `${cluster}.new-${ids.secret(6)}`;
  await mkdir(unfinished, { mode: 0o700 });
  if (account.switched) await chown(unfinished, worker.uid, account.gid);
  await writePassword(passwordFile(home), ids.secret(32), account);
  await runInitdb(binaries, unfinished, passwordFile(home), worker);
  if (account.switched) {
    await handOver(unfinished, account);
    await chmod(passwordFile(home), 0o600);
  }
  await rename(unfinished, cluster);
  await syncDirectory(home);
}

/** `initdb` reads it as its own user, of our group; nobody else can enter the directory it is in. */
async function writePassword(path: string, password: string, account: Account): Promise<void> {
  await writeWhole(path, `${password}\n`, 0o600);
  if (!account.switched) return;
  await chown(path, 0, account.gid);
  await chmod(path, 0o640);
}

/** Each attempt has its own directory, so an `initdb` that outlived its Causeway can't write into ours. */
async function removeUnfinished(home: string, log: Logger): Promise<void> {
  for (const name of (await readdir(home)).filter((entry) => entry.startsWith('data.new-'))) {
    const path = join(home, name);
    log.info('database.unfinished_removed', { path, reason: 'the first start was interrupted' });
    try {
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
    } catch (error) {
      log.warn('database.unfinished_left', { path, reason: messageOf(error) });
    }
  }
}

async function runInitdb(
  binaries: Binaries,
  directory: string,
  password: string,
  account: Account,
): Promise<void> {
  const parameters = [...PARAMETERS, `--pgdata=${directory}`, `--pwfile=${password}`];
  const output: string[] = [];
  let code: unknown;
  try {
    const child = await spawnAs(account, binaries.initdb, parameters, ['ignore', 'ignore', 'pipe']);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => output.push(text));
    [code] = await once(child, 'close');
  } catch (error) {
    throw cannotSwitch(error, account) ?? notRunnable(binaries.initdb, error);
  }
  if (code === 0) return;
  throw new EmbeddedDatabaseError(
    'start_failed',
    `initdb failed: ${plainText(output.join('').trim(), 1_000)}`,
  );
}

/** A program that is there and can't be run: a noexec mount, or binaries for another C library (musl). */
export function notRunnable(program: string, error: unknown): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError(
    'unsupported_platform',
    `${program} can't be run here (${messageOf(error)}): it needs glibc and a mount without noexec; ` +
      'set DATABASE_URL otherwise',
    { cause: error },
  );
}
