/**
 * An xsd:dateTime (RFC 7643 section 2.3.5): date and time, and mostly a zone, which lies within 14 hours.
 * Years have four digits: what passes here, a database takes too.
 */
const DATE_TIME =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)T\d\d:\d\d:\d\d(?:\.\d{1,12})?(?<zone>Z|[+-](?:0\d|1[0-4]):[0-5]\d)?$/;

/** A dateTime with its zone, UTC where none is given; undefined: not a dateTime, or none that exists. */
export function zonedDateTime(text: string): string | undefined {
  const { year, month, day, zone } = DATE_TIME.exec(text)?.groups ?? {};
  if (year === undefined || Number(year) === 0) return undefined;
  const lastDay = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  const zoned = zone === undefined ? `${text}Z` : text;
  return Number(day) <= lastDay && !Number.isNaN(Date.parse(zoned)) ? zoned : undefined;
}

/** The instant of a dateTime in milliseconds since the epoch; NaN: not a dateTime. */
export function instantOf(text: string): number {
  return Date.parse(zonedDateTime(text) ?? '');
}

/** Whether a text is a dateTime that exists. */
export function isDateTime(text: string): boolean {
  return zonedDateTime(text) !== undefined;
}

/** A boolean, also as the text that Entra sends ("True"); undefined: neither. */
export function readBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  const folded = value.toLowerCase();
  return folded === 'true' ? true : folded === 'false' ? false : undefined;
}

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** Whether a text is base64 or base64url (RFC 7643 section 2.3.6). */
export function isBase64(text: string): boolean {
  return BASE64.test(text);
}
