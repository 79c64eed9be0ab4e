import { CONSOLE_ROLES } from '../role/role.js';

/** A built-in role of the console (D5). */
export type ConsoleRole = (typeof CONSOLE_ROLES)[number]['key'];

/** The console role that a text names. */
export function consoleRole(key: string): ConsoleRole | undefined {
  return CONSOLE_ROLES.find((role) => role.key === key)?.key;
}

/**
 * Whether somebody with these console roles may give or take console roles: an owner, and nobody else. So nobody
 * grants above their own role.
 */
export const mayGrantConsoleRoles = (own: readonly ConsoleRole[]): boolean => own.includes('console:owner');
