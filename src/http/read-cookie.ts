import type { IncomingMessage } from 'node:http';

/**
 * The value of the request's first cookie of that name (RFC 6265 section 5.4), without quotes around it. For names that a
 * request has a part in: the library keeps a pattern for each name that it was ever asked for, so whoever sends many would
 * fill the memory.
 */
export function readCookie({ headers }: Pick<IncomingMessage, 'headers'>, name: string): string | undefined {
  const start = `${name}=`;
  const pair = headers.cookie
    ?.split(';')
    .map((each) => each.trimStart())
    .find((each) => each.startsWith(start));
  const value = pair?.slice(start.length);
  return value?.startsWith('"') === true ? value.slice(1, -1) : value;
}
