import { judgeHealth, type TenantHealthStore } from '../../domain/health/tenant-health.js';
import { named, operation, type Operation } from '../api/operation.js';
import { HealthResource } from '../contract/health.js';

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
