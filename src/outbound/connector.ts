import { connect as connectSocket, isIP } from 'node:net';
import type { LookupFunction, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createSecureContext, rootCertificates } from 'node:tls';
import { buildConnector } from 'undici';
import { messageOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { OutboundError, causedBy, connectError, tlsError } from './error.js';
import type { Resolve, ResolvedAddress } from './resolver.js';
import { judgeAll, localAddresses } from './url-guard.js';
import type { OutboundPolicy } from './url-guard.js';

/** Shorter than a call's usual deadline, so that the reason given is the name. */
const RESOLVE_MS = 4_000;
/** Each step toward a connection; the caller's deadline, which covers all of them, is usually shorter. */
const STEP_MS = 5_000;
/** How long one address may take before the next is tried (RFC 8305 section 5). */
const ATTEMPT_MS = 500;
/** More addresses than these aren't tried: a name server may list thousands. */
const ADDRESSES_MAX = 16;

export interface ConnectorDependencies {
  readonly policy: OutboundPolicy;
  readonly resolve: Resolve;
  readonly log: Logger;
  /** PEM certificates that are trusted besides the public roots. */
  readonly ca?: string;
}

/**
 * Makes the function by which the pool opens a socket: resolve, judge every address, connect to exactly
 * those addresses. The name isn't resolved a second time, so an answer that changes between check and use
 * changes nothing. TLS still names and verifies the host (RFC 6125); no environment variable can
 * switch that off.
 */
export function createConnector(dependencies: ConnectorDependencies): buildConnector.connector {
  const { ca } = dependencies;
  const secureContext = createSecureContext(ca === undefined ? {} : { ca: [...rootCertificates, ca] });
  const startTls = buildConnector({ secureContext, rejectUnauthorized: true, timeout: STEP_MS });

  const open = async (options: buildConnector.Options): Promise<Socket> => {
    const { hostname, protocol } = options;
    const port = options.port === '' ? (protocol === 'http:' ? 80 : 443) : Number(options.port);
    const addresses = await permittedAddresses(hostname, port, dependencies);
    const socket = await dial(hostname, port, addresses);
    if (protocol !== 'https:') return socket;
    return new Promise((resolve, reject) => {
      // Still under the name: it goes into SNI (an address does not) and is what the certificate must be for.
      startTls({ ...options, httpSocket: socket }, (error, secured) => {
        if (error === null) return resolve(secured);
        socket.destroy();
        reject(tlsError(error, hostname));
      });
    });
  };

  const connect = async (
    options: buildConnector.Options,
    callback: buildConnector.Callback,
  ): Promise<void> => {
    let socket: Socket;
    try {
      socket = await open(options);
    } catch (error) {
      callback(error instanceof Error ? error : new Error(messageOf(error)), null);
      return;
    }
    callback(null, socket);
  };
  return (options, callback) => void connect(options, callback);
}

async function permittedAddresses(
  host: string,
  port: number,
  { policy, resolve, log }: ConnectorDependencies,
): Promise<readonly ResolvedAddress[]> {
  const addresses = await addressesOf(host, policy, resolve);
  const texts = addresses.map(({ address }) => address);
  try {
    judgeAll(host, texts, port, policy);
  } catch (error) {
    log.warn('outbound.address_refused', { host, port, addresses: texts.slice(0, ADDRESSES_MAX) });
    throw error;
  }
  return addresses.slice(0, ADDRESSES_MAX);
}

async function addressesOf(
  host: string,
  policy: OutboundPolicy,
  resolve: Resolve,
): Promise<readonly ResolvedAddress[]> {
  const known = isIP(host) === 0 ? localAddresses(host, policy) : [host];
  if (known !== undefined) return known.map((address) => ({ address, family: isIP(address) === 6 ? 6 : 4 }));
  try {
    const found = await Promise.race([resolve(host), afterwards(RESOLVE_MS)]);
    if (found.length > 0) return found;
  } catch (error) {
    throw new OutboundError('dns', `The name ${host} could not be resolved`, causedBy(error));
  }
  throw new OutboundError('dns', `The name ${host} has no address`);
}

async function afterwards(ms: number): Promise<never> {
  await delay(ms, undefined, { ref: false });
  throw new Error(`no answer in ${ms / 1_000} s`);
}

/** A TCP connection to the first of the addresses that answers, IPv4 and IPv6 by turns. */
function dial(host: string, port: number, addresses: readonly ResolvedAddress[]): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket({
      host,
      port,
      lookup: answerWith(addresses),
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: ATTEMPT_MS,
      keepAlive: true,
      noDelay: true,
    });
    const timer = setTimeout(() => {
      socket.destroy(
        new OutboundError('timeout', `${host} did not accept a connection in ${STEP_MS / 1_000} s`),
      );
    }, STEP_MS);
    // Stays attached: between here and the pool's own listeners an error must not go unheard.
    socket.on('error', (error) => {
      clearTimeout(timer);
      reject(error instanceof OutboundError ? error : connectError(error, host));
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
  });
}

/** Stands in for name resolution inside the socket: says what has been judged, whatever is asked. */
function answerWith(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_hostname, options, callback) => {
    const [first] = addresses;
    if (options.all === true || first === undefined) callback(null, [...addresses]);
    else callback(null, first.address, first.family);
  };
}
