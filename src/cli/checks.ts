/** One thing that was looked at. */
export interface Check {
  /** What was looked at: `database`, `upstream:acme/okta`. */
  readonly id: string;
  readonly status: 'ok' | 'warn' | 'fail';
  /** What was found, and where it is wrong, what mends it. */
  readonly detail: string;
}

export const ok = (id: string, detail: string): Check => ({ id, status: 'ok', detail });
export const warn = (id: string, detail: string): Check => ({ id, status: 'warn', detail });
export const fail = (id: string, detail: string): Check => ({ id, status: 'fail', detail });

/** Beyond this, times in logs and tokens begin to mislead; tokens are refused at 60 s (F-13). */
const CLOCK_WARN_SECONDS = 5;
const CLOCK_FAIL_SECONDS = 60;

/** How far a clock goes with this machine's. @param whose the clock, to begin a sentence with */
export function checkClock(whose: string, aheadSeconds: number): Check {
  const off = Math.abs(aheadSeconds);
  const clock = `${whose} is ${off.toFixed(1)} s ${aheadSeconds < 0 ? 'behind' : 'ahead of'} this machine's`;
  if (off > CLOCK_FAIL_SECONDS)
    return fail('clock', `${clock}: tokens will be refused; let both follow a time server`);
  return off > CLOCK_WARN_SECONDS
    ? warn('clock', `${clock}: let both follow a time server`)
    : ok('clock', clock);
}
