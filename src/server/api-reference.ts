import { createHash } from 'node:crypto';
import type { Context } from 'koa';
import { API_BASE } from '../management/api/management-api.js';
import { API_INTRODUCTION, API_TITLE, openApiDocument, tagOf } from '../management/api/openapi.js';
import type { Operation } from '../management/api/operation.js';
import { PROBLEMS } from '../management/api/problems.js';
import { renderApiReference, type ReferenceOperation } from '../pages/api-reference/api-reference.js';
import { pagePolicy, soloPageHeaders } from '../pages/policy.js';

const DOCUMENT = `${API_BASE}/openapi.json`;
const PAGE = '/api/docs';
const PROBLEM = /^\/problems\/([a-z_]{1,60})$/;

/** The management API's document for machines and its page for people. Neither says anything that is secret. */
export class ApiReference {
  #document: { readonly text: string; readonly etag: string } | undefined;
  #page: string | undefined;

  constructor(
    private readonly operations: readonly Operation[],
    private readonly about: {
      readonly publicUrl: string;
      readonly version: string;
      readonly stylesheetHref: string;
    },
  ) {}

  /** @returns false: it is another's */
  serve(ctx: Context, path: string): boolean {
    const [, code] = PROBLEM.exec(path) ?? [];
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return false;
    if (path === DOCUMENT) this.#serveDocument(ctx);
    else if (path === PAGE) this.#servePage(ctx);
    else if (code !== undefined && Object.hasOwn(PROBLEMS, code))
      ctx.redirect(`${this.about.publicUrl}${PAGE}#problem-${code}`);
    else return false;
    ctx.state['route'] = code === undefined ? path : '/problems';
    return true;
  }

  #serveDocument(ctx: Context): void {
    const { text, etag } = (this.#document ??= this.#makeDocument());
    ctx.set({ 'Cache-Control': 'no-cache', 'X-Content-Type-Options': 'nosniff', ETag: etag });
    if (ctx.get('if-none-match') === etag) {
      ctx.status = 304;
      return;
    }
    ctx.type = 'application/json';
    ctx.body = text;
  }

  #makeDocument(): { readonly text: string; readonly etag: string } {
    const text = JSON.stringify(openApiDocument(this.operations, this.about));
    return { text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"` };
  }

  #servePage(ctx: Context): void {
    ctx.set({ ...soloPageHeaders, 'content-security-policy': pagePolicy() });
    ctx.body = this.#page ??= this.#makePage();
  }

  #makePage(): string {
    const { stylesheetHref, publicUrl, version } = this.about;
    const names = [...new Set(this.operations.map(tagOf))].toSorted();
    return renderApiReference(
      { brand: { tenantName: 'Causeway' }, lang: 'en', stylesheetHref },
      {
        title: API_TITLE,
        version,
        introduction: API_INTRODUCTION.replaceAll('`', ''),
        documentHref: `${publicUrl}${DOCUMENT}`,
        groups: names.map((name) => ({
          name,
          operations: this.operations.filter((operation) => tagOf(operation) === name).map(inWords),
        })),
        problems: Object.entries(PROBLEMS).map(([code, problem]) => ({ code, ...problem })),
      },
    );
  }
}

/** An operation as the page tells it: its schemas are shown as they are. */
function inWords(operation: Operation): ReferenceOperation {
  const { id, method, path, summary, description = '', permission, query, body, answer } = operation;
  const inPath = [...path.matchAll(/\{([A-Za-z]+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    text: '',
  }));
  const inQuery = Object.entries(query?.properties ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: query?.required?.includes(name) === true,
    text: 'description' in schema && typeof schema.description === 'string' ? schema.description : '',
  }));
  const needs = permission === 'none' ? '' : `Needs ${permission}.`;
  return {
    id,
    method,
    path,
    summary,
    description: [description, needs].filter((text) => text !== '').join('\n\n'),
    parameters: [...inPath, ...inQuery],
    body: body && JSON.stringify(body.schema, null, 2),
    answer: answer && JSON.stringify(answer.schema, null, 2),
  };
}
