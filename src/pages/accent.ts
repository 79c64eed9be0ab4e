/**
 * The accent in one colour scheme, as `#rrggbb`: text, line and fill; text upon it; the fill under a pointer.
 */
export interface AccentShade {
  readonly accent: string;
  readonly onAccent: string;
  readonly hover: string;
}

/** One accent colour in both schemes. */
export interface Accent {
  readonly light: AccentShade;
  readonly dark: AccentShade;
}

/** WCAG 2.2 success criterion 1.4.3. */
const CONTRAST_MIN = 4.5;

/** What the accent is read upon. The stylesheet is written from the same values. */
export const SURFACES = {
  light: { page: '#f4f5f7', surface: '#ffffff', ink: '#15181d' },
  dark: { page: '#0f1216', surface: '#191d23', ink: '#e9ebee' },
} as const;

/** Causeway's own: the blue of deep water by day, of shallow water by night. */
export const DEFAULT_ACCENT: Accent = {
  light: { accent: '#0b5876', onAccent: '#ffffff', hover: '#08435a' },
  dark: { accent: '#7fc6e2', onAccent: '#0f1216', hover: '#a3d7eb' },
};

type Rgb = readonly [red: number, green: number, blue: number];

/** `rrggbb` of `#rrggbb` or `#rgb` in any case, else undefined. */
function hexDigits(colour: string): string | undefined {
  const digits = /^#([0-9a-f]{6}|[0-9a-f]{3})$/u.exec(colour.toLowerCase())?.[1];
  return digits?.length === 3 ? Array.from(digits, (digit) => digit + digit).join('') : digits;
}

/**
 * A tenant's colour as accent, or undefined where it can't be read on a light page: then Causeway's own
 * serves. In the dark it is lightened until it can be read there.
 */
export function accentFrom(colour: string): Accent | undefined {
  const digits = hexDigits(colour);
  if (digits === undefined) return undefined;
  const accent = `#${digits}`;
  if (contrast(accent, SURFACES.light.page) < CONTRAST_MIN) return undefined;
  const dark = lightenUntil(accent, (shade) => contrast(shade, SURFACES.dark.surface) >= CONTRAST_MIN);
  return {
    light: { accent, onAccent: SURFACES.light.surface, hover: mix(accent, '#000000', 0.2) },
    dark: { accent: dark, onAccent: SURFACES.dark.page, hover: mix(dark, '#ffffff', 0.3) },
  };
}

function lightenUntil(colour: string, enough: (shade: string) => boolean): string {
  for (let share = 0; share < 1; share += 0.05) {
    const shade = mix(colour, '#ffffff', share);
    if (enough(shade)) return shade;
  }
  return '#ffffff';
}

/** Contrast ratio of two `#rrggbb` colours, 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrast(one: string, other: string): number {
  const a = luminance(one);
  const b = luminance(other);
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** WCAG 2.2, "relative luminance". */
function luminance(colour: string): number {
  const [red, green, blue] = channels(colour);
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

function linear(channel: number): number {
  const share = channel / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}

function channels(colour: string): Rgb {
  const value = Number.parseInt(colour.slice(1), 16);
  return [(value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff];
}

function mix(colour: string, other: string, share: number): string {
  const to = channels(other);
  const mixed = channels(colour).map((value, index) =>
    Math.round(value + ((to[index] ?? 0) - value) * share),
  );
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}
