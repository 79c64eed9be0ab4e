import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

import type { NameSet } from '../pages/gallery.js';
import { type GalleryServer, pagesOf, serveGallery } from '../pages/gallery-server.js';
import { browserPath, launchBrowser, NO_BROWSER } from '../support/browser.js';

const PHONE = { width: 320, height: 640 };
const DESK = { width: 1280, height: 800 };
const MODES = {
  light: { colorScheme: 'light', viewport: DESK },
  dark: { colorScheme: 'dark', viewport: DESK },
  phone: { colorScheme: 'light', viewport: PHONE },
  'dark phone': { colorScheme: 'dark', viewport: PHONE },
  'forced colours': { forcedColors: 'active', viewport: DESK },
} as const satisfies Readonly<Record<string, BrowserContextOptions>>;
type Mode = keyof typeof MODES;

/** Of pages that differ from one another by their sentences alone, these are walked; the others are only looked at. */
const ALIKE: Readonly<Record<string, readonly string[]>> = {
  'upstream-': ['upstream-access_denied', 'upstream-rate_limited'],
  'error-': ['error-not_assigned', 'error-bad_request', 'error-bare', 'error-wait'],
  'console-': ['console-sign-in', 'console-no_role', 'console-sign-out'],
  'first-run-': ['first-run-name', 'first-run-late'],
  'enrol-': ['enrol-used'],
  'setup-': ['setup-start', 'setup-overview', 'setup-elsewhere'],
  'test-': ['test-done'],
};
const isWalked = (id: string): boolean =>
  Object.entries(ALIKE).every(([prefix, some]) => !id.startsWith(prefix) || some.includes(id));
const WALK = pagesOf('plain')
  .map(({ id }) => id)
  .filter(isWalked);

/** One page of each layout. */
const LAYOUTS = [
  'discovery-unknown',
  'chooser-another',
  'continue',
  'consent',
  'device-code-unknown',
  'device-confirm',
  'device-gone',
  'sign-out-choices',
  'signed-out',
  'error-not_assigned',
  'error-bad_request',
  'upstream-access_denied',
  'status-failing',
  'first-run-late',
];

/** Asked inside the page, as text: the tests' types know no DOM. */
const FOCUSED = `(({ outlineStyle, outlineWidth }) =>
  [document.activeElement.textContent, outlineStyle, outlineWidth])
  (getComputedStyle(document.activeElement))`;
const TOO_SMALL = `[...document.querySelectorAll('a, button, input:not([type=hidden])')].flatMap((target) => {
  const { width, height } = target.getBoundingClientRect();
  return width >= 44 && height >= 44 ? [] : [target.outerHTML];
})`;
const BUTTON_FILL = `getComputedStyle(document.querySelector('button')).backgroundColor`;

/** A page, and everything in it that went wrong: refused by the policy, logged, thrown, asked. */
interface Watched {
  readonly page: Page;
  readonly faults: string[];
}

async function watch(context: BrowserContext): Promise<Watched> {
  const faults: string[] = [];
  const page = await context.newPage();
  await page.exposeFunction('tellFault', (fault: string) => faults.push(fault));
  await page.addInitScript({
    content: `addEventListener('securitypolicyviolation', (event) =>
      tellFault([event.violatedDirective, event.blockedURI, event.sample].join(' ')))`,
  });
  page.on('console', (message) => faults.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { page, faults };
}

/** Colours are the stylesheet's, the same on every page of a layout, and take axe longer than all else. */
async function complaints(page: Page, by: 'axe' | 'axe but for colours'): Promise<readonly string[]> {
  // What passes is counted all the same, and not described: that is most of the work of a report.
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] });
  const { violations } = await (by === 'axe' ? axe : axe.disableRules(['color-contrast'])).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`);
}

const withBrowser = browserPath() === undefined ? describe.skip : describe;

withBrowser(`pages in a browser${browserPath() === undefined ? ` (${NO_BROWSER})` : ''}`, () => {
  let browser: Browser;
  let server: GalleryServer;
  let elsewhere: GalleryServer;

  beforeAll(async () => {
    const launched = await launchBrowser();
    if (launched === undefined) throw new Error(NO_BROWSER);
    browser = launched;
    elsewhere = await serveGallery();
    server = await serveGallery(`${elsewhere.origin.replace('127.0.0.1', 'localhost')}/empty`);
  });

  afterAll(async () => {
    await browser.close();
    await server.close();
    await elsewhere.close();
  });

  async function inContext<T>(
    options: BrowserContextOptions,
    work: (watched: Watched, context: BrowserContext) => Promise<T>,
  ): Promise<T> {
    const context = await browser.newContext(options);
    try {
      return await work(await watch(context), context);
    } finally {
      await context.close();
    }
  }

  const addressOf = (set: NameSet, id: string): string => `${server.origin}/${set}/${id}`;

  describe('A-103 A-104 policy, console and axe have nothing to say', () => {
    /**
     * axe judges structure: once for every page; and colours: of each layout in the light, in the dark and on a phone. Both
     * at once, and colours of the system's own, give it nothing new to judge; nor do names.
     */
    const axeOf: Readonly<Record<Mode, (id: string) => 'axe' | 'axe but for colours' | undefined>> = {
      light: (id) => (LAYOUTS.includes(id) ? 'axe' : 'axe but for colours'),
      dark: () => 'axe',
      phone: (id) => (LAYOUTS.includes(id) ? 'axe' : undefined),
      'dark phone': () => undefined,
      'forced colours': () => undefined,
    };

    async function walk(mode: Mode, set: NameSet, ids: readonly string[]): Promise<void> {
      await inContext(MODES[mode], async ({ page, faults }) => {
        for (const id of ids) {
          await page.goto(addressOf(set, id));
          const by = set === 'plain' ? axeOf[mode](id) : undefined;
          const found = by === undefined ? [] : await complaints(page, by);
          const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
          const expected = { id, found: [], faults: [], wide: MODES[mode].viewport.width };
          expect({ id, found, faults, wide }).toEqual(expected);
        }
      });
    }

    test.each<[mode: Mode, set: NameSet, ids: readonly string[]]>([
      ['light', 'plain', WALK],
      ['dark', 'plain', LAYOUTS],
      ['phone', 'plain', WALK],
      ['dark phone', 'plain', LAYOUTS],
      ['forced colours', 'plain', LAYOUTS],
      ['phone', 'nameless', LAYOUTS],
      ['phone', 'hostile', LAYOUTS],
      ['phone', 'long', LAYOUTS],
      ['phone', 'arabic', LAYOUTS],
    ])('%s, %s names, and nothing is wider than the window', walk, 180_000);

    test('every layout is one of the pages that are walked', () => {
      expect(WALK).toEqual(expect.arrayContaining(LAYOUTS));
    });

    test('every other page, with hostile names', async () => {
      await inContext(MODES.light, async ({ page, faults }) => {
        for (const { id } of pagesOf('hostile')) {
          if (WALK.includes(id)) continue;
          await page.goto(addressOf('hostile', id));
          expect({ id, faults, images: await page.locator('script, img, style').count() }).toEqual({
            id,
            faults: [],
            images: 0,
          });
        }
      });
    }, 60_000);
  });

  describe('room', () => {
    test('text of twice the size still fits a window of 640 px', async () => {
      await inContext({ viewport: { width: 640, height: 480 } }, async ({ page }, context) => {
        const devtools = await context.newCDPSession(page);
        await devtools.send('Page.setFontSizes', { fontSizes: { standard: 32, fixed: 26 } });
        for (const id of LAYOUTS) {
          await page.goto(addressOf('long', id));
          const rem = await page.evaluate<string>('getComputedStyle(document.documentElement).fontSize');
          const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
          expect({ id, rem, wide }).toEqual({ id, rem: '32px', wide: 640 });
        }
      });
    });

    test('what is touched is at least 44 px high and wide', async () => {
      await inContext(MODES.phone, async ({ page }) => {
        const small: string[] = [];
        for (const id of LAYOUTS) {
          await page.goto(addressOf('plain', id));
          small.push(...(await page.evaluate<string[]>(TOO_SMALL)).map((target) => `${id}: ${target}`));
        }
        expect(small).toEqual([]);
      });
    });
  });

  describe('by keyboard', () => {
    test('what has the focus shows it, in reading order', async () => {
      await inContext(MODES.dark, async ({ page }) => {
        await page.goto(addressOf('plain', 'error-not_assigned'));
        const walked: string[] = [];
        for (let step = 0; step < 3; step += 1) {
          await page.keyboard.press('Tab');
          const [text, ...outline] = await page.evaluate<string[]>(FOCUSED);
          expect(outline).toEqual(['solid', '3px']);
          walked.push(text ?? '');
        }
        expect(walked).toEqual(['Not you?', 'Try again', 'Use another account']);
      });
    });

    test('an address, Enter, and the browser leaves after the POST, past form-action', async () => {
      await inContext(MODES.light, async ({ page, faults }) => {
        server.posts.length = 0;
        await page.goto(addressOf('plain', 'discovery'));
        await page.locator('#email:focus').waitFor();
        await page.keyboard.type('ada@acme.example');
        await page.keyboard.press('Enter');
        await page.waitForURL((url) => url.hostname === 'localhost' && url.pathname === '/empty');
        expect(Object.fromEntries(server.posts[0] ?? [])).toEqual({
          email: 'ada@acme.example',
          xsrf: 'c2VjcmV0"><b>',
          interaction: 'uid-1',
        });
        expect(faults).toEqual([]);
      });
    });

    test('a fault in the address is where the focus is', async () => {
      await inContext(MODES.light, async ({ page }) => {
        await page.goto(addressOf('plain', 'discovery-unknown'));
        const field = page.getByLabel('Work email');
        expect(await page.evaluate<string>('document.activeElement.id')).toBe(await field.getAttribute('id'));
        expect(await field.inputValue()).toBe('ada@acme.example');
        expect(await page.title()).toBe('Error: Sign in - Grafana - Acme Inc.');
      });
    });
  });

  describe('forms say which button was pressed', () => {
    test.each<[id: string, button: string, fields: Record<string, string>]>([
      ['consent', 'Allow', { decision: 'allow', xsrf: 'c2VjcmV0"><b>', interaction: 'uid-1' }],
      ['consent', "Don't allow", { decision: 'deny', xsrf: 'c2VjcmV0"><b>', interaction: 'uid-1' }],
      ['sign-out-choices', 'Sign out', { xsrf: 'secret', logout: 'yes' }],
      ['sign-out-choices', 'Sign out of Grafana only', { xsrf: 'secret' }],
    ])('%s: %s', async (id, button, fields) => {
      await inContext(MODES.light, async ({ page, faults }) => {
        server.posts.length = 0;
        await page.goto(addressOf('plain', id));
        await page.getByRole('button', { name: button, exact: true }).click();
        await page.waitForURL('**/empty');
        expect(Object.fromEntries(server.posts[0] ?? [])).toEqual(fields);
        expect(faults).toEqual([]);
      });
    });
  });

  test("a tenant's colour fills the button, and is lightened in the dark", async () => {
    for (const [mode, filled] of [
      ['light', 'rgb(122, 31, 92)'],
      ['dark', undefined],
    ] as const) {
      await inContext(MODES[mode], async ({ page }) => {
        await page.goto(addressOf('arabic', 'discovery'));
        const fill = await page.evaluate<string>(BUTTON_FILL);
        if (filled === undefined) expect(fill).not.toBe('rgb(122, 31, 92)');
        else expect(fill).toBe(filled);
      });
    }
  });

  test.each([
    ['a page of a sign-in leaves a pop-up its opener', 'error-not_assigned', true],
    ['the status page cuts the tie', 'status', false],
  ])('%s', async (_what, id, kept) => {
    await inContext(MODES.light, async ({ page }, context) => {
      const application = elsewhere.origin.replace('127.0.0.1', 'localhost');
      await page.goto(`${application}/empty`);
      const opened = context.waitForEvent('page');
      await page.evaluate(`void open('${addressOf('plain', id)}')`);
      const popup = await opened;
      await popup.waitForLoadState();
      await popup.evaluate(`void (location.href = '${application}/empty')`);
      await popup.waitForURL(`${application}/empty`);
      expect(await popup.evaluate<boolean>('opener !== null')).toBe(kept);
    });
  });
});
