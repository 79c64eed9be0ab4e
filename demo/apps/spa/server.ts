import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { startBrowserApp, type BrowserAppOptions } from '../shared/browser-app.js';
import { beside } from '../shared/files.js';
import type { RunningApp } from '../shared/serve.js';

const PUBLIC = beside(import.meta.url, 'public/');
/** The library as its package ships it for browsers. */
const LIBRARY = join(
  dirname(createRequire(import.meta.url).resolve('oidc-client-ts/package.json')),
  'dist/browser/oidc-client-ts.min.js',
);
const SCRIPTS = ['app.js', 'session.js', 'silent.js', 'view.js', 'words.js'];

/**
 * Starts the server of the single-page sample application. Its `/callback` and `/silent.html` are registered with the
 * issuer. @throws Error when its port is taken
 */
export function startSpa(options: BrowserAppOptions): Promise<RunningApp> {
  return startBrowserApp(options, {
    pages: ['/', '/callback', '/login/initiate', '/signed-out'],
    page: `${PUBLIC}index.html`,
    framed: { path: '/silent.html', file: `${PUBLIC}silent.html` },
    scripts: {
      ...Object.fromEntries(SCRIPTS.map((file) => [`/${file}`, PUBLIC + file])),
      '/vendor/oidc-client-ts.js': LIBRARY,
    },
  });
}
