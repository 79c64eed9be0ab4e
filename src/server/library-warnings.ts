import { messageOf } from '../core/errors.js';

/**
 * Libraries speak to the console; Causeway's stderr holds JSON lines and nothing else. To be called before they are
 * loaded, so that what they say while loading is a line of the log too.
 */
export function logLibraryWarnings(): void {
  Object.assign(console, { warn: told, error: told, info: told, log: told });
}

function told(...words: unknown[]): void {
  const text = words.map((word) => (typeof word === 'string' ? word : messageOf(word))).join(' ');
  const line = { level: 40, time: new Date().toISOString(), text, msg: 'library.warning' };
  process.stderr.write(`${JSON.stringify(line)}\n`);
}
