import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { messageOf } from '../../src/core/errors.js';
import { findAsset } from '../../src/pages/assets.js';
import { pageHeaders, pagePolicy, soloPageHeaders } from '../../src/pages/policy.js';
import { renderContinue } from '../../src/pages/sign-in/continue.js';
import { gallery, type GalleryPage, type NameSet, nameSets, STYLESHEET_HREF } from './gallery.js';

/**
 * A server that answers with the gallery's pages, as Causeway would: real headers, real policy, real files.
 */
export interface GalleryServer {
  readonly origin: string;
  /** Bodies of the POSTs that came in, oldest first. */
  readonly posts: URLSearchParams[];
  close(): Promise<void>;
}

const EMPTY = '<!DOCTYPE html><html lang="en"><link rel="icon" href="data:,"><title>Empty</title>';

/** Pages of one name set by their id: `/plain/discovery`. */
export function pagesOf(set: NameSet): readonly GalleryPage[] {
  const known = rendered.get(set);
  if (known !== undefined) return known;
  const pages = gallery(nameSets[set]);
  rendered.set(set, pages);
  return pages;
}

/** Each set once: a server is asked for its pages one by one. */
const rendered = new Map<NameSet, readonly GalleryPage[]>();

/**
 * Starts the server on loopback. A POST is kept, and answered with the page that goes on to `leaveTo`.
 * `/empty` plays an application.
 */
export async function serveGallery(leaveTo = '/empty'): Promise<GalleryServer> {
  const posts: URLSearchParams[] = [];
  const server = createServer((request, response) => {
    answer(request, response, { posts, leaveTo }).catch((error: unknown) =>
      response.destroy(new Error(messageOf(error))),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server listens on no port');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    posts,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Context {
  readonly posts: URLSearchParams[];
  readonly leaveTo: string;
}

async function answer(request: IncomingMessage, response: ServerResponse, context: Context): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://gallery');
  if (request.method === 'POST') {
    context.posts.push(new URLSearchParams(await bodyOf(request)));
    const frame = { brand: { tenantName: 'Acme' }, lang: 'en', stylesheetHref: STYLESHEET_HREF } as const;
    send(response, renderContinue(frame, { targetName: 'Acme Okta', href: context.leaveTo }));
    return;
  }
  const asset = pathname.startsWith('/assets/') ? findAsset(pathname.slice('/assets/'.length)) : undefined;
  if (asset !== undefined) {
    response.writeHead(200, { 'content-type': asset.contentType }).end(asset.body);
    return;
  }
  if (pathname === '/empty') {
    response.writeHead(200, { 'content-type': 'text/html' }).end(EMPTY);
    return;
  }
  if (pathname === '/no-content') {
    response.writeHead(204).end();
    return;
  }
  const [, set = '', id = ''] = pathname.split('/');
  const page = isNameSet(set) ? pagesOf(set).find((one) => one.id === id) : undefined;
  if (page === undefined) response.writeHead(404).end();
  else send(response, page.html, id.startsWith('status') ? soloPageHeaders : pageHeaders);
}

function send(response: ServerResponse, html: string, headers = pageHeaders): void {
  response.writeHead(200, { ...headers, 'content-security-policy': pagePolicy() }).end(html);
}

function isNameSet(text: string): text is NameSet {
  return Object.hasOwn(nameSets, text);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  request.setEncoding('utf8');
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}
