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
const TOKENS = 16;

interface Sizes {
  /** Of tenants, in users. */
  readonly tenants: readonly [number, ...number[]];
  /** Of groups, in members: the largest tenant has all of them, the others the smallest. */
  readonly groups: readonly [number, ...number[]];
  /** Tenants as large as the smallest; each takes a third of a second to make, for its signing keys. */
  readonly many: number;
}

const SIZES = {
  whole: { tenants: [1_000, 10_000, 100_000], groups: [500, 5_000, 50_000], many: 30 },
  quick: { tenants: [1_000, 5_000, 20_000], groups: [500, 2_500, 10_000], many: 10 },
} as const satisfies Record<string, Sizes>;

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
  const { tenants, groups, many }: Sizes = quick ? SIZES.quick : SIZES.whole;
  const [smallest] = tenants;
  const [least] = groups;
  const largest = Math.max(...tenants);
  return {
    sizes: tenants.map((users) => tenant(`push-${users}`, users, users === largest ? groups : [least])),
    many: Array.from({ length: many }, (_, index) => tenant(`push-many-${index}`, smallest, [least], 1)),
    imported: tenant('import', 0, []),
    leavers: tenant('leavers', 0, []),
  };
}

export const allTenants = ({ sizes, many, imported, leavers }: ScimWorld): readonly ScimTenant[] => [
  ...sizes,
  ...many,
  imported,
  leavers,
];
