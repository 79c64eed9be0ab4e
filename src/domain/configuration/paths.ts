import type { DesiredTenant } from './desired.js';

type ListName = {
  [K in keyof DesiredTenant]-?: NonNullable<DesiredTenant[K]> extends readonly unknown[] ? K : never;
}[keyof DesiredTenant];

/** Where things stand in the operator's file, or in what was asked for by itself (then the path is empty). */
export class Paths {
  readonly #desired: DesiredTenant;

  constructor(desired: DesiredTenant) {
    this.#desired = desired;
  }

  member(name: keyof DesiredTenant): string {
    return this.#desired.path === '' ? name : `${this.#desired.path}.${name}`;
  }

  entry(list: ListName, index: number): string {
    return `${this.member(list)}[${index}]`;
  }

  /** An entry of a list that is all the file's or all in force. */
  listed(list: ListName, index: number, identity: string): string {
    return this.#desired[list] === undefined
      ? `${this.member(list)}['${identity}']`
      : this.entry(list, index);
  }

  /**
   * An entry by what tells it from others: its place in the file, or for one that is in force and that the
   * file doesn't name, its identity: `tenants[0].connections['okta']`.
   */
  named<L extends ListName>(
    list: L,
    identity: string,
    identityOf: (entry: NonNullable<DesiredTenant[L]>[number]) => string,
  ): string {
    const entries: readonly NonNullable<DesiredTenant[L]>[number][] = this.#desired[list] ?? [];
    const index = entries.findIndex((entry) => identityOf(entry) === identity);
    return index === -1 ? `${this.member(list)}['${identity}']` : this.entry(list, index);
  }
}
