import { pino, type DestinationStream, type Logger as Pino } from 'pino';
import type { LogFields, Logger } from '../core/logger.js';
import { BatchedLines } from './batched-lines.js';

/** Keys whose values are never written, however deep they lie (A-129). */
const SECRET =
  /secret|token|password|authorization|cookie|verifier|assertion|private|credential|^code$|^state$|^nonce$|jwk|^k$/i;
/** Keys that merely look like it. */
const HARMLESS = new Set(['requestId', 'tokenFormat', 'tokenEndpointAuthMethod', 'errorCode', 'statusCode']);
const DEPTH_MAX = 6;
const TEXT_MAX = 2_000;
const MEMBERS_MAX = 50;

function isSecret(key: string): boolean {
  return SECRET.test(key) && !HARMLESS.has(key);
}

/** What may stand in a text that some library made: each with what is left of it. */
const SECRETS_IN_TEXT: readonly (readonly [RegExp, string])[] = [
  // Addresses, whole or relative: codes and states are in their queries.
  [/(https?:\/\/[^\s?#"']+)[?#][^\s"']*/g, '$1?…'],
  [/(\/[^\s?#"']*)\?[\w.~%[\]-]+=[^\s"']*/g, '$1?…'],
  // Forms.
  [
    /\b((?:\w*token|\w*secret|\w*assertion|\w*hint|code|code_verifier|state|nonce|password)=)[^&\s"']+/gi,
    '$1…',
  ],
  // JWTs and JWEs, headers of authorization, our own tokens.
  [/\beyJ[\w-]*\.[\w-]*\.[\w.-]*/g, '…'],
  [/\b(Basic|Bearer|DPoP)\s+[\w.~+/=-]{8,}/gi, '$1 …'],
  [/\bcw_(scim|api|iat|setup)_\w+/g, 'cw_$1_…'],
];

/** What every one of them needs: most texts have nothing of it. */
const SUSPICIOUS = /[?#=]|eyJ|cw_|\b(?:Basic|Bearer|DPoP)\s/i;

function withoutSecrets(text: string): string {
  if (!SUSPICIOUS.test(text)) return text.slice(0, TEXT_MAX);
  return SECRETS_IN_TEXT.reduce(
    (safe, [secret, left]) => safe.replace(secret, left),
    text.slice(0, TEXT_MAX),
  );
}

/**
 * Errors keep their names, messages and stacks; what hangs on them (bodies, headers, requests) stays out, because
 * libraries put whole responses there.
 */
function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return withoutSecrets(value);
  if (value === null || typeof value !== 'object') return typeof value === 'bigint' ? String(value) : value;
  if (depth >= DEPTH_MAX) return '…';
  if (value instanceof Error) return redactError(value, depth);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof URL) return withoutSecrets(value.href);
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (Array.isArray(value)) return value.slice(0, MEMBERS_MAX).map((member) => redact(member, depth + 1));
  return redactMembers(value, depth);
}

function redactMembers(value: object, depth: number): LogFields {
  const kept: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value).slice(0, MEMBERS_MAX))
    kept[key] = isSecret(key) ? '[redacted]' : redact(member, depth + 1);
  return kept;
}

function redactError(error: Error, depth: number): object {
  return {
    name: error.name,
    message: withoutSecrets(error.message),
    stack: withoutSecrets(error.stack ?? ''),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
  };
}

class PinoLogger implements Logger {
  constructor(private readonly lines: Pino) {}

  debug(event: string, fields: LogFields = {}): void {
    if (this.lines.isLevelEnabled('debug')) this.lines.debug(redact(fields), event);
  }

  info(event: string, fields: LogFields = {}): void {
    if (this.lines.isLevelEnabled('info')) this.lines.info(redact(fields), event);
  }

  warn(event: string, fields: LogFields = {}): void {
    this.lines.warn(redact(fields), event);
    this.lines.flush();
  }

  error(event: string, fields: LogFields = {}): void {
    this.lines.error(redact(fields), event);
    this.lines.flush();
  }

  child(fields: LogFields): Logger {
    return new PinoLogger(this.lines.child(Object(redact(fields))));
  }
}

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/**
 * JSON lines on stderr, each an event's name (`msg`) with its fields. Warnings and errors are written at once, with all
 * that was said before; other lines within milliseconds, and at the latest when the process ends.
 * @param to where the lines go instead, each at once
 */
export function createLogger(level: LogLevel, to?: DestinationStream): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return new PinoLogger(pino(options, to ?? linesOnStderr()));
}

function linesOnStderr(): DestinationStream {
  const lines = new BatchedLines(pino.destination({ dest: 2, sync: true }));
  process.on('exit', () => lines.flush());
  return lines;
}
