import { systemClock } from '../core/clock.js';
import { CliError, EXIT } from './exit-codes.js';

export interface ExpiryOptions {
  readonly expiresDays?: string;
  /** Seconds. */
  readonly expiresIn?: string;
}

const DAY_SECONDS = 86_400;
const DAYS_MAX = 3_650;

/**
 * When a token that is made now stops working; null: not by itself.
 * @throws CliError when it isn't told as it should be
 */
export function expiryOf({ expiresDays, expiresIn }: ExpiryOptions): Date | null {
  if (expiresDays !== undefined && expiresIn !== undefined)
    throw new CliError(EXIT.usage, ['give --expires-days or --expires-in, not both']);
  if (expiresIn !== undefined) return after(counted('--expires-in', expiresIn, DAYS_MAX * DAY_SECONDS));
  if (expiresDays === undefined) return null;
  return after(counted('--expires-days', expiresDays, DAYS_MAX) * DAY_SECONDS);
}

function counted(flag: string, text: string, max: number): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > max)
    throw new CliError(EXIT.usage, [`${flag} must be a whole number from 1 to ${max}`]);
  return count;
}

function after(seconds: number): Date {
  const now = systemClock.now();
  now.setTime(now.getTime() + seconds * 1000);
  return now;
}
