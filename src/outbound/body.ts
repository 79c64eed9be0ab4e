import { Readable } from 'node:stream';
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { OutboundError } from './error.js';

/**
 * Compression may make a body a little larger (headers, stored blocks), never by more than this for our
 * sizes.
 */
const COMPRESSED_SURPLUS_BYTES = 4_096;

/**
 * Reads a body and undoes its encoding (RFC 9110 section 8.4), never holding more than `bytesMax` of it
 * what is too large is cut off while it arrives, compressed or not.
 * @param encoding the `content-encoding` header; one coding at most, since a chain of them only ever is an
 * attack
 * @throws OutboundError `too_large`, `bad_response`
 */
export async function readBody(
  body: Readable,
  encoding: string,
  bytesMax: number,
  host: string,
): Promise<Buffer> {
  const decoder = decoderFor(encoding, host);
  if (decoder === undefined) return collect(body, bytesMax, host);
  // Bounded on the way in too: an endless stream of empty members would decode to nothing for ever.
  const wire = Readable.from(capped(body, bytesMax + COMPRESSED_SURPLUS_BYTES, host), { objectMode: false });
  wire.on('error', (error) => decoder.destroy(error));
  try {
    return await collect(wire.pipe(decoder), bytesMax, host);
  } finally {
    wire.destroy();
    decoder.destroy();
  }
}

function decoderFor(encoding: string, host: string): Transform | undefined {
  switch (encoding.trim().toLowerCase()) {
    case '':
    case 'identity':
      return undefined;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      throw new OutboundError('bad_response', `${host} encoded its answer in a way that was not asked for`);
  }
}

async function collect(source: AsyncIterable<Buffer>, bytesMax: number, host: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of capped(source, bytesMax, host)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* capped(
  source: AsyncIterable<Buffer>,
  bytesMax: number,
  host: string,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > bytesMax) {
      throw new OutboundError(
        'too_large',
        `${host} answered with more than ${Math.floor(bytesMax / 1024)} KiB`,
      );
    }
    yield chunk;
  }
}
