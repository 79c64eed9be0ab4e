import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';

/**
 * The text of a request's body. The connection outlives a body that is too large, else the answer wouldn't arrive; what
 * is still to come is thrown away.
 * @param bytesMax what it may have at most
 */
export async function readText(
  request: IncomingMessage,
  bytesMax: number,
): Promise<
  | { readonly text: string; readonly fault?: never }
  | { readonly fault: 'too_large' | 'not_utf8'; readonly text?: never }
> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) return { fault: 'too_large' };
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const bytes: Buffer = chunk;
    size += bytes.length;
    if (size > bytesMax) {
      request.resume();
      return { fault: 'too_large' };
    }
    chunks.push(bytes);
  }
  const all = Buffer.concat(chunks, size);
  return isUtf8(all) ? { text: new TextDecoder().decode(all) } : { fault: 'not_utf8' };
}
