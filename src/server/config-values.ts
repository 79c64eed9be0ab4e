import ipaddr from 'ipaddr.js';
import { isLoopbackHost } from '../domain/configuration/addresses.js';

/** One fault per line, each naming its variable: what `causeway start` prints before it ends with 78. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
  }
}

/** A value of the environment, or why it is none. */
export type Parsed<T> = { readonly value: T } | { readonly fault: string };

/**
 * Reads variables one by one and gathers what is wrong with them. A variable that is empty is as good as
 * absent.
 */
export class Environment {
  readonly faults: string[] = [];

  constructor(private readonly variables: Readonly<Record<string, string | undefined>>) {}

  text(name: string): string | undefined {
    const text = this.variables[name]?.trim();
    return text === '' ? undefined : text;
  }

  /** The variable's value; `absent` when it isn't set, and when it is wrong. */
  read<T>(name: string, absent: T, parse: (text: string) => Parsed<T>): T {
    const text = this.text(name);
    if (text === undefined) return absent;
    const parsed = parse(text);
    if ('value' in parsed) return parsed.value;
    this.fault(name, parsed.fault);
    return absent;
  }

  fault(name: string, message: string): void {
    this.faults.push(`${name}: ${message}`);
  }
}

/** A whole number within bounds, both included. */
export const integer =
  (min: number, max: number) =>
  (text: string): Parsed<number> => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max
      ? { value }
      : { fault: `must be a whole number from ${min} to ${max}, not '${text}'` };
  };

/** One of a few words. */
export const oneOf =
  <T extends string>(...words: readonly T[]) =>
  (text: string): Parsed<T> => {
    const value = words.find((word) => word === text);
    return value === undefined ? { fault: `must be one of ${words.join(', ')}, not '${text}'` } : { value };
  };

/** Networks as CIDRs, separated by commas. */
export function cidrs(text: string): Parsed<readonly string[]> {
  const list = text.split(',').map((part) => part.trim());
  const wrong = list.find((cidr) => !ipaddr.isValidCIDR(cidr));
  return wrong === undefined
    ? { value: list }
    : { fault: `'${wrong}' is no network such as 10.0.0.0/8 or fd00::/8` };
}

/**
 * An address that browsers or programs use: https, or http where the host is loopback. No slash at its end.
 */
export function publicAddress(text: string): Parsed<string> {
  if (!URL.canParse(text))
    return { fault: `must be an address such as https://sso.example.com, not '${text}'` };
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    return { fault: 'must have no credentials, query or fragment' };
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopbackHost(url.hostname)))
    return { fault: 'must be https; http is only for loopback hosts' };
  return { value: `${url.origin}${url.pathname.replace(/\/+$/, '')}` };
}

/** An address of one of the schemes, taken as it is. */
export const addressOf =
  (...schemes: readonly string[]) =>
  (text: string): Parsed<string> =>
    URL.canParse(text) && schemes.includes(new URL(text).protocol)
      ? { value: text }
      : {
          fault: `must be an address that begins with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`,
        };
