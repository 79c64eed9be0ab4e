import type { Fault } from '../../domain/configuration/fault.js';
import { GRANTS, MEMBERS, TYPES, wordFor } from './dialect.js';

/**
 * An answer of an error (RFC 7591 section 3.2.2; for tokens RFC 6750 section 3.1). Its description keeps to the characters
 * of RFC 6749 section 5.2, whatever is quoted in it.
 */
export class RegistrationError extends Error {
  override readonly name = 'RegistrationError';

  constructor(
    readonly status: 400 | 401 | 405 | 413,
    readonly code: 'invalid_client_metadata' | 'invalid_redirect_uri' | 'invalid_token' | 'invalid_request',
    description: string,
  ) {
    super(description.replace(/["\\]/g, "'").replace(/[^\u0020-\u007e]/g, '?'));
  }
}

/** Client metadata that can't be. */
export const invalidMetadata = (description: string): RegistrationError =>
  new RegistrationError(400, 'invalid_client_metadata', description);

const FAULTS_MAX = 5;

/** Faults of settings, told by the members of client metadata. One alone that is about redirect URIs has its own code. */
export function errorOf(faults: readonly Fault[]): RegistrationError {
  const told = faults
    .slice(0, FAULTS_MAX)
    .map(({ path, message }) => `${memberOf(path)}: ${inDialect(message)}`);
  const aboutRedirects = faults.every(({ path }) => path.startsWith('redirectUris'));
  return new RegistrationError(
    400,
    aboutRedirects ? 'invalid_redirect_uri' : 'invalid_client_metadata',
    told.join('; '),
  );
}

function memberOf(path: string): string {
  return Object.entries(MEMBERS).reduce(
    (text, [member, setting]) => text.replace(new RegExp(`^${setting}(?=$|[.[])`), member),
    path,
  );
}

/** Words of the configuration that clients know by others. */
const WORDS: Readonly<Record<string, string>> = {
  jwksUri: 'jwks_uri',
  spa: wordFor(TYPES, 'spa'),
  device_code: wordFor(GRANTS, 'device_code'),
  token_exchange: wordFor(GRANTS, 'token_exchange'),
};

function inDialect(message: string): string {
  return message.replace(/\b\w+\b/g, (word) => (Object.hasOwn(WORDS, word) ? (WORDS[word] ?? word) : word));
}
