/**
 * How far somebody has followed the SCIM requests of a set-up. Nodes write requests some time after they were made, each
 * node its own: one that was made earlier may be there later. So the last seconds are read again each time, and what was
 * told of them already is left out.
 */
export interface RequestPlace {
  /** UUIDv7: of what was made up to it nothing is waited for any more. Empty: nothing was asked yet. */
  readonly floor: string;
  /** Ends of the ids that were told above the floor. */
  readonly told: readonly string[];
}

/** From when a request began until it is there, at most: its own time, a node's second, a slow database, a clock that differs. */
const LATE_MS = 60_000;
/** More than so many are not remembered: a cursor stands in an address. */
const TOLD_MAX = 200;
/** Characters of an id by which it is known among those few. */
const END = 10;

const endOf = (id: string): string => id.slice(-END);

/** Where following begins. */
export const NOWHERE: RequestPlace = { floor: '', told: [] };

/** A place as a cursor keeps it. */
export const writePlace = ({ floor, told }: RequestPlace): readonly string[] => [floor, told.join('')];

/** @param key what `writePlace` gave */
export function readPlace([floor = '', told = '']: readonly string[]): RequestPlace {
  return { floor, told: told.match(new RegExp(`.{${END}}`, 'g')) ?? [] };
}

/** Those that were not told yet. */
export function notTold<R extends { readonly id: string }>(
  { told }: RequestPlace,
  requests: readonly R[],
): readonly R[] {
  const known = new Set(told);
  return requests.filter(({ id }) => !known.has(endOf(id)));
}

/**
 * The place after an answer.
 * @param read all above the floor that the answer was made of, the oldest first, told before or now
 * @param isWhole whether nothing that is there above the floor was left for the next answer
 */
export function placeAfter(
  before: RequestPlace,
  read: readonly { readonly id: string }[],
  { now, isWhole }: { readonly now: Date; readonly isWhole: boolean },
): RequestPlace {
  const settled = earliestIdOf(new Date(now.getTime() - LATE_MS));
  const last = read.at(-1)?.id ?? before.floor;
  const reached = isWhole || settled < last ? settled : last;
  const crowded = read.at(-TOLD_MAX - 1)?.id ?? '';
  const floor = [before.floor, reached, crowded].toSorted().at(-1) ?? '';
  const ends = new Set(read.map(({ id }) => endOf(id)));
  // What was told, and comes after what was read this time.
  const ahead = isWhole ? [] : before.told.filter((end) => !ends.has(end));
  return { floor, told: [...read.flatMap(({ id }) => (id > floor ? [endOf(id)] : [])), ...ahead] };
}

/** Before every UUIDv7 that is made at that time or later (RFC 9562). */
function earliestIdOf(time: Date): string {
  const hex = time.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
