import { plainText } from '../core/text.js';
import type { LogFields, Logger } from '../core/logger.js';

/** Where a command reads and writes. */
export interface Terminal {
  /** A line of the answer. */
  out(line: string): void;
  /** A line for people, beside the answer. */
  err(line: string): void;
  /** All of standard input. */
  readInput(): Promise<string>;
}

export const processTerminal: Terminal = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  async readInput() {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString('utf8');
  },
};

/** Prints a value as JSON for machines. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out(JSON.stringify(value, null, 2));
}

/**
 * A command's log, for the person in front of it: warnings and errors as lines. With `detailed` also what
 * goes on meanwhile.
 */
export function terminalLogger(terminal: Terminal, detailed: boolean): Logger {
  const line = (level: string, event: string, fields: LogFields = {}): void => {
    const { advice, reason, error, ...rest } = fields;
    const cause = error instanceof Error ? error.message : error;
    const told = [advice, reason, cause].filter((part) => part !== undefined).map(String);
    const text = told.length > 0 ? told.join(': ') : JSON.stringify(rest);
    terminal.err(`${level}: ${event}: ${plainText(text, 1_000)}`);
  };
  const logger: Logger = {
    debug: () => undefined,
    info: (event, fields) => (detailed ? line('info', event, fields) : undefined),
    warn: (event, fields) => line('warning', event, fields),
    error: (event, fields) => line('error', event, fields),
    child: () => logger,
  };
  return logger;
}
