interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

/** Cookies of one browser toward one host (RFC 6265 sections 5.2 to 5.4): names, paths, deletion. */
export class CookieJar {
  #cookies: readonly Cookie[] = [];

  /** Keeps what an answer sets. `requestPath`: of the request that was answered. */
  store(setCookie: string | readonly string[] | undefined, requestPath: string): void {
    if (setCookie === undefined) return;
    for (const line of typeof setCookie === 'string' ? [setCookie] : setCookie) this.#keep(line, requestPath);
  }

  /** The `Cookie` header for a path; undefined when none belongs there. */
  header(path: string): string | undefined {
    const matching = this.#cookies
      .filter((cookie) => pathMatches(path, cookie.path))
      .toSorted((a, b) => b.path.length - a.path.length);
    return matching.length === 0
      ? undefined
      : matching.map(({ name, value }) => `${name}=${value}`).join('; ');
  }

  #keep(line: string, requestPath: string): void {
    const [pair = '', ...attributes] = line.split(';');
    const at = pair.indexOf('=');
    if (at < 1) return;
    const name = pair.slice(0, at).trim();
    const found = new Map(attributes.map(readAttribute));
    const given = found.get('path') ?? '';
    const path = given.startsWith('/') ? given : defaultPath(requestPath);
    this.#cookies = this.#cookies.filter((cookie) => cookie.name !== name || cookie.path !== path);
    if (!isOver(found)) this.#cookies = [...this.#cookies, { name, value: pair.slice(at + 1).trim(), path }];
  }
}

function readAttribute(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  return at < 0
    ? [text.trim().toLowerCase(), '']
    : [text.slice(0, at).trim().toLowerCase(), text.slice(at + 1).trim()];
}

/** Max-Age before Expires (RFC 6265 section 5.3). */
function isOver(attributes: ReadonlyMap<string, string>): boolean {
  const maxAge = attributes.get('max-age');
  if (maxAge !== undefined) return Number(maxAge) <= 0;
  const expires = attributes.get('expires');
  return expires !== undefined && Date.parse(expires) <= Date.now();
}

function defaultPath(requestPath: string): string {
  const end = requestPath.lastIndexOf('/');
  return end <= 0 ? '/' : requestPath.slice(0, end);
}

function pathMatches(path: string, cookiePath: string): boolean {
  if (!path.startsWith(cookiePath)) return false;
  return path.length === cookiePath.length || cookiePath.endsWith('/') || path[cookiePath.length] === '/';
}
