import { messageOf } from '../core/errors.js';

/**
 * Libraries speak to the console; Causeway's stderr holds JSON lines and nothing else. To be called before they are
 * loaded, so that what they say while loading is a line of the log too.
 * @param tell takes what they say; a JSON line on stderr, if absent
 */
export function logLibraryWarnings(tell: (text: string) => void = toStderr): void {
  const told = (...words: unknown[]): void =>
    tell(words.map((word) => (typeof word === 'string' ? word : messageOf(word))).join(' '));
  Object.assign(console, { warn: told, error: told, info: told, log: told });
}

function toStderr(text: string): void {
  const line = { level: 40, time: new Date().toISOString(), text, msg: 'library.warning' };
  process.stderr.write(`${JSON.stringify(line)}\n`);
}
