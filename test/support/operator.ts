import { generateSync } from 'otplib';
import { consoleRole, type ConsoleRole } from '../../src/domain/operator/console-role.js';
import type { TenantId, UserId } from '../../src/core/ids.js';
import { createAccount, type ChangeAccountDeps } from '../../src/domain/account/change-account.js';
import type { AccountPurpose } from '../../src/domain/account/local-account.js';
import { sha256 } from '../../src/keys/hash.js';
import { configurationDeps } from '../../src/server/configuration.js';
import { PostgresAccountStore } from '../../src/storage/account-store.js';
import { PostgresLinks } from '../../src/storage/links.js';
import { Authenticator } from './authenticator.js';
import type { TestNode } from './node.js';
import { formsOf, HttpBrowser, type Page } from './okta-sign-in.js';
import { readable } from './trip.js';

/** What changing accounts takes, over a test's node. */
export async function accountDeps(
  { node, keyRing }: TestNode,
  slug = 'system',
): Promise<ChangeAccountDeps & { readonly tenantId: TenantId }> {
  const deps = configurationDeps(node.database, keyRing, node.ids);
  const tenant = await deps.store.find(slug);
  if (tenant === undefined) throw new Error(`no tenant ${slug}`);
  const tenantId = tenant.configuration.tenant.id;
  return {
    ...deps,
    tenantId,
    accounts: new PostgresAccountStore(node.database),
    links: new PostgresLinks(node.database),
    auditTools: { ...deps, vault: deps.keys.openVault(tenantId, tenant.wrappedDataKey) },
  };
}

export const OPERATOR = { type: 'operator', id: 'cli:tester' } as const;

/** Makes an account as `causeway admin create` does; gives its link. */
export async function invite(
  node: TestNode,
  userName: string,
  options: { readonly purpose?: AccountPurpose; readonly role?: string; readonly tenant?: string } = {},
): Promise<{ readonly link: string; readonly userId: UserId }> {
  const deps = await accountDeps(node, options.tenant);
  const role: ConsoleRole | undefined = consoleRole(options.role ?? 'console:owner');
  const { token, userId } = await node.node.database.withTenant(deps.tenantId, (scope) =>
    createAccount(deps, scope, {
      userName,
      purpose: options.purpose ?? 'operator',
      roles: role === undefined ? [] : [role],
      actor: OPERATOR,
      authority: 'host',
    }),
  );
  return { link: `${node.url}/console/enrol/${token}`, userId };
}

/** Prints a first-run link, as a start does. */
export async function firstRunLink({ node, url }: TestNode): Promise<string> {
  const token = node.ids.secret(32);
  await new PostgresLinks(node.database).createFirstRun(node.ids.uuid(), sha256(token), 1800);
  return `${url}/console/first-run/${token}`;
}

/** Options that a page of passkeys gives its script. */
export function optionsOf(page: Page): { readonly challenge: string; readonly rpId?: string } {
  const [, json = ''] = /data-options="([^"]*)"/.exec(page.text) ?? [];
  if (json === '') throw new Error(`no passkey is asked for: ${page.status} ${readable(page)}`);
  return JSON.parse(json.replaceAll('&quot;', '"').replaceAll('&#x27;', "'").replaceAll('&amp;', '&'));
}

/** Sends the form of a page, as its one button does. */
export async function send(
  browser: HttpBrowser,
  page: Page,
  values: Readonly<Record<string, string>>,
): Promise<Page> {
  const form = formsOf(page).at(-1);
  if (form === undefined) throw new Error(`no form: ${page.status} ${readable(page)}`);
  return browser.open(form.action, { form: { ...Object.fromEntries(form.fields), ...values } });
}

/** Somebody with a passkey, and their recovery codes. */
export interface PasskeyHolder {
  readonly browser: HttpBrowser;
  readonly key: Authenticator;
  readonly codes: readonly string[];
}

/** Makes a way in by passkey behind a link, as a browser would. */
export async function enrolByPasskey(link: string, userName?: string): Promise<PasskeyHolder> {
  const browser = new HttpBrowser();
  const key = new Authenticator(new URL(link).origin);
  const page = await browser.open(link);
  const name = userName === undefined ? {} : { user_name: userName };
  const done = await send(browser, page, { passkey: key.create(optionsOf(page)), ...name });
  return { browser, key, codes: codesOn(done) };
}

/** The recovery codes that a page shows. */
export function codesOn(page: Page): readonly string[] {
  const codes = page.text.match(/(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}/g) ?? [];
  if (codes.length !== 10) throw new Error(`no recovery codes: ${page.status} ${readable(page)}`);
  return codes;
}

/** Somebody with a password and an app. */
export interface PasswordHolder {
  readonly browser: HttpBrowser;
  readonly seed: string;
  readonly codes: readonly string[];
}

export const PASSWORD = 'correct horse battery';

/** The app's code of a step: now's, or so many after it. One of before might be too old when it arrives. */
export const codeOf = (secret: string, step = 0): string =>
  generateSync({ secret, epoch: Math.floor(Date.now() / 1000) + 30 * step });

/** The seed that a page shows. */
export const seedOn = (page: Page): string =>
  (/<code>([A-Z2-7 ]{39})<\/code>/.exec(page.text)?.[1] ?? '').replaceAll(' ', '');

export async function enrolByPassword(link: string): Promise<PasswordHolder> {
  const browser = new HttpBrowser();
  const page = await browser.open(`${link}?by=password`);
  const seed = seedOn(page);
  const done = await send(browser, page, { password: PASSWORD, code: codeOf(seed) });
  return { browser, seed, codes: codesOn(done) };
}
