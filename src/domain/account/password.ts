/** What is wrong with a password that somebody chooses. */
export type PasswordFault = 'too_short' | 'too_long' | 'unreadable' | 'is_user_name';

/** In characters (code points): long ones are welcome, because nothing is cut off. */
export const PASSWORD_CHARS = { min: 12, max: 1_000 } as const;

/** Whether the text may be a password at all; nothing of it is cut, folded or trimmed. */
export function passwordFault(password: string, userName: string): PasswordFault | undefined {
  if (password.includes('\u0000')) return 'unreadable';
  const { length } = Array.from(password);
  if (length < PASSWORD_CHARS.min) return 'too_short';
  if (length > PASSWORD_CHARS.max) return 'too_long';
  return password.toLowerCase() === userName.toLowerCase() ? 'is_user_name' : undefined;
}

/**
 * Hashes passwords (Argon2id), off the event loop and few at a time: the rest of the node doesn't notice.
 * Implemented by `keys`.
 */
export interface PasswordHasher {
  /** @throws DomainError `limit_exceeded` when too many wait already */
  hash(password: string): Promise<string>;
  /**
   * Whether the password is the one that was hashed; takes as long without a hash, and is false then.
   * @throws DomainError `limit_exceeded` when too many wait already
   */
  verify(hash: string | null, password: string): Promise<boolean>;
}
