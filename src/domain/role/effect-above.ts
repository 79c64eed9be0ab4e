import { customersPersonIn } from '../application/customers-person.js';
import type { PersonRoles } from '../application/person-in-application.js';
import type { TenantConfiguration } from '../configuration/tenant-configuration.js';
import type { TenantScope } from '../../core/scope.js';
import type { AccessReviewStore, TenantAbove } from '../provisioning/review-access.js';
import type { PlacedAccess, PlacedRole } from './placed.js';

/** The tenant above, an MSP say, with its applications for its customers' people (E4). */
export interface ApplicationsAbove extends TenantAbove {
  readonly slug: string;
}

/** Those of the tenant above, as they are in this transaction; undefined: there is no such application. */
export async function applicationsAbove(
  reviews: Pick<AccessReviewStore, 'above'>,
  scope: TenantScope,
  { parentSlug }: Pick<TenantConfiguration, 'parentSlug'>,
): Promise<ApplicationsAbove | undefined> {
  if (parentSlug === null) return undefined;
  const above = await reviews.above(scope);
  return above.applications.length === 0 ? undefined : { ...above, slug: parentSlug };
}

/** Groups by whose names applications above are for somebody: the customer's count there. */
export const groupsAskedAbove = (above: ApplicationsAbove | undefined): readonly string[] =>
  (above?.applications ?? []).flatMap(({ settings: { assignment } }) =>
    assignment === 'everyone' ? [] : assignment.groups,
  );

interface EffectAbove {
  readonly gains: readonly PlacedRole[];
  readonly loses: readonly PlacedRole[];
  readonly gainsAccess: readonly PlacedAccess[];
  readonly losesAccess: readonly PlacedAccess[];
}

/** What a change does to a person in applications of the tenant above, by the evaluation that its tokens are made by. */
export function effectAbove(above: ApplicationsAbove, one: PersonRoles, two: PersonRoles): EffectAbove {
  return {
    gains: rolesBeyond(above, one, two),
    loses: rolesBeyond(above, two, one),
    gainsAccess: accessBeyond(above, one, two),
    losesAccess: accessBeyond(above, two, one),
  };
}

function rolesBeyond(above: ApplicationsAbove, one: PersonRoles, two: PersonRoles): readonly PlacedRole[] {
  const there = rolesAbove(above, one);
  return rolesAbove(above, two)
    .filter((role) => !there.includes(role))
    .map((role) => ({ role, application: null, tenant: above.slug }));
}

/** The same in all its applications: what the customer gives for one of its own counts nowhere above. */
function rolesAbove(above: ApplicationsAbove, person: PersonRoles): readonly string[] {
  const [first] = above.applications;
  return first === undefined || person.denied ? [] : customersPersonIn(above, first, person).roles;
}

function accessBeyond(above: ApplicationsAbove, one: PersonRoles, two: PersonRoles): readonly PlacedAccess[] {
  const { slug, applications } = above;
  const opened = applications.filter(
    (application) =>
      customersPersonIn(above, application, one).refusal !== undefined &&
      customersPersonIn(above, application, two).refusal === undefined,
  );
  const isForEveryone = ({ settings }: (typeof applications)[number]) => settings.assignment === 'everyone';
  // Who may use one of those may use them all.
  const everywhere = opened.some(isForEveryone) ? [{ application: null, tenant: slug }] : [];
  const choosy = opened.filter((application) => !isForEveryone(application));
  return [...everywhere, ...choosy.map(({ clientId }) => ({ application: clientId, tenant: slug }))];
}
