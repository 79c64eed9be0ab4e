import type { IncomingMessage } from 'node:http';

const ID = Symbol('request id');

type Identified = IncomingMessage & { [ID]?: string };

/** Gives a request its id; every part that answers it, the protocol library included, can find it again. */
export function assignRequestId(request: Identified, id: string): void {
  request[ID] = id;
}

export function requestIdOf(request: Identified): string | null {
  return request[ID] ?? null;
}
