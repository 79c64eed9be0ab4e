import { CONSOLE_ROLES } from '../role/role.js';

/** A built-in role of the console (D5). */
export type ConsoleRole = (typeof CONSOLE_ROLES)[number]['key'];

/** Who may do more stands higher; help desk, auditor and technician may do different things, none more than the others. */
const RANKS: Readonly<Record<ConsoleRole, number>> = {
  'console:owner': 3,
  'console:admin': 2,
  'console:help-desk': 1,
  'console:read-only': 1,
  'console:technician': 1,
};

/** The console role that a text names. */
export function consoleRole(key: string): ConsoleRole | undefined {
  return CONSOLE_ROLES.find((role) => role.key === key)?.key;
}

/**
 * Whether somebody with these roles may give or take a role: an owner any of them, an administrator those below
 * an owner, nobody else any.
 */
export function mayGrant(own: readonly ConsoleRole[], role: ConsoleRole): boolean {
  const rank = Math.max(0, ...own.map((each) => RANKS[each]));
  return rank >= RANKS['console:admin'] && rank >= RANKS[role];
}
