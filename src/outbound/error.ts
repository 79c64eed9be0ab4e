import { errors } from 'undici';
import { DomainError, messageOf } from '../core/errors.js';
import { plainText } from '../core/text.js';

/** Why a call failed: a closed list, fit for metrics, audit events and an admin's eyes. */
export type OutboundReason =
  | 'url_refused'
  | 'scheme_refused'
  | 'foreign_origin'
  | 'address_refused'
  | 'dns'
  | 'connect'
  | 'tls'
  | 'timeout'
  | 'too_large'
  | 'bad_response'
  | 'circuit_open'
  | 'busy';

/**
 * A call that brought no answer. `message` says so to the admin who must act, and holds neither what the
 * upstream wrote nor the address behind a name; `cause` is for the operator's log alone.
 */
export class OutboundError extends DomainError {
  constructor(
    readonly reason: OutboundReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super('upstream_unavailable', message, { reason }, options);
  }
}

/** The reasons that speak of the upstream's health; the others speak of our own rules or load. */
const UPSTREAM_FAULTS: ReadonlySet<OutboundReason> = new Set<OutboundReason>([
  'dns',
  'connect',
  'tls',
  'timeout',
  'too_large',
  'bad_response',
]);

/** Whether the breaker counts this as the upstream's failure. */
export function isUpstreamFault(error: unknown): boolean {
  return error instanceof OutboundError && UPSTREAM_FAULTS.has(error.reason);
}

/**
 * The connection broke after it stood and before an answer began: what a stale keep-alive socket looks
 * like.
 */
const RESETS: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** Whether a raw error of the HTTP client says that the connection was cut. */
export function isReset(error: unknown): boolean {
  return !(error instanceof OutboundError) && RESETS.has(codeOf(error));
}

/**
 * What the HTTP client threw before the answer's body began, in our words; a fault of our own code (it has no
 * code, or the code of a bad argument) passes unchanged.
 */
export function translateRequestError(error: unknown, host: string): unknown {
  if (error instanceof OutboundError) return error;
  if (error instanceof errors.HTTPParserError) {
    return new OutboundError('bad_response', `${host} did not answer in HTTP`, causedBy(error));
  }
  const code = codeOf(error);
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    return new OutboundError('too_large', `${host} sent too many headers`, causedBy(error));
  }
  if (code.startsWith('UND_ERR_RES')) {
    return new OutboundError('bad_response', `${host} did not answer in HTTP`, causedBy(error));
  }
  if (code === '' || /^(?:UND_ERR_INVALID|UND_ERR_NOT_SUPPORTED|ERR_)/.test(code)) return error;
  return new OutboundError('connect', `${host} closed the connection without an answer`, causedBy(error));
}

/** The body of an answer that could not be read to its end. */
export function bodyError(error: unknown, host: string): OutboundError {
  if (error instanceof OutboundError) return error;
  return new OutboundError('bad_response', `${host} broke its answer off, or garbled it`, causedBy(error));
}

/**
 * What went wrong, for the log: text alone, since the errors of the libraries carry the bytes they could
 * not read and the certificates they did not like.
 */
export function causedBy(error: unknown): { cause: Error } {
  return { cause: new Error(plainText(`${codeOf(error)} ${messageOf(error)}`.trim())) };
}

const TCP_FAULTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection',
  EHOSTUNREACH: 'cannot be reached from here',
  ENETUNREACH: 'cannot be reached from here',
  ETIMEDOUT: 'did not accept the connection in time',
};

/** No TCP connection. */
export function connectError(error: unknown, host: string): OutboundError {
  const said = TCP_FAULTS[codeOf(error)] ?? 'did not accept the connection';
  return new OutboundError('connect', `${host} ${said}`, causedBy(error));
}

const TLS_FAULTS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  CERT_REVOKED: 'its certificate is revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  ECONNRESET: 'it closed the connection',
  EPROTO: 'it does not speak TLS here, or not a version or cipher that is safe',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS on this port',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate leads to a root that is not trusted here',
  UND_ERR_CONNECT_TIMEOUT: 'it did not finish the handshake in time',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate chain is incomplete, or its root is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate chain is incomplete, or its root is not trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate chain is incomplete, or its root is not trusted here',
};

/** No TLS on a connection that stood (F-27): the exact reason, since an admin has to mend it. */
export function tlsError(error: unknown, host: string): OutboundError {
  const code = codeOf(error);
  const said =
    TLS_FAULTS[code] ?? `the handshake failed (${/^[A-Z0-9_]{1,60}$/.test(code) ? code : 'no code'})`;
  return new OutboundError('tls', `No secure connection to ${host}: ${said}`, causedBy(error));
}

/** The `code` of a thrown thing, or nothing; whatever realm its class is of. */
export function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : '';
  return typeof code === 'string' ? code : '';
}
