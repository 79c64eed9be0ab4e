import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { startBrowserApp, type BrowserAppOptions } from '../shared/browser-app.js';
import { beside } from '../shared/files.js';
import type { RunningApp } from '../shared/serve.js';

const PUBLIC = beside(import.meta.url, 'public/');
/** Okta's library as its package ships it for browsers: a script that defines `OktaAuth`. */
const LIBRARY = join(
  dirname(createRequire(import.meta.url).resolve('@okta/okta-auth-js/package.json')),
  'dist/okta-auth-js.min.js',
);

/**
 * Starts the server of the application that is written for Okta. Its `/login/callback` is registered with the issuer.
 * @throws Error when its port is taken
 */
export function startOktaSdkApp(options: BrowserAppOptions): Promise<RunningApp> {
  return startBrowserApp(options, {
    pages: ['/', '/login/callback'],
    page: `${PUBLIC}index.html`,
    scripts: {
      '/app.js': `${PUBLIC}app.js`,
      '/view.js': `${PUBLIC}view.js`,
      '/words.js': beside(import.meta.url, '../spa/public/words.js'),
      '/vendor/okta-auth-js.js': LIBRARY,
    },
  });
}
