import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import type { Account } from './os-user.js';

/** The environment of every child: nothing of ours (no secret, no `PGPORT`, no `LD_PRELOAD`) reaches it. */
const ENVIRONMENT = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin' };

/**
 * Starts a program as the account, in a session of its own: a Ctrl-C in the terminal is for Causeway alone,
 * which then stops its children in order. Resolves when the program runs. @throws the system's error when it
 * can't be run.
 */
export async function spawnAs(
  account: Account,
  program: string,
  parameters: readonly string[],
  stdio: SpawnOptions['stdio'],
): Promise<ChildProcess> {
  const child = spawn(program, parameters, {
    cwd: '/',
    env: ENVIRONMENT,
    stdio,
    detached: true,
    ...(account.switched ? { uid: account.uid, gid: account.gid } : {}),
  });
  await once(child, 'spawn');
  return child;
}
