import type { Context } from 'koa';
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { sha256 } from '../keys/hash.js';

/** A public document of an issuer, as it is sent. */
interface PublicDocument {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const ROUTES = new Set(['discovery', 'jwks']);
/** What the library says of such an answer; all else is said at the edge. */
const HEADERS = ['content-type', 'access-control-allow-origin', 'access-control-expose-headers'];

/**
 * Metadata and key set (RFC 8414, RFC 7517): the same for everybody for as long as the provider serves its version of the
 * configuration. So they are made once, and told apart by a validator: who has the last one gets a 304
 * (RFC 9110 section 13.1.2).
 */
export function keepDocuments(provider: Provider): void {
  const kept = new Map<string, PublicDocument>();
  provider.use(async (ctx, next) => {
    const known = kept.get(ctx.path);
    if (known !== undefined) {
      send(ctx, known);
      return;
    }
    await next();
    const document = documentOf(ctx);
    if (document === undefined) return;
    kept.set(ctx.path, document);
    // So that nobody sees by the order of headers who asked first.
    for (const name of HEADERS) ctx.remove(name);
    send(ctx, document);
  });
}

function documentOf(ctx: Context): PublicDocument | undefined {
  // Other requests have no route, or their own.
  const { oidc } = ctx as unknown as Partial<KoaContextWithOIDC>;
  if (ctx.status !== 200 || oidc === undefined || !ROUTES.has(oidc.route)) return undefined;
  const body = JSON.stringify(ctx.body);
  const headers = HEADERS.flatMap((name) => {
    const value = ctx.response.headers[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  return {
    body,
    headers: { ...Object.fromEntries(headers), etag: `"${sha256(body).toString('base64url')}"` },
  };
}

function send(ctx: Context, { body, headers }: PublicDocument): void {
  ctx.status = 200;
  ctx.body = body;
  ctx.set(headers);
  if (ctx.fresh) ctx.status = 304;
}
