/** `Object.entries` that keeps the type of the keys, for tables that hold nothing else. */
export function entriesOf<K extends string, V>(table: Readonly<Record<K, V>>): [K, V][] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- constants hold no other keys
  return Object.entries(table) as [K, V][];
}
