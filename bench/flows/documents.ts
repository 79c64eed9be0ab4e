import { jsonOf, UnexpectedAnswer } from '../driver/http.js';
import type { Party } from '../driver/party.js';
import type { Flow } from './flow.js';

/** Metadata (OpenID Connect Discovery 1.0). */
export const discovery: Flow = {
  name: 'discovery',
  flushesMax: 0,
  ratioMin: undefined,
  open: (party, workers) => {
    const operation = async (): Promise<void> => {
      const metadata = jsonOf(await party.get(party.metadataUrl), 'metadata');
      if (metadata['issuer'] !== party.issuer) throw new UnexpectedAnswer('metadata of another issuer');
    };
    return Promise.resolve(Array.from({ length: workers }, () => operation));
  },
};

/** Key set (RFC 7517). */
export const keys: Flow = {
  name: 'keys',
  flushesMax: 0,
  ratioMin: undefined,
  open: (party, workers) => {
    const operation = async (): Promise<void> => {
      const { keys: list } = jsonOf(await party.get(party.keysUrl), 'keys');
      if (!Array.isArray(list) || list.length === 0) throw new UnexpectedAnswer('no keys came');
    };
    return Promise.resolve(Array.from({ length: workers }, () => operation));
  },
};

/** Metadata of whom has them already, and asks whether they changed (RFC 9110 section 13.1.2); the floor sends them again. */
export const revalidation: Flow = {
  name: 'discovery, unchanged',
  flushesMax: 0,
  ratioMin: undefined,
  open: async (party: Party, workers) => {
    const { headers } = await party.get(party.metadataUrl);
    const { etag } = headers;
    const operation = async (): Promise<void> => {
      const { status } = await party.http.call(party.metadataUrl, {
        method: 'GET',
        headers: typeof etag === 'string' ? { 'if-none-match': etag } : {},
      });
      if (status !== (typeof etag === 'string' ? 304 : 200))
        throw new UnexpectedAnswer(`metadata: status ${status}`);
    };
    return Array.from({ length: workers }, () => operation);
  },
};
