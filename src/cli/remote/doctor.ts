import { systemClock } from '../../core/clock.js';
import { SYSTEM_SLUG } from '../../domain/tenant/tenant.js';
import { HealthResource } from '../../management/contract/health.js';
import { plainText } from '../../core/text.js';
import { checkClock, ok, type Check } from '../checks.js';
import { pathOf, type RemoteApi } from './api.js';
import { remoteTenants } from './chosen.js';

/** How a deployment elsewhere is, as far as its management API tells: its answer, its clock, its tenants' health. */
export async function examineRemotely(api: RemoteApi, only: string | undefined): Promise<readonly Check[]> {
  const { headers } = await api.send('GET', '/me', {});
  const date = new Date(headers.get('date') ?? Number.NaN);
  const aheadSeconds = (date.getTime() - systemClock.now().getTime()) / 1000;
  const checks: Check[] = [
    ok('api', 'The management API answers, and knows the token'),
    // The header has whole seconds (RFC 9110 section 6.6.1).
    ...(Number.isNaN(aheadSeconds) ? [] : [checkClock(`The deployment's clock`, aheadSeconds)]),
  ];
  const tenants = only === undefined ? await remoteTenants(api) : [only];
  for (const tenant of tenants.filter((slug) => slug !== SYSTEM_SLUG || only !== undefined)) {
    // oxlint-disable-next-line no-await-in-loop -- one tenant after the other: there may be thousands
    const health = await api.get(HealthResource, pathOf('tenants', tenant, 'health'));
    for (const { id, status, detail } of health.checks)
      checks.push({ id: plainText(`${tenant}/${id}`, 200), status, detail: plainText(detail, 1_000) });
  }
  return checks;
}
