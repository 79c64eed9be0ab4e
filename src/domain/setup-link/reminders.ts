import { SECRET_DAYS_MAX } from '../health/tenant-health.js';

/** A secret that a set-up has put in place, or handed out. Never the secret. */
export interface SecretAge {
  readonly of: 'clientSecret' | 'secondarySecret' | 'scimToken';
  readonly madeAt: Date;
  /** As far as it was noted; null: not yet. */
  readonly lastUsedAt: Date | null;
  /** null: it doesn't end by itself. */
  readonly expiresAt: Date | null;
}

/** A date that an admin should write down. */
export interface Reminder extends SecretAge {
  /** By when it is to be another one: when it ends, and else when it is a year old. */
  readonly changeBy: Date;
}

const DAY_MS = 86_400_000;

/** When which secret is to be changed, what comes first at the front. */
export function remindersOf(secrets: readonly SecretAge[]): readonly Reminder[] {
  return secrets
    .map((secret) => {
      const old = new Date(secret.madeAt.getTime() + SECRET_DAYS_MAX * DAY_MS);
      const { expiresAt } = secret;
      return { ...secret, changeBy: expiresAt !== null && expiresAt < old ? expiresAt : old };
    })
    .toSorted((one, other) => one.changeBy.getTime() - other.changeBy.getTime());
}
