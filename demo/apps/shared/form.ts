import type { Context } from 'koa';

const BYTES_MAX = 8 * 1024;

/** The fields of a posted form. @throws HttpError 413 for a body larger than any form of ours */
export async function readForm(ctx: Context): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of ctx.req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BYTES_MAX) ctx.throw(413, 'the form is too large');
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}
