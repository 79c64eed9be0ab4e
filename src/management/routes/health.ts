import { judgeHealth, type TenantHealthStore } from '../../domain/health/tenant-health.js';
import { Type } from 'typebox';
import { named, operation, type Operation } from '../api/operation.js';
import { orNull, Time } from '../contract/common.js';

const closed = { additionalProperties: false } as const;

const HealthResource = Type.Object(
  {
    status: Type.Enum(['ok', 'warn', 'fail']),
    checks: Type.Array(
      Type.Object(
        { id: Type.String(), status: Type.Enum(['ok', 'warn', 'fail']), detail: Type.String() },
        closed,
      ),
    ),
    connections: Type.Array(
      Type.Object(
        {
          key: Type.String(),
          signedIn: Type.Integer({ description: 'in 24 hours; counting stops at 10,000, here and below' }),
          refused: Type.Integer(),
          lastSignInAt: orNull(Time),
          pushes: Type.Integer(),
          failedPushes: Type.Integer(),
          lastPushAt: orNull(Time),
          hasScimToken: Type.Boolean(),
          secretSetAt: orNull(Time),
        },
        closed,
      ),
    ),
    deadDeliveries: Type.Integer(),
    endingTokens: Type.Integer(),
  },
  closed,
);

/** How a tenant is: what its admin should look at. */
export function healthOperations(deps: {
  readonly health: TenantHealthStore;
  readonly now: () => Date;
}): readonly Operation[] {
  return [
    operation({
      id: 'getTenantHealth',
      method: 'GET',
      path: '/tenants/{tenant}/health',
      summary: 'How the tenant is: sign-ins, pushes, secrets, deliveries, tokens that end',
      permission: 'health.read',
      answer: named('TenantHealth', HealthResource),
      async handle(call) {
        const seen = await deps.health.read(call.tenant.id);
        const checks = judgeHealth(call.tenant.configuration, seen, deps.now());
        const states = checks.map(({ status }) => status);
        const status = (['fail', 'warn'] as const).find((state) => states.includes(state)) ?? 'ok';
        return { body: { status, checks, ...seen } };
      },
    }),
  ];
}
