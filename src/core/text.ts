/** Control characters, including those that move a terminal's cursor or the direction of text. */
// oxlint-disable-next-line no-control-regex -- finding control characters is what it is for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Nearly all texts, and as they should be. */
const PRINTABLE_ASCII = /^[ -~]*$/;

/** Text from outside, made safe to log and to show: no control characters, at most `max` characters, no half ones. */
export function plainText(text: string, max = 300): string {
  if (PRINTABLE_ASCII.test(text)) return text.slice(0, max);
  return text
    .replace(CONTROL, ' ')
    .slice(0, max)
    .replace(/\p{Cs}/gu, '');
}

const QUOTED_LENGTH = 100;

/** Text from outside for a message: in quotes, without control characters, at most 100 characters of it. */
export function quoted(text: string): string {
  const shown = plainText(text, QUOTED_LENGTH);
  return text.length > QUOTED_LENGTH ? `"${shown}…"` : `"${shown}"`;
}
