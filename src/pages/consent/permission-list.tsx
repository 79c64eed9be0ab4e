import type { ReactNode } from 'react';

import { Icon } from '../elements.js';
import { displayName } from '../text.js';
import { scopeStrings } from './strings.js';

/** One thing that is asked for or allowed. `description` is for scopes of the tenant's own APIs. */
export interface Permission {
  readonly scope: string;
  readonly description?: string | undefined;
}

/** What an application may do, in plain words. */
export function PermissionList({ permissions }: { readonly permissions: readonly Permission[] }): ReactNode {
  return (
    <ul className="grants">
      {permissions.map((permission) => (
        <li key={permission.scope}>
          <Icon name="tick" />
          <PermissionWords permission={permission} />
        </li>
      ))}
    </ul>
  );
}

/** Our words for the standard scopes, else the tenant's, else the scope as it is named. */
function PermissionWords({ permission }: { readonly permission: Permission }): ReactNode {
  const ours = Object.hasOwn(scopeStrings, permission.scope) ? scopeStrings[permission.scope] : undefined;
  if (ours !== undefined) return <span>{ours}</span>;
  const described = displayName(permission.description ?? '', 120);
  return described === '' ? <code>{displayName(permission.scope)}</code> : <bdi>{described}</bdi>;
}
