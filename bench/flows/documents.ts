import { jsonOf, UnexpectedAnswer } from '../driver/http.js';
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
