import { resolve } from 'node:path';
import { isLoopbackHost } from '../domain/configuration/addresses.js';
import type { TrustedProxies } from '../http/request-origin.js';
import type { PrivateAddresses } from '../outbound/address.js';
import { HISTORY_DAYS } from '../storage/sweeper.js';
import {
  addressOf,
  cidrs,
  ConfigError,
  Environment,
  integer,
  oneOf,
  publicAddress,
  type Parsed,
} from './config-values.js';
import { parseEncryptionKeys, type EncryptionKeySource } from './encryption-key-source.js';
import type { LogLevel } from './logger.js';

/** What the environment says, read once at start and never again. */
export interface Config {
  /** Origin and path that browsers and applications see, without a slash at the end. */
  readonly publicUrl: string;
  /** Whether `publicUrl` is a loopback address: then http is fine there and toward loopback hosts. */
  readonly loopback: boolean;
  readonly port: number;
  readonly host: string;
  readonly database: DatabaseConfig;
  /** Absolute. */
  readonly dataDir: string;
  readonly encryptionKeys: EncryptionKeySource;
  readonly trustProxy: TrustedProxies;
  /** Header in which a trusted proxy hands on the client's certificate (RFC 9440), lower case. */
  readonly clientCertHeader: string | undefined;
  /** Processes of this node. */
  readonly workers: number;
  /** With a slash at the end. */
  readonly consoleUrl: string;
  readonly privateUpstreams: PrivateAddresses;
  /** undefined: metrics are on the main port, for who has a token. */
  readonly metricsPort: number | undefined;
  /** Days after which it is forgotten who was in which group and had which role. */
  readonly historyDays: number;
  /** Whether an old schema is migrated at start. */
  readonly migrate: boolean;
  readonly smtp: { readonly url: string; readonly from: string } | undefined;
  readonly logLevel: LogLevel;
}

export type DatabaseConfig =
  | { readonly kind: 'embedded' }
  /** `directUrl` is for migrations, LISTEN and locks, where `url` leads to a transaction pooler. */
  | { readonly kind: 'external'; readonly url: string; readonly directUrl: string };

const POSTGRES = addressOf('postgres:', 'postgresql:');

/**
 * Reads the configuration.
 * @throws ConfigError with a line for every fault
 */
export function readConfig(variables: Readonly<Record<string, string | undefined>>): Config {
  const env = new Environment(variables);
  const port = env.read('PORT', 3000, integer(1, 65_535));
  const publicUrl = env.read('PUBLIC_URL', `http://localhost:${port}`, publicAddress);
  const loopback = isLoopbackHost(new URL(publicUrl).hostname);
  const config: Config = {
    publicUrl,
    loopback,
    port,
    host: env.text('HOST') ?? '127.0.0.1',
    database: readDatabase(env),
    dataDir: resolve(env.text('DATA_DIR') ?? './data'),
    encryptionKeys: readEncryptionKeys(env),
    trustProxy: env.read('TRUST_PROXY', { kind: 'none' }, parseTrustProxy),
    clientCertHeader: env.read('CLIENT_CERT_HEADER', undefined, parseHeaderName),
    workers: env.read('WORKERS', 1, integer(1, 64)),
    consoleUrl: `${env.read('CONSOLE_URL', `${publicUrl}/console`, publicAddress)}/`,
    privateUpstreams: env.read('ALLOW_PRIVATE_UPSTREAMS', loopback ? 'allow' : 'refuse', parsePrivate),
    metricsPort: env.read('METRICS_PORT', undefined, integer(1, 65_535)),
    historyDays: env.read('HISTORY_DAYS', HISTORY_DAYS, integer(1, 3_650)),
    migrate: env.read('MIGRATE', 'on', oneOf('on', 'off')) === 'on',
    smtp: readSmtp(env),
    logLevel: env.read('LOG_LEVEL', 'info', oneOf(...LOG_LEVELS)),
  };
  checkTogether(config, env);
  if (env.faults.length > 0) throw new ConfigError(env.faults);
  return deepFreeze(config);
}

const LOG_LEVELS = [
  'fatal',
  'error',
  'warn',
  'info',
  'debug',
  'trace',
  'silent',
] as const satisfies LogLevel[];

function readDatabase(env: Environment): DatabaseConfig {
  const url = env.read('DATABASE_URL', undefined, POSTGRES);
  const directUrl = env.read('DATABASE_DIRECT_URL', url, POSTGRES);
  if (url !== undefined) return { kind: 'external', url, directUrl: directUrl ?? url };
  if (directUrl !== undefined) env.fault('DATABASE_DIRECT_URL', 'needs DATABASE_URL beside it');
  return { kind: 'embedded' };
}

function readEncryptionKeys(env: Environment): EncryptionKeySource {
  const keys = env.read('ENCRYPTION_KEYS', undefined, parseEncryptionKeys);
  const path = env.text('ENCRYPTION_KEYS_FILE');
  if (env.text('ENCRYPTION_KEYS') !== undefined && path !== undefined)
    env.fault('ENCRYPTION_KEYS_FILE', 'give ENCRYPTION_KEYS or ENCRYPTION_KEYS_FILE, not both');
  if (keys !== undefined) return { kind: 'given', keys };
  if (path !== undefined) return { kind: 'file', path: resolve(path) };
  if (env.text('DATABASE_URL') !== undefined && env.text('ENCRYPTION_KEYS') === undefined)
    env.fault(
      'ENCRYPTION_KEYS',
      'is required with DATABASE_URL: id:key pairs, the key 32 random bytes as base64 ' +
        '(openssl rand -base64 32)',
    );
  return { kind: 'generated' };
}

function parseTrustProxy(text: string): Parsed<TrustedProxies> {
  if (/^(?:off|false|no|0)$/i.test(text)) return { value: { kind: 'none' } };
  if (/^\d+$/.test(text)) {
    const hops = integer(1, 32)(text);
    return 'value' in hops ? { value: { kind: 'hops', count: hops.value } } : hops;
  }
  const networks = cidrs(text);
  return 'value' in networks
    ? { value: { kind: 'networks', cidrs: networks.value } }
    : { fault: `must be off, a number of hops, or networks; ${networks.fault}` };
}

function parsePrivate(text: string): Parsed<PrivateAddresses> {
  if (text === 'true') return { value: 'allow' };
  if (text === 'false') return { value: 'refuse' };
  const networks = cidrs(text);
  return 'value' in networks ? networks : { fault: `must be true, false, or networks; ${networks.fault}` };
}

function parseHeaderName(text: string): Parsed<string> {
  return /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/.test(text)
    ? { value: text.toLowerCase() }
    : { fault: `must be the name of a header, not '${text}'` };
}

function readSmtp(env: Environment): Config['smtp'] {
  const url = env.read('SMTP_URL', undefined, addressOf('smtp:', 'smtps:'));
  const from = env.read('SMTP_FROM', undefined, parseMailbox);
  if (url !== undefined && from !== undefined) return { url, from };
  if (env.text('SMTP_URL') !== undefined && env.text('SMTP_FROM') === undefined)
    env.fault('SMTP_FROM', 'is required with SMTP_URL');
  if (env.text('SMTP_FROM') !== undefined && env.text('SMTP_URL') === undefined)
    env.fault('SMTP_URL', 'is required with SMTP_FROM');
  return undefined;
}

/** `sso@example.com` or `Causeway <sso@example.com>`. */
function parseMailbox(text: string): Parsed<string> {
  return /^(?:[^<>@\r\n]{0,100}<)?[^\s<>@,]{1,64}@[A-Za-z0-9.-]{1,253}>?$/.test(text)
    ? { value: text }
    : { fault: `must be a mail address, not '${text}'` };
}

function checkTogether(config: Config, env: Environment): void {
  if (config.clientCertHeader !== undefined && config.trustProxy.kind === 'none')
    env.fault('CLIENT_CERT_HEADER', 'counts only from a trusted proxy: set TRUST_PROXY');
  if (config.metricsPort === config.port) env.fault('METRICS_PORT', 'must differ from PORT');
}

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null && !ArrayBuffer.isView(member)) deepFreeze(member);
  }
  return Object.freeze(value);
}
