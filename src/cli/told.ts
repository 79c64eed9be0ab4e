import type { Brand } from '../core/brand.js';

/** A value as JSON tells it: times are texts. What the management API answers has this form already. */
export type Told<T> = T extends Date | Brand<string, string>
  ? string
  : T extends string | number | boolean | null | undefined
    ? T
    : T extends readonly (infer E)[]
      ? readonly Told<E>[]
      : { readonly [K in keyof T]: Told<T[K]> };

/** What this machine knows, in the form in which a deployment elsewhere tells it: one way to print both. */
export function told<T>(value: T): Told<T> {
  const json: Told<T> = JSON.parse(JSON.stringify(value));
  return json;
}
