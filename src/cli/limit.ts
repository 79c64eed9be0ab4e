import { CliError, EXIT } from './exit-codes.js';

/** More than that at once is a matter for the database. */
const LIMIT_MAX = 10_000;

/** How many a list shows at most. @throws CliError when it is no whole number from 1 to 10,000 */
export function limitOf(text: string): number {
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new CliError(EXIT.usage, [`--limit must be a whole number from 1 to ${LIMIT_MAX}`]);
}
