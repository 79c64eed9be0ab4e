import { textsOf } from '../shared/facts.js';

/** Something that people may do here, and the roles that let them. */
export interface Permission {
  readonly name: string;
  readonly roles: readonly string[];
}

/**
 * All that this application knows of access: which of its own permissions a role opens. Who has which role is the
 * tenant's business, in its groups and role mappings.
 */
export const PERMISSIONS: readonly Permission[] = [
  { name: 'See dashboards', roles: ['viewer', 'admin'] },
  { name: 'Change dashboards', roles: ['admin'] },
  { name: 'Manage data sources', roles: ['admin'] },
];

/** Whether the roles of these claims open a permission. */
export function may(claims: Readonly<Record<string, unknown>>, { roles }: Permission): boolean {
  return textsOf(claims['roles']).some((role) => roles.includes(role));
}
