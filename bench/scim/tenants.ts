import { randomBytes } from 'node:crypto';

/** A tenant that SCIM pushes to. */
export interface ScimTenant {
  readonly slug: string;
  /** Users that it has before anything is measured. */
  readonly users: number;
  /** Members of its groups, one entry for each size; there is one group of each size for every worker. */
  readonly groupSizes: readonly number[];
  /** A client may send 300 requests a second: several share the work, as several upstream agents would. */
  readonly tokens: readonly string[];
  /** Whether people sign in there as well. */
  readonly signsIn: boolean;
}

/** What SCIM pushes to, all tenants of a run. */
export interface ScimWorld {
  /** Of growing size; the first is what the others are compared with. */
  readonly sizes: readonly ScimTenant[];
  /** As large as the first of `sizes`, and many. */
  readonly many: readonly ScimTenant[];
  /** Nothing in it. */
  readonly imported: ScimTenant;
  readonly leavers: ScimTenant;
}

/** Pushes under way at the same time. */
export const WORKERS = 4;
export const GROUP_SIZES = [500, 5_000, 50_000] as const;
const SIZES = [1_000, 10_000, 100_000] as const;
/** Each takes a third of a second to make: its signing keys. */
const MANY = { whole: 30, quick: 10 } as const;
const TOKENS = 16;

function tenant(slug: string, users: number, groupSizes: readonly number[], tokens = TOKENS): ScimTenant {
  return {
    slug,
    users,
    groupSizes,
    tokens: Array.from({ length: tokens }, () => randomBytes(32).toString('base64url')),
    signsIn: slug === 'leavers',
  };
}

/** The tenants of a run; their tokens are made for it. */
export function scimWorld(quick: boolean): ScimWorld {
  const [smallest] = SIZES;
  const [least] = GROUP_SIZES;
  return {
    sizes: SIZES.map((users) => tenant(`push-${users}`, users, usersAllow(users))),
    many: Array.from({ length: quick ? MANY.quick : MANY.whole }, (_, index) =>
      tenant(`push-many-${index}`, smallest, [least], 1),
    ),
    imported: tenant('import', 0, []),
    leavers: tenant('leavers', 0, []),
  };
}

/** The largest tenant has groups of all sizes, the others the smallest: half of the users must stay outside. */
const usersAllow = (users: number): readonly number[] =>
  users === Math.max(...SIZES) ? GROUP_SIZES : GROUP_SIZES.slice(0, 1);

export const allTenants = ({ sizes, many, imported, leavers }: ScimWorld): readonly ScimTenant[] => [
  ...sizes,
  ...many,
  imported,
  leavers,
];
