import { request } from 'node:http';

/** An answer as it came over the socket. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** `Set-Cookie` lines, apart. */
  readonly cookies: readonly string[];
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
  readonly location: URL | undefined;
}

export interface SendOptions {
  readonly method?: string;
  /** Sent as they are; `host` too. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>> | URLSearchParams;
  /** Where the socket goes, when not to the address's own host: another node, or a node behind a proxy's name. */
  readonly through?: string;
}

/** One request, nothing added, nothing followed: the path leaves exactly as it is written. */
export function send(address: string, options: SendOptions = {}): Promise<Answer> {
  const [, origin = '', path = '/'] = /^(https?:\/\/[^/?]+)(.*)$/.exec(address) ?? [];
  const { hostname, port } = new URL(options.through ?? origin);
  const body = options.form === undefined ? undefined : new URLSearchParams(options.form).toString();
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: hostname === 'localhost' ? '127.0.0.1' : hostname,
        port,
        path,
        method: options.method ?? (body === undefined ? 'GET' : 'POST'),
        headers: {
          host: new URL(origin).host,
          ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
          ...options.headers,
        },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const { 'set-cookie': cookies = [], ...headers } = incoming.headers;
          const { location } = headers;
          resolve({
            status: incoming.statusCode ?? 0,
            headers: headers as Record<string, string>,
            cookies,
            text,
            json: text !== '' && /json/.test(headers['content-type'] ?? '') ? JSON.parse(text) : {},
            location: location === undefined ? undefined : new URL(location, origin),
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** What HTTP calls a basic credential. */
export const basic = (clientId: string, secret: string): string =>
  `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`).toString('base64')}`;
