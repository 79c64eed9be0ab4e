import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, fetch } from 'undici';

/**
 * `*.localhost` is loopback (RFC 6761), though not every system's resolver says so; browsers do it like this
 * too.
 */
const loopbackLookup: LookupFunction = (hostname, options, callback) => {
  if (!hostname.endsWith('.localhost')) lookup(hostname, options, callback);
  else if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

const agent = new Agent({ pipelining: 0, connect: { lookup: loopbackLookup } });

interface Cookie {
  readonly host: string;
  readonly path: string;
  readonly name: string;
  readonly value: string;
}

export interface Page {
  readonly url: URL;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** Where a redirect leads; redirects are never followed by themselves. */
  readonly location: URL | undefined;
}

export interface PageForm {
  readonly action: URL;
  readonly fields: ReadonlyMap<string, string>;
  /** Names of buttons that have one. */
  readonly buttons: readonly string[];
  /** `type` of each input. */
  readonly types: ReadonlyMap<string, string>;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&#x27;': "'",
};

function unescape(text: string): string {
  return text.replace(/&(?:amp|lt|gt|quot|#39|#x27);/g, (entity) => ENTITIES[entity] ?? entity);
}

function attribute(tag: string, name: string): string | undefined {
  const match = new RegExp(`\\s${name}="([^"]*)"`).exec(tag);
  return match?.[1] === undefined ? undefined : unescape(match[1]);
}

/** The forms of a page, in order. Knows just enough HTML for pages that a server renders. */
export function formsOf(page: Page): PageForm[] {
  return [...page.text.matchAll(/<form\b[^>]*>[\s\S]*?<\/form>/g)].map(([markup]) => {
    const fields = new Map<string, string>();
    const types = new Map<string, string>();
    for (const [input] of markup.matchAll(/<input\b[^>]*>/g)) {
      const name = attribute(input, 'name');
      if (name === undefined) continue;
      types.set(name, attribute(input, 'type') ?? 'text');
      if (types.get(name) !== 'checkbox') fields.set(name, attribute(input, 'value') ?? '');
    }
    const buttons = [...markup.matchAll(/<button\b[^>]*>/g)].flatMap(([tag]) => attribute(tag, 'name') ?? []);
    return { action: new URL(attribute(markup, 'action') ?? '', page.url), fields, types, buttons };
  });
}

/**
 * A browser as far as HTTP goes: keeps cookies by host (not by port, as browsers do) and path, follows
 * nothing by itself. One instance is one person's browser.
 */
export class HttpBrowser {
  #cookies: Cookie[] = [];

  /** One request with the cookies that belong to it; keeps those that come back. */
  async open(
    address: URL | string,
    options: {
      readonly form?: Readonly<Record<string, string>> | URLSearchParams;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<Page> {
    const url = new URL(address);
    const cookie = this.cookies(url);
    const response = await fetch(url, {
      method: options.form === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      dispatcher: agent,
      headers: { ...options.headers, ...(cookie === '' ? {} : { Cookie: cookie }) },
      ...(options.form === undefined ? {} : { body: new URLSearchParams(options.form) }),
    });
    for (const line of response.headers.getSetCookie()) this.#keep(url, line);
    const location = response.headers.get('location');
    return {
      url,
      status: response.status,
      headers: Object.fromEntries(response.headers),
      text: await response.text(),
      location: location === null ? undefined : new URL(location, url),
    };
  }

  /** Submits a form of a page with these fields filled in. */
  submit(form: PageForm, values: Readonly<Record<string, string>> = {}): Promise<Page> {
    return this.open(form.action, { form: { ...Object.fromEntries(form.fields), ...values } });
  }

  /**
   * Opens an address and follows its redirects as long as `stays` says so; the first that leaves is the
   * answer.
   */
  async travel(address: URL | string, stays: (url: URL) => boolean): Promise<Page> {
    let page = await this.open(address);
    for (let hops = 0; page.location !== undefined && stays(page.location); hops += 1) {
      if (hops > 20) throw new Error(`too many redirects, the last to ${page.location.href}`);
      page = await this.open(page.location);
    }
    return page;
  }

  /** The Cookie header for an address. */
  cookies(url: URL): string {
    return this.#cookies
      .filter(({ host, path }) => host === url.hostname && pathMatches(url.pathname, path))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  clearCookies(): void {
    this.#cookies = [];
  }

  #keep(url: URL, line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const equals = pair.indexOf('=');
    const read = (name: string): string | undefined =>
      attributes.find((part) => part.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
    const cookie = {
      host: url.hostname,
      path: read('path') ?? '/',
      name: pair.slice(0, equals),
      value: pair.slice(equals + 1),
    };
    const expires = read('expires');
    const gone = read('max-age') === '0' || (expires !== undefined && Date.parse(expires) <= Date.now());
    this.#cookies = this.#cookies.filter(
      ({ host, path, name }) => host !== cookie.host || path !== cookie.path || name !== cookie.name,
    );
    if (!gone) this.#cookies.push(cookie);
  }
}

function pathMatches(path: string, cookiePath: string): boolean {
  if (path === cookiePath) return true;
  return path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`);
}

export interface OktaPerson {
  readonly username: string;
  readonly password: string;
  /** The code of the second factor, where it is asked for. */
  readonly otp?: string;
  /** What to answer on a consent page. Default: yes. */
  readonly consent?: boolean;
}

/** What to fill into a form of Okta's sign-in pages; nothing for forms that aren't about going on. */
function answerTo(form: PageForm, person: OktaPerson): Readonly<Record<string, string>> | undefined {
  switch (form.action.pathname) {
    case '/idp/idx/identify':
      return form.fields.has('password') ? undefined : { identifier: person.username };
    case '/idp/idx/challenge/answer':
      if (!form.fields.has('passcode')) return {};
      return { passcode: form.types.get('passcode') === 'password' ? person.password : (person.otp ?? '') };
    case '/idp/idx/consent':
      return { consent: String(person.consent ?? true) };
    case '/idp/idx/enroll':
      return {};
    default:
      return undefined;
  }
}

/** A form_post page as an address: its action, with the fields as the query. */
function formPostTarget(page: Page): URL | undefined {
  const form = formsOf(page).find(({ action }) => action.origin !== page.url.origin);
  if (form === undefined) return undefined;
  const url = new URL(form.action);
  for (const [name, value] of form.fields) url.searchParams.append(name, value);
  return url;
}

/** What a person would read off a page that they didn't expect. */
function readable(page: Page): string {
  return page.text
    .replace(/<style[\s\S]*?<\/style>|<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/**
 * Signs a person in at a simulated Okta org, as a browser would but over plain HTTP: opens the authorization
 * request, fills in whatever the pages ask for, and stops at the address that Okta sends the browser back to.
 * @returns the callback with `code` and `state`, or `error`; not fetched. With `response_mode=form_post` the
 *   posted fields stand in its query
 * @throws Error when Okta shows a page that leads nowhere (wrong password, 400 page), with that page's text
 */
export async function signInAtOkta(
  browser: HttpBrowser,
  authorizeUrl: URL | string,
  person: OktaPerson,
): Promise<URL> {
  const { origin } = new URL(authorizeUrl);
  const stays = (url: URL): boolean => url.origin === origin;
  let page = await browser.travel(authorizeUrl, stays);
  for (let steps = 0; steps < 10; steps += 1) {
    if (page.location !== undefined) return page.location;
    const posted = formPostTarget(page);
    if (posted !== undefined) return posted;
    const refused = /role="alert"/.test(page.text);
    const next = formsOf(page).flatMap((form) => {
      const values = answerTo(form, person);
      return values === undefined ? [] : [{ form, values }];
    })[0];
    if (refused || next === undefined) {
      throw new Error(`Okta shows (${page.status}): ${readable(page).slice(0, 500)}`);
    }
    const answer = await browser.submit(next.form, next.values);
    page =
      answer.location !== undefined && stays(answer.location)
        ? await browser.travel(answer.location, stays)
        : answer;
  }
  throw new Error(`Okta keeps asking: ${readable(page).slice(0, 500)}`);
}
