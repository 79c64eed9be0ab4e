/** Bytes fetched at once: some hundred ids. */
const POOL_BYTES = 4096;

/**
 * A source of random bytes that asks `fill` for many at a time: asking costs more than the bytes do. What was handed out
 * is wiped from the pool, so that it is nowhere but with who asked.
 */
export function poolRandom(
  fill: (bytes: Uint8Array<ArrayBuffer>) => unknown,
): (size: number) => Uint8Array<ArrayBuffer> {
  const pool = new Uint8Array(POOL_BYTES);
  let at = POOL_BYTES;
  return (size) => {
    if (size > POOL_BYTES) {
      const bytes = new Uint8Array(size);
      fill(bytes);
      return bytes;
    }
    if (at + size > POOL_BYTES) {
      fill(pool);
      at = 0;
    }
    const bytes = pool.slice(at, at + size);
    pool.fill(0, at, at + size);
    at += size;
    return bytes;
  };
}
