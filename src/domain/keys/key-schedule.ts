import type { TenantConfiguration } from '../configuration/tenant-configuration.js';
import type { SigningKey } from './signing-key.js';

/** How long a key stays in which state, in seconds. */
export interface KeySchedule {
  /** How long a key signs before the next one takes over. */
  readonly signsSeconds: number;
  /** How long the next key of a scheduled rotation is published before it signs. */
  readonly aheadSeconds: number;
  /** The same where somebody asks for a rotation: the least that no application can miss. */
  readonly publishedSeconds: number;
}

/** How long anybody may keep a key set: what the edge says in `Cache-Control`. */
export const KEY_SET_MAX_AGE_SECONDS = 300;

const DAY = 86_400;

/**
 * Ninety days. On schedule the next key is shown a day ahead, so that whoever keeps a key set for a day and never asks
 * for an unknown `kid` has seen it, too; by request after twice as long as the set may be kept (F-16).
 */
export const KEY_SCHEDULE: KeySchedule = {
  signsSeconds: 90 * DAY,
  aheadSeconds: DAY + 2 * KEY_SET_MAX_AGE_SECONDS,
  publishedSeconds: 2 * KEY_SET_MAX_AGE_SECONDS,
};

/** Who signs with a key: the issuer (null) or a connection, and by which algorithm. */
export type KeyOwner = Pick<SigningKey, 'connectionId' | 'alg'>;

/** A key as its schedule sees it. */
export interface KeyFacts extends KeyOwner, Pick<SigningKey, 'id' | 'state'> {
  readonly createdAt: Date;
  readonly stateChangedAt: Date;
  /** `next`: when it may sign; `retiring`: when it is retired. null in the other states. */
  readonly dueAt: Date | null;
}

/** One step of a key's life. */
export type KeyStep =
  | { readonly step: 'publish'; readonly owner: KeyOwner }
  | { readonly step: 'promote'; readonly key: KeyFacts; readonly current: KeyFacts | undefined }
  | { readonly step: 'retire'; readonly key: KeyFacts };

/** The name of an owner, for maps. */
export const ownerName = ({ connectionId, alg }: KeyOwner): string => `${connectionId ?? 'issuer'} ${alg}`;

/** A tenant's keys by owner. */
export function byOwner(keys: readonly KeyFacts[]): ReadonlyMap<string, readonly KeyFacts[]> {
  const families = new Map<string, KeyFacts[]>();
  for (const key of keys) {
    const family = families.get(ownerName(key)) ?? [];
    family.push(key);
    families.set(ownerName(key), family);
  }
  return families;
}

/** After how many seconds a key that signs is due for its successor. */
export function currentSeconds({ signsSeconds, aheadSeconds }: KeySchedule): number {
  return Math.max(0, signsSeconds - aheadSeconds);
}

/** Steps that are due at `now`, at most one for each key. Retirements come first. */
export function dueSteps(keys: readonly KeyFacts[], now: Date, schedule: KeySchedule): readonly KeyStep[] {
  const isDue = ({ dueAt }: KeyFacts): boolean => dueAt !== null && dueAt <= now;
  const retired = keys
    .filter((key) => key.state === 'retiring' && isDue(key))
    .map((key): KeyStep => ({ step: 'retire', key }));
  const others = [...byOwner(keys).values()].flatMap((family): KeyStep[] => {
    const current = family.find((key) => key.state === 'current');
    const next = family.find((key) => key.state === 'next');
    if (next !== undefined) return isDue(next) ? [{ step: 'promote', key: next, current }] : [];
    if (current === undefined) return [];
    const signedMs = now.getTime() - current.stateChangedAt.getTime();
    if (signedMs < currentSeconds(schedule) * 1000) return [];
    return [{ step: 'publish', owner: { connectionId: current.connectionId, alg: current.alg } }];
  });
  return [...retired, ...others];
}

/**
 * The longest life of what an issuer's key has signed by default: an ID Token is taken as a hint for as long as its
 * session may live, though it has expired for all else (RP-Initiated Logout 1.0 section 2).
 */
export const SIGNED_SECONDS = DAY;
/** An assertion toward an upstream is good for minutes. */
const ASSERTION_SECONDS = 300;
/** For clocks that differ, and for nodes that hear of a new key last. */
const MARGIN_SECONDS = 3 * KEY_SET_MAX_AGE_SECONDS;

/** How long a key that signs no more must stay published, in seconds, so that all that it signed verifies. */
export function lingerSeconds(owner: KeyOwner, { apis }: Pick<TenantConfiguration, 'apis'>): number {
  const longest =
    owner.connectionId === null
      ? Math.max(SIGNED_SECONDS, ...apis.map((api) => api.accessTokenSeconds))
      : ASSERTION_SECONDS;
  return longest + MARGIN_SECONDS;
}
