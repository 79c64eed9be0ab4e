import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs `work`, and lets go of what it works on afterwards; also when somebody interrupts it, so that no
 * database of ours goes on running behind a command that is gone.
 * @param release may be called twice
 */
export async function releasing<T>(release: () => Promise<void>, work: () => Promise<T>): Promise<T> {
  const interrupted = (signal: (typeof SIGNALS)[number]): void => {
    const end = (): never => process.exit(128 + constants.signals[signal]);
    release().then(end, end);
  };
  for (const signal of SIGNALS) process.once(signal, interrupted);
  try {
    return await work();
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupted);
    await release();
  }
}
