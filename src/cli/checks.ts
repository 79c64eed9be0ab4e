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
