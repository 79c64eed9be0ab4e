import { pino, type Logger as Pino } from 'pino';
import type { LogFields, Logger } from '../core/logger.js';

/** Keys whose values are never written, however deep they lie. */
const SECRET =
  /secret|token|password|authorization|cookie|verifier|assertion|private|credential|^code$|^state$|^nonce$|jwk|^k$/i;
/** Keys that merely look like it. */
const HARMLESS = new Set(['requestId', 'tokenFormat', 'tokenEndpointAuthMethod', 'errorCode', 'statusCode']);
const DEPTH_MAX = 6;
const TEXT_MAX = 2_000;

function isSecret(key: string): boolean {
  return SECRET.test(key) && !HARMLESS.has(key);
}

/** An address without its query and fragment, which hold codes and states. */
function withoutQuery(text: string): string {
  return text.replace(/(https?:\/\/[^\s?#"']+)[?#][^\s"']*/g, '$1?…');
}

/**
 * Errors keep their names, messages and stacks; what hangs on them (bodies, headers, requests) stays out, because
 * libraries put whole responses there.
 */
function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return withoutQuery(value.slice(0, TEXT_MAX));
  if (value === null || typeof value !== 'object') return typeof value === 'bigint' ? String(value) : value;
  if (depth >= DEPTH_MAX) return '…';
  if (value instanceof Error)
    return {
      name: value.name,
      message: withoutQuery(value.message),
      stack: withoutQuery(value.stack ?? ''),
      ...(value.cause === undefined ? {} : { cause: redact(value.cause, depth + 1) }),
    };
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.slice(0, 50).map((member) => redact(member, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      isSecret(key) ? '[redacted]' : redact(member, depth + 1),
    ]),
  );
}

class PinoLogger implements Logger {
  constructor(private readonly lines: Pino) {}

  debug(event: string, fields: LogFields = {}): void {
    if (this.lines.isLevelEnabled('debug')) this.lines.debug(redact(fields), event);
  }

  info(event: string, fields: LogFields = {}): void {
    this.lines.info(redact(fields), event);
  }

  warn(event: string, fields: LogFields = {}): void {
    this.lines.warn(redact(fields), event);
  }

  error(event: string, fields: LogFields = {}): void {
    this.lines.error(redact(fields), event);
  }

  child(fields: LogFields): Logger {
    return new PinoLogger(this.lines.child(Object(redact(fields))));
  }
}

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/** JSON lines on stderr, each an event's name (`msg`) with its fields; written at once, so that a crash loses none. */
export function createLogger(level: LogLevel): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return new PinoLogger(pino(options, pino.destination({ dest: 2, sync: true })));
}
