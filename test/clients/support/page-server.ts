import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Program } from './program.js';
import { SNIPPETS } from './program.js';

const { resolve } = createRequire(import.meta.url);
const packageOf = (name: string): string => dirname(resolve(`${name}/package.json`));

/** Libraries as their packages ship them for browsers. Okta's comes as a script that defines a global. */
const LIBRARIES: Readonly<Record<string, string>> = {
  '/vendor/oidc-client-ts.js': join(packageOf('oidc-client-ts'), 'dist/esm/oidc-client-ts.js'),
  '/vendor/jwt-decode.js': join(dirname(resolve('jwt-decode')), '../esm/index.js'),
  '/vendor/okta-auth-js.min.js': join(
    dirname(resolve('@okta/okta-auth-js/package.json')),
    'dist/okta-auth-js.min.js',
  ),
};

const IMPORTS = {
  'oidc-client-ts': '/vendor/oidc-client-ts.js',
  'jwt-decode': '/vendor/jwt-decode.js',
  '@okta/okta-auth-js': '/vendor/okta-auth-js.js',
};

const page = (script: string): string => `<!doctype html>
<title>An application</title>
<script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>
<script src="/vendor/okta-auth-js.min.js"></script>
${script}`;

/** A page that does nothing by itself: the test calls what the guide's module exports, as buttons would. */
const application = (module: string): string =>
  page(`<script type="module">
    import * as app from '/${module}';
    globalThis.app = app;
    document.title = 'ready';
  </script>`);

/** Serves a module of the guides to a browser, as the file server of a single-page application would. */
export async function servePage(
  module: string,
  port: number,
  settings: Readonly<Record<string, string>>,
): Promise<Program> {
  const made: Readonly<Record<string, string>> = {
    '/': application(module),
    '/callback': application(module),
    '/login/callback': application(module),
    '/silent-callback': page('<script type="module" src="/silent-callback.js"></script>'),
    '/vendor/okta-auth-js.js': 'export const OktaAuth = globalThis.OktaAuth;\n',
    '/settings.js': Object.entries(settings)
      .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};\n`)
      .join(''),
  };
  const answer = async (path: string): Promise<string> => {
    const ready = made[path];
    if (ready !== undefined) return ready;
    const library = LIBRARIES[path];
    if (library !== undefined) return readFile(library, 'utf8');
    return /^\/[a-z-]+\.js$/.test(path) ? readFile(`${SNIPPETS}${path.slice(1)}`, 'utf8') : '';
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const type = pathname.endsWith('.js') ? 'text/javascript' : 'text/html';
    answer(pathname).then(
      (text) => response.writeHead(200, { 'Content-Type': `${type}; charset=utf-8` }).end(text),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((listening) => {
    server.listen(port, '127.0.0.1', listening);
  });
  return {
    url: `http://localhost:${port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((closed) => {
        server.close(() => closed());
      });
    },
  };
}
