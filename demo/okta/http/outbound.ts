import { lookup } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';

const TIMEOUT_MS = 5_000;
const BYTES_MAX = 1024 * 1024;

/** `*.localhost` is loopback (RFC 6761), also where the system's resolver doesn't know it. */
export const loopbackLookup: LookupFunction = (hostname, options, callback) => {
  if (hostname !== 'localhost' && !hostname.endsWith('.localhost')) {
    lookup(hostname, options, callback);
  } else if (options.all === true) {
    callback(null, [{ address: '127.0.0.1', family: 4 }]);
  } else {
    callback(null, '127.0.0.1', 4);
  }
};

/** Fetches a JSON document, as Okta fetches an app's keys: 200 only, no redirects, 5 s, 1 MiB. */
export function fetchJson(url: string): Promise<unknown> {
  const target = new URL(url);
  const request = target.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      target,
      {
        lookup: loopbackLookup,
        timeout: TIMEOUT_MS,
        headers: { Accept: 'application/json', Connection: 'close' },
      },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > BYTES_MAX) response.destroy(new Error(`${url} answers more than ${BYTES_MAX} bytes`));
          chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode !== 200) {
            reject(new Error(`${url} answers ${response.statusCode}`));
            return;
          }
          try {
            resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')));
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        });
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${url} doesn't answer`)));
    outgoing.on('error', reject);
    outgoing.end();
  });
}
