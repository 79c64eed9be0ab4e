import { epochSeconds, systemClock } from '../core/clock.js';

/** Lifetimes by default, in seconds (contract, Tokens). */
export const CODE_SECONDS = 60;
export const INTERACTION_SECONDS = 600;
export const DEVICE_CODE_SECONDS = 600;
/** How long an expired device code is still told from an unknown one. */
export const DEVICE_CODE_KNOWN_SECONDS = 600;
export const OPAQUE_TOKEN_SECONDS = 3_600;
export const ID_TOKEN_SECONDS = 3_600;
export const SESSION_IDLE_SECONDS = 8 * 3_600;
export const SESSION_ABSOLUTE_SECONDS = 24 * 3_600;

/** Seconds since the epoch by the clock that the library compares with: the node's own. */
export const epoch = (): number => epochSeconds(systemClock);
