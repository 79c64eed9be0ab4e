/** An xsd:dateTime (RFC 7643 section 2.3.5): date and time, and mostly a zone. */
const DATE_TIME = /^-?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,12})?(?<zone>Z|[+-]\d\d:\d\d)?$/i;

/** The instant of a dateTime in milliseconds since the epoch, UTC where no zone is given; NaN: not a dateTime. */
export function instantOf(text: string): number {
  const match = DATE_TIME.exec(text);
  if (match === null) return Number.NaN;
  return Date.parse((match.groups?.['zone'] === undefined ? `${text}Z` : text).toUpperCase());
}

/** Whether a text is a dateTime that exists. */
export function isDateTime(text: string): boolean {
  return !Number.isNaN(instantOf(text));
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
