import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { expect } from '@jest/globals';
import type { BrowserContext, Page } from 'playwright-core';

const PASSWORD = 'Okta-demo-1';
const DESK = { width: 1280, height: 800 };
const PHONE = { width: 320, height: 640 };

/** Where pictures of the pages go, for eyes to look at; without it none are taken. */
const PICTURES = process.env['JOURNEY_PICTURES'];

/** A person in front of a browser, and everything that their pages complain of. */
export class Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Addresses of the documents that the window showed, in order; redirects aren't among them. */
  readonly seen: URL[] = [];
  readonly #complaints: string[] = [];
  readonly #expected: RegExp[] = [];

  private constructor(context: BrowserContext, page: Page) {
    this.context = context;
    this.page = page;
  }

  static async enter(context: BrowserContext): Promise<Visitor> {
    const visitor = new Visitor(context, await context.newPage());
    await visitor.#watch();
    return visitor;
  }

  async #watch(): Promise<void> {
    const { context, page } = this;
    const complain = (text: string): void => void this.#complaints.push(text);
    await context.exposeFunction('complain', complain);
    await context.addInitScript({
      content: `addEventListener('securitypolicyviolation', (event) =>
        complain(['policy:', event.violatedDirective, event.blockedURI, event.sample].join(' ')))`,
    });
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()))
        complain(`${message.type()}: ${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => complain(String(error)));
    page.on('dialog', (dialog) => {
      complain(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('framenavigated', (frame) => {
      if (frame === page.mainFrame()) this.seen.push(new URL(frame.url()));
    });
  }

  /** An answer that this journey is about, which the browser puts on its console: a refusal with status 403, say. */
  expects(complaint: RegExp): void {
    this.#expected.push(complaint);
  }

  complaints(): readonly string[] {
    return this.#complaints.filter((text) => !this.#expected.some((pattern) => pattern.test(text)));
  }

  async open(address: string): Promise<void> {
    await this.page.goto(address);
  }

  /** Clicks a button or link by its words. */
  async click(name: string | RegExp): Promise<void> {
    const { page } = this;
    await page.getByRole('button', { name }).or(page.getByRole('link', { name })).first().click();
  }

  /** Fills in Okta's sign-in pages. */
  async signInAtOkta(username: string): Promise<void> {
    const { page } = this;
    const name = page.getByLabel('Username');
    await name.waitFor();
    await name.fill(username);
    await this.click('Next');
    await page.getByLabel('Password').fill(PASSWORD);
    await this.click('Verify');
  }

  /** Waits for the page of an application that shows who is signed in. */
  async seesPerson(name: string): Promise<void> {
    await this.page.getByRole('heading', { level: 1, name }).waitFor();
  }

  async seesHeading(text: string | RegExp): Promise<void> {
    await this.page.getByRole('heading', { level: 1, name: text }).waitFor();
  }

  /** A claim or other fact that an application shows, by its name. */
  async fact(name: string): Promise<string> {
    const term = this.page.getByRole('term').filter({ hasText: new RegExp(`^${name}$`) });
    return (await term.first().locator('xpath=following-sibling::dd[1]').innerText()).trim();
  }

  /** The roles below the person's name. */
  async roles(): Promise<readonly string[]> {
    return this.page.locator('.person .pill').allInnerTexts();
  }

  /**
   * The page as it is now, light and dark, on a desk and on a phone: nothing is wider than the phone, the machine that
   * looks for barriers finds none, and pictures are taken for eyes that look.
   */
  async look(name: string): Promise<void> {
    const { page } = this;
    for (const [size, viewport] of Object.entries({ desk: DESK, phone: PHONE })) {
      await page.setViewportSize(viewport);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const barriers = size === 'desk' ? await this.#barriers() : [];
        const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
        expect({ name, size, colorScheme, barriers, wide }).toEqual({
          name,
          size,
          colorScheme,
          barriers: [],
          wide: viewport.width,
        });
        await this.takePicture(`${name}-${size}-${colorScheme}`);
      }
    }
    await page.emulateMedia({ colorScheme: null });
    await page.setViewportSize(DESK);
  }

  async takePicture(name: string): Promise<void> {
    if (PICTURES === undefined) return;
    await this.page.screenshot({ path: join(PICTURES, `journey-${name}.png`), fullPage: true });
  }

  async #barriers(): Promise<readonly string[]> {
    const { violations } = await new AxeBuilder({ page: this.page }).setLegacyMode().analyze();
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`);
  }
}
