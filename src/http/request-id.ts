import type { IncomingMessage } from 'node:http';

const ids = new WeakMap<IncomingMessage, string>();

/** Gives a request its id; every part that answers it, the protocol library included, can find it again. */
export function assignRequestId(request: IncomingMessage, id: string): void {
  ids.set(request, id);
}

export function requestIdOf(request: IncomingMessage): string | null {
  return ids.get(request) ?? null;
}
