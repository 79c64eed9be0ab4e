/** Why the embedded database can't be had. */
export type EmbeddedDatabaseReason =
  /** No PostgreSQL binaries for this platform. */
  | 'unsupported_platform'
  /** The operating system's permissions stand in the way: of the directory, or of becoming another user. */
  | 'not_permitted'
  /** Another Causeway, or a PostgreSQL that isn't ours, works on the directory. */
  | 'in_use'
  /** The directory was written by another PostgreSQL major. */
  | 'wrong_version'
  /** The directory has served before, and its files are gone or can't be read. */
  | 'damaged'
  /** PostgreSQL didn't start. */
  | 'start_failed'
  /** A live owner has the directory, and its database can't be reached from here. */
  | 'unreachable';

/** Says in one line, to the person who started Causeway, why there is no embedded database and what to do. */
export class EmbeddedDatabaseError extends Error {
  override readonly name = 'EmbeddedDatabaseError';

  constructor(
    readonly reason: EmbeddedDatabaseReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The code of a failed system call (`ENOENT`), if that is what was thrown. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
