import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
export type InterruptSignal = (typeof SIGNALS)[number];

/**
 * Runs `work`, and lets go of what it works on afterwards; also when somebody interrupts it, so that no
 * database of ours goes on running behind a command that is gone.
 * @param release may be called twice
 * @param signals that interrupt it; work that ends well by one of them listens itself
 */
export async function releasing<T>(
  release: () => Promise<void>,
  work: () => Promise<T>,
  signals: readonly InterruptSignal[] = SIGNALS,
): Promise<T> {
  const interrupted = (signal: InterruptSignal): void => {
    const end = (): never => process.exit(128 + constants.signals[signal]);
    release().then(end, end);
  };
  for (const signal of signals) process.once(signal, interrupted);
  try {
    return await work();
  } finally {
    for (const signal of signals) process.off(signal, interrupted);
    await release();
  }
}
