import { plainText } from '../core/text.js';

/** A name longer than this tells nobody more, and pushes the rest of the page away. In characters. */
const NAME_CHARS_MAX = 60;
/** The longest e-mail address (RFC 5321 section 4.5.3.1.3 less the angle brackets). In characters. */
export const EMAIL_CHARS_MAX = 254;
/** How much of an upstream's or a request's own words a page repeats. In characters. */
export const QUOTE_CHARS_MAX = 300;

/** Half a character, left over where UTF-16 text was cut or forged. */
const LONE_SURROGATE = /\p{Surrogate}/gu;

/**
 * A name from outside, as a person may read it: one line, nothing that moves the direction of text, at most
 * `max` characters with an ellipsis at the end. Empty where nothing readable is left.
 */
export function displayName(text: string, max = NAME_CHARS_MAX): string {
  const letters = Array.from(oneLine(text));
  return letters.length <= max ? letters.join('') : `${letters.slice(0, max - 1).join('')}…`;
}

/** One line of readable text; a bound on the work, not on what is shown. */
function oneLine(text: string): string {
  return plainText(text, 2_000).replace(LONE_SURROGATE, '').replace(/\s+/gu, ' ').trim();
}

/** The values of a template's placeholders. */
export type Names = Readonly<Record<string, string | undefined>>;

/** What a sentence says where the caller doesn't know the name. */
const NAMELESS: Readonly<Record<string, string>> = {
  account: 'someone else',
  application: 'this application',
  connection: "your organization's sign-in",
  tenant: 'your organization',
};

/** A piece of a filled template: text of ours, or a name from outside. */
export interface Piece {
  readonly text: string;
  readonly name: boolean;
}

/**
 * Fills `{placeholders}` and keeps names apart from our own words, so that a page can isolate their
 * direction. A name that is unknown or unreadable becomes a phrase, with a capital where a sentence starts.
 * @throws TypeError when a placeholder has neither value nor phrase: a fault in our strings
 */
export function fillPieces(template: string, names: Names = {}): readonly Piece[] {
  const parts = template.split(/\{([a-zA-Z]+)\}/u);
  const pieces: Piece[] = [];
  for (const [index, part] of parts.entries()) {
    const isName = index % 2 === 1;
    if (isName) pieces.push(pieceOf(part, names, startsSentence(parts[index - 1] ?? '', index)));
    else if (part !== '') pieces.push({ text: afterName(pieces.at(-1), part), name: false });
  }
  return pieces;
}

/** "Acme Inc." brings its own full stop to the end of a sentence. */
function afterName(previous: Piece | undefined, part: string): string {
  return part.startsWith('.') && previous?.text.endsWith('.') === true ? part.slice(1) : part;
}

function startsSentence(before: string, index: number): boolean {
  return (index === 1 && before === '') || before.endsWith('. ');
}

function pieceOf(placeholder: string, names: Names, starts: boolean): Piece {
  const max = placeholder === 'account' ? EMAIL_CHARS_MAX : NAME_CHARS_MAX;
  const shown = displayName(names[placeholder] ?? '', max);
  if (shown !== '') return { text: shown, name: true };
  const phrase = NAMELESS[placeholder];
  if (phrase === undefined) throw new TypeError(`A template has no value for {${placeholder}}`);
  return { text: starts ? phrase.charAt(0).toUpperCase() + phrase.slice(1) : phrase, name: false };
}

/** The same as one plain text, for titles and attributes. */
export function fill(template: string, names: Names = {}): string {
  return fillPieces(template, names)
    .map((piece) => piece.text)
    .join('');
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const two = (value: number): string => String(value).padStart(2, '0');

/** `22 Nov 2026, 10:04 UTC`: the one way in which pages write an instant. */
export function formatInstant(at: Date): string {
  const day = `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()] ?? ''} ${at.getUTCFullYear()}`;
  return `${day}, ${two(at.getUTCHours())}:${two(at.getUTCMinutes())} UTC`;
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

/** A duration in seconds in its two largest units: `3 days 4 hours`, `40 seconds`. */
export function formatDuration(seconds: number): string {
  let rest = Math.max(0, Math.floor(seconds));
  const words: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest %= size;
    if (count > 0) words.push(`${count} ${unit}${count === 1 ? '' : 's'}`);
    else if (words.length > 0) break;
    if (words.length === 2) break;
  }
  return words.length === 0 ? '0 seconds' : words.join(' ');
}
