import type { Operation } from './operation.js';

interface Segment {
  readonly text: string;
  readonly isParameter: boolean;
}

interface Compiled {
  readonly operation: Operation;
  readonly segments: readonly Segment[];
}

export interface FoundOperation {
  readonly operation: Operation;
  /** Decoded. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** Finds the operation of a request in the table. A fixed segment wins over a parameter. */
export class OperationPaths {
  readonly #byLength = new Map<number, Compiled[]>();

  constructor(operations: readonly Operation[]) {
    for (const operation of operations) {
      const segments = segmentsOf(operation.path).map((text) =>
        text.startsWith('{') ? { text: text.slice(1, -1), isParameter: true } : { text, isParameter: false },
      );
      const same = this.#byLength.get(segments.length) ?? [];
      same.push({ operation, segments });
      this.#byLength.set(segments.length, same);
    }
    for (const same of this.#byLength.values())
      same.sort((one, other) => parametersOf(one) - parametersOf(other));
  }

  /**
   * @param path below `/api/v1`, as it came
   * @returns the methods that the address is served by, and the operation of this one, if it is among them
   */
  find(
    method: string,
    path: string,
  ): { readonly allowed: readonly string[]; readonly found?: FoundOperation } {
    const given = segmentsOf(path);
    const wanted = method === 'HEAD' ? 'GET' : method;
    const allowed: string[] = [];
    for (const { operation, segments } of this.#byLength.get(given.length) ?? []) {
      const parameters = match(segments, given);
      if (parameters === undefined) continue;
      if (operation.method === wanted) return { allowed: [], found: { operation, parameters } };
      allowed.push(operation.method);
    }
    return { allowed: [...new Set(allowed)] };
  }
}

const segmentsOf = (path: string): readonly string[] => path.split('/').slice(1);
const parametersOf = ({ segments }: Compiled): number =>
  segments.filter(({ isParameter }) => isParameter).length;

function match(
  segments: readonly Segment[],
  given: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const parameters: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const text = decoded(given[index] ?? '');
    if (text === undefined || text === '') return undefined;
    if (segment.isParameter) parameters[segment.text] = text;
    else if (segment.text !== text) return undefined;
  }
  return parameters;
}

/** A segment without its escapes; undefined when they are none. */
function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
