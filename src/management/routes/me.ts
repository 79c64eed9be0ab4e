import { Type } from 'typebox';
import { PERMISSIONS, type Permission } from '../../domain/operator/permissions.js';
import type { ApiCall } from '../api/call.js';
import { judge } from '../api/caller.js';
import { named, operation, type Operation } from '../api/operation.js';
import { orNull, Time, Uuid } from '../contract/common.js';

const MeResource = Type.Object(
  {
    kind: Type.Enum(['api_token', 'access_token', 'console', 'setup_link']),
    tenant: Type.String(),
    userId: orNull(Uuid),
    roles: Type.Array(Type.String()),
    scopes: orNull(Type.Array(Type.String())),
    authenticatedAt: orNull(Time),
    setupLink: orNull(
      Type.Object(
        { id: Uuid, connection: Type.String(), mayTurnOn: Type.Boolean() },
        { additionalProperties: false, description: 'the set-up link that the caller holds' },
      ),
    ),
    permissions: Type.Array(Type.String(), { description: 'in the own tenant' }),
  },
  { additionalProperties: false },
);

/** Who calls: what a console or a program asks first. */
export function meOperations(deps: { readonly now: () => Date }): readonly Operation[] {
  return [
    operation({
      id: 'getMe',
      method: 'GET',
      path: '/me',
      summary: 'Who calls, and what they may in their own tenant',
      permission: 'none',
      answer: named('Me', MeResource),
      handle: (call) => Promise.resolve({ body: me(call, deps.now()) }),
    }),
  ];
}

function me({ caller, roles }: ApiCall, now: Date) {
  const { kind, home, userId, scopes, authenticatedAt, setupLink } = caller;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table's own keys
  const all = Object.keys(PERMISSIONS) as Permission[];
  return {
    kind,
    tenant: home.slug,
    userId,
    roles,
    scopes: scopes === null ? null : [...scopes],
    authenticatedAt,
    setupLink:
      setupLink === undefined
        ? null
        : { id: setupLink.id, connection: setupLink.connection, mayTurnOn: setupLink.mayTurnOn },
    permissions: all.filter((permission) => judge(caller, roles, permission, now) !== 'forbidden'),
  };
}
