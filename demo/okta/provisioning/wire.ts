import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { inflateSync, gunzipSync } from 'node:zlib';
import { loopbackLookup } from '../http/outbound.js';
import type { ScimAnswer } from './answer.js';
import { isObject, ProvisioningError } from './failure.js';

export type ScimMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface WireRequest {
  readonly method: ScimMethod;
  readonly url: string;
  /** Sent in this order. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const LIMIT = { maxOutputLength: ANSWER_BYTES_MAX };

/** The headers of Okta's SCIM client, in its order. Only requests with a body say what is in it. */
export function scimHeaders(method: ScimMethod, authorization: string): Record<string, string> {
  return {
    'User-Agent': 'Okta SCIM Client 1.0.0',
    Accept: 'application/scim+json',
    'Accept-Charset': 'utf-8',
    ...(method === 'GET' ? {} : { 'Content-Type': 'application/scim+json; charset=utf-8' }),
    'Accept-Encoding': 'gzip,deflate',
    Authorization: authorization,
  };
}

/** What a broken connection is called in front of an admin. */
function networkError(error: unknown, host: string): ProvisioningError {
  const { code, message } = isObject(error) ? error : {};
  const words: Readonly<Record<string, string>> = {
    ECONNREFUSED: `Connect to ${host} failed: Connection refused`,
    ECONNRESET: 'Connection reset',
    ENOTFOUND: `${host}: Name or service not known`,
  };
  return new ProvisioningError(words[String(code)] ?? String(message ?? error), { cause: error });
}

function decoded(encoding: string | undefined, bytes: Buffer): string {
  if (encoding === 'gzip') return gunzipSync(bytes, LIMIT).toString('utf8');
  if (encoding === 'deflate') return inflateSync(bytes, LIMIT).toString('utf8');
  return bytes.toString('utf8');
}

async function readAnswer(response: IncomingMessage): Promise<ScimAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > ANSWER_BYTES_MAX) throw new ProvisioningError(`the answer is over ${ANSWER_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  const { statusCode = 0, headers } = response;
  return { status: statusCode, headers, text: decoded(headers['content-encoding'], Buffer.concat(chunks)) };
}

/**
 * One request and its answer, whatever its status; no redirect is followed.
 * @throws ProvisioningError when there is no whole answer in time
 */
export async function exchange(wire: WireRequest): Promise<ScimAnswer> {
  const { method, headers, body, signal } = wire;
  const url = new URL(wire.url);
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const outgoing = send(url, {
    method,
    lookup: loopbackLookup,
    agent: false,
    signal,
    headers: { Host: url.host, ...headers },
  });
  let late = false;
  const tooLong = setTimeout(() => {
    late = true;
    outgoing.destroy();
  }, wire.timeoutSeconds * 1000);
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.on('error', reject);
      outgoing.on('response', resolve);
      outgoing.end(body);
    });
    return await readAnswer(response);
  } catch (error) {
    if (late) throw new ProvisioningError('Read timed out', { cause: error });
    if (error instanceof ProvisioningError) throw error;
    throw networkError(error, url.host);
  } finally {
    clearTimeout(tooLong);
  }
}
