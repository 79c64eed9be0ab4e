/** The instant of a text in the form of RFC 3339; undefined: there is no such day or hour. */
export function instantOf(text: string): Date | undefined {
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number);
  const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const instant = new Date(text.toUpperCase());
  return year > 0 && day <= lastDay && !Number.isNaN(instant.getTime()) ? instant : undefined;
}
