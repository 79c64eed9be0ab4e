import { request as httpRequest } from 'node:http';

export interface RawAnswer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly setCookie: readonly string[];
  readonly location: string | undefined;
  readonly text: string;
}

/** A request with exactly these headers, `host` and `cookie` included; follows nothing. */
export function rawRequest(
  address: URL | string,
  options: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    /** The path as it is to be sent, where the address would be put into its usual form. */
    readonly path?: string;
  } = {},
): Promise<RawAnswer> {
  const { method = 'GET', headers = {}, body, path } = options;
  const asIs = path === undefined ? {} : { path };
  return new Promise((resolve, reject) => {
    const sent = httpRequest(address, { method, headers, agent: false, ...asIs }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          setCookie: response.headers['set-cookie'] ?? [],
          location: response.headers.location,
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    sent.on('error', reject).end(body);
  });
}
