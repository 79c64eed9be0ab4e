import { UnexpectedAnswer } from '../driver/http.js';
import { API, SERVICE } from '../parties.js';
import type { Flow } from './flow.js';

/** A service gets a signed access token, RS256 (RFC 6749 section 4.4, RFC 9068). */
export const clientCredentialsJwt: Flow = {
  name: 'client credentials, JWT',
  flushesMax: 1,
  ratioMin: undefined,
  open: async (party, workers) => {
    const operation = async (): Promise<string> => {
      const token = await party.clientCredentials(SERVICE, API.jwt, API.scope);
      if (token.split('.').length !== 3) throw new UnexpectedAnswer('the access token is no JWT');
      return token;
    };
    await party.verify(await operation(), API.jwt);
    return Array.from({ length: workers }, () => async () => {
      await operation();
    });
  },
};

/** A service gets an opaque access token. */
export const clientCredentialsOpaque: Flow = {
  name: 'client credentials, opaque',
  flushesMax: 1,
  ratioMin: undefined,
  open: (party, workers) => {
    const operation = async (): Promise<void> => {
      const token = await party.clientCredentials(SERVICE, API.opaque, API.scope);
      if (token.includes('.')) throw new UnexpectedAnswer('the access token is not opaque');
    };
    return Promise.resolve(Array.from({ length: workers }, () => operation));
  },
};
