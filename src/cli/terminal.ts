import { createInterface } from 'node:readline';
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
  /** Asks whoever sits in front; undefined where nobody does. Empty when they end the input instead. */
  readonly ask?: ((question: string) => Promise<string>) | undefined;
}

export const processTerminal: Terminal = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  async readInput() {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString('utf8');
  },
  ask: process.stdin.isTTY ? ask : undefined,
};

function ask(question: string): Promise<string> {
  // As a plain stream, so that an interrupt stays a signal, which lets go of the database.
  const reader = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  return new Promise((resolve) => {
    reader.once('close', () => resolve(''));
    reader.question(question, (answer) => {
      resolve(answer);
      reader.close();
    });
  });
}

/** Control characters that JSON may hold as they are, and that a terminal would obey. */
// oxlint-disable-next-line no-control-regex -- finding control characters is what it is for
const RAW_CONTROL = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** JSON whose text no terminal obeys, and that reads as the same value. */
export function terminalJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(
    RAW_CONTROL,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Prints a value as JSON for machines. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out(terminalJson(value, 2));
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
