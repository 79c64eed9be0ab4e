import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from '@jest/globals';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { startDemo, type Demo } from '../../../demo/demo.js';
import { freeOffset } from '../../demo/support/free-offset.js';
import { launchBrowser, NO_BROWSER } from '../../support/browser.js';
import { createTestDatabase } from '../../support/database.js';
import { prepareTemplate } from '../../support/prepare-database.js';
import { Visitor } from './visitor.js';

type Work = (visitor: Visitor) => Promise<void>;

/** The demo as a journey finds it: Causeway in a process of its own, Okta orgs, applications, and a browser. */
export interface World {
  readonly demo: Demo;
  readonly url: { readonly dashboards: string; readonly notes: string; readonly globex: string };
  /** A person with a browser of their own; it ends with the work, which fails on anything that its pages complain of. */
  readonly visit: (work: Work, options?: BrowserContextOptions) => Promise<void>;
}

interface Running extends World {
  stop(): Promise<void>;
}

/** Starts one world for all journeys of a file. Call where tests are declared; what it gives is there within tests. */
export function useWorld(): () => World {
  let running: Running | undefined;
  beforeAll(async () => {
    running = await startWorld();
  }, 180_000);
  afterAll(async () => {
    await running?.stop();
  }, 60_000);
  return () => {
    if (running === undefined) throw new Error('the world is not there yet');
    return running;
  };
}

async function startWorld(): Promise<Running> {
  const browser = await launchBrowser();
  if (browser === undefined) throw new Error(NO_BROWSER);
  const database = await createTestDatabase(await prepareTemplate());
  const dataDir = await mkdtemp(join(tmpdir(), 'causeway-journey-'));
  const errors: unknown[] = [];
  const demo = await startDemo({
    offset: await freeOffset(),
    dataDir,
    environment: process.env,
    configuration: {
      DATABASE_URL: database.url,
      ENCRYPTION_KEYS: `journey:${randomBytes(32).toString('base64')}`,
    },
    onProgress: () => undefined,
    onError: (error) => errors.push(error),
  });
  const [dashboards = '', notes = '', globex = ''] = demo.applicationUrls;
  return {
    demo,
    url: { dashboards, notes, globex },
    visit: (work, options) => visit(browser, work, options),
    stop: async () => {
      await browser.close();
      await demo.stop();
      await database.drop();
      await rm(dataDir, { recursive: true });
      expect(demo.okta.acme.org.errors.concat(demo.okta.globex.org.errors)).toEqual([]);
    },
  };
}

async function visit(browser: Browser, work: Work, options: BrowserContextOptions = {}): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(10_000);
  const visitor = await Visitor.enter(context);
  try {
    await work(visitor);
    expect(visitor.complaints()).toEqual([]);
  } catch (error) {
    await visitor.takePicture('where-it-failed');
    throw error;
  } finally {
    await context.close();
  }
}
