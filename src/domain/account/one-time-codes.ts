/** One-time codes of an app (TOTP, RFC 6238): SHA-1, six digits, thirty seconds. Implemented by `keys`. */
export interface OneTimeCodes {
  /** A new seed of 160 bits, in base32 as apps take it. */
  newSeed(): string;
  /** `otpauth:` address of the seed, which an app can read. */
  address(seed: string, userName: string, issuer: string): string;
  /**
   * The time step that the code is of: now's, or the one before or after it. undefined: it is none of these.
   * Takes as long for a right code as for a wrong one of the same form.
   */
  stepOf(seed: string, code: string, at: Date): number | undefined;
}

/** A seed that nobody has: what codes are held against where there is none. */
export const NOBODYS_SEED = 'A'.repeat(32);
