import { CookieJar } from './cookie-jar.js';
import { unexpected, UnexpectedAnswer, type HttpClient } from './http.js';

/** More redirects than any of the flows has. */
const HOPS_MAX = 12;

/** Where redirects ended, and whose addresses they led through. */
export interface Journey {
  /** The last address, not opened, with its parameters. */
  readonly end: URL;
  readonly origins: ReadonlySet<string>;
}

/** A person's browser, as far as redirects and cookies go. All its hosts are `localhost`, so one jar serves them all. */
export class Browser {
  readonly #jar = new CookieJar();

  constructor(private readonly http: HttpClient) {}

  /**
   * Follows redirects from an address until one leads to `target`, which is not opened.
   * @throws UnexpectedAnswer when a page comes instead
   */
  async follow(start: URL, target: string): Promise<Journey> {
    let url = start;
    const origins = new Set<string>();
    for (let hop = 0; hop < HOPS_MAX; hop += 1) {
      origins.add(url.origin);
      const cookie = this.#jar.header(url.pathname);
      // oxlint-disable-next-line no-await-in-loop -- each address comes from the answer before
      const answer = await this.http.call(url, {
        method: 'GET',
        headers: { accept: 'text/html', ...(cookie === undefined ? {} : { cookie }) },
      });
      this.#jar.store(answer.headers['set-cookie'], url.pathname);
      const { location } = answer.headers;
      if ((answer.status !== 302 && answer.status !== 303) || typeof location !== 'string')
        throw unexpected(answer, `GET ${url.pathname}`);
      if (location.startsWith(`${target}?`)) return { end: new URL(location), origins };
      url = new URL(location, url);
    }
    throw new UnexpectedAnswer(`too many redirects, the last to ${url.origin}${url.pathname}`);
  }
}
