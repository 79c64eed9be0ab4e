/** The closed set of what can go wrong below the edges. Each edge answers every code (http, op, scim). */
export type DomainErrorCode =
  | 'not_found'
  | 'already_exists'
  | 'conflict'
  | 'invalid_argument'
  | 'forbidden'
  | 'limit_exceeded'
  | 'upstream_unavailable';

/** The one error that domain code throws. `message` is for the person who must act; it never holds a secret. */
export class DomainError extends Error {
  override readonly name = 'DomainError';

  constructor(
    readonly code: DomainErrorCode,
    message: string,
    readonly details: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
