import { personInApplication, rolesOfPerson } from '../application/person-in-application.js';
import type { Application } from '../application/application.js';
import type { TenantConfiguration } from '../configuration/tenant-configuration.js';
import { effectAbove, type ApplicationsAbove } from './effect-above.js';
import { comesIn } from './keep-owners.js';
import { countingGroups, type Membership } from './person-groups.js';
import type { PlacedAccess, PlacedRole } from './placed.js';
import { means, rolesIn, type EffectiveRole, type RoleMapping } from './role.js';
import type { StandingProfile } from './standing-profile.js';

/** What a change of mappings does to a person. */
export interface MappingEffect {
  readonly gains: readonly PlacedRole[];
  readonly loses: readonly PlacedRole[];
  /** Applications that they may use then and not now, and the other way round. */
  readonly gainsAccess: readonly PlacedAccess[];
  readonly losesAccess: readonly PlacedAccess[];
  /** Console roles that they have then. */
  readonly console: { readonly before: readonly string[]; readonly after: readonly string[] };
}

/** No application has this clientId: what is so there is so wherever no mapping names the application. */
const ELSEWHERE = '';

/**
 * What a change does, person by person, by the evaluation that tokens are made by: once with the configuration that is in
 * force, once with the one that is wanted.
 */
export class MappingEffects {
  readonly #mappingsOf = new Map<string, { readonly before: RoleMappings; readonly after: RoleMappings }>();
  /** Applications that ask for groups or roles: each is judged by itself. */
  readonly #choosy: readonly Application[];
  readonly #forEveryone: readonly Application[];
  readonly #settingsChange: boolean;

  /**
   * @param regrouped a person's group as mappings see it afterwards
   * @param above applications of the tenant above that are for this one's people
   */
  constructor(
    private readonly before: TenantConfiguration,
    private readonly after: TenantConfiguration,
    private readonly regrouped?: (group: Membership) => Membership,
    private readonly above?: ApplicationsAbove,
  ) {
    this.#choosy = before.applications.filter(({ settings }) => settings.assignment !== 'everyone');
    this.#forEveryone = before.applications.filter(({ settings }) => settings.assignment === 'everyone');
    const [one, other] = [before.tenant.settings, after.tenant.settings];
    this.#settingsChange = one.defaultRole !== other.defaultRole || one.whenNoRole !== other.whenNoRole;
  }

  /** Whether these people could sign in to the tenant's console now: an owner who can't is none who is left. */
  comesIn(profile: StandingProfile): boolean {
    return comesIn(this.before, profile);
  }

  of(profile: StandingProfile): MappingEffect {
    const mine = profile.groups.map((group) => this.#mappings(group));
    const before = this.#roles(
      this.before,
      mine.flatMap((each) => each.before),
      profile,
    );
    const granted = this.#granted(profile);
    const isMoved = granted.gains.length + granted.loses.length > 0;
    if (!isMoved && !this.#settingsChange && mine.every((each) => isSame(each.before, each.after)))
      return { ...NO_EFFECT, console: { before: consoleOf(before.roles), after: consoleOf(before.roles) } };
    const after = this.#roles(
      this.after,
      mine.flatMap((each) => each.after),
      { ...profile, groups: profile.groups.map(this.#afterwards) },
    );
    const console = { before: consoleOf(before.roles), after: consoleOf(after.roles) };
    const [gains, loses] = [
      this.#difference(before.roles, after.roles),
      this.#difference(after.roles, before.roles, true),
    ];
    const above = this.above === undefined ? NO_EFFECT : effectAbove(this.above, before, after);
    return {
      console,
      gains: [...gains, ...withoutThose(console.after, console.before), ...granted.gains, ...above.gains],
      loses: [...loses, ...withoutThose(console.before, console.after), ...granted.loses, ...above.loses],
      gainsAccess: [...this.#access(before, after), ...above.gainsAccess],
      losesAccess: [...this.#access(after, before, true), ...above.losesAccess],
    };
  }

  readonly #afterwards = (group: Membership): Membership => this.regrouped?.(group) ?? group;

  /** Mappings that mean a group, in force and wanted: found once for each group, whatever the number of people. */
  #mappings(group: StandingProfile['groups'][number]) {
    const key = `${group.id} ${group.source}`;
    const found = this.#mappingsOf.get(key) ?? {
      before: this.before.roleMappings.filter((mapping) => means(mapping.group, group)),
      after: this.after.roleMappings.filter((mapping) => means(mapping.group, this.#afterwards(group))),
    };
    this.#mappingsOf.set(key, found);
    return found;
  }

  /** What is granted in customers' tenants (E2): it changes only where a name comes to mean another group. */
  #granted(profile: StandingProfile): Pick<MappingEffect, 'gains' | 'loses'> {
    if (this.regrouped === undefined || this.after.grants.length === 0) return NO_EFFECT;
    const { regrouped } = this;
    const before = grantedTo(this.before, profile, profile.groups);
    const after = grantedTo(this.after, profile, profile.groups.map(regrouped));
    return { gains: grantedBeyond(before, after), loses: grantedBeyond(after, before) };
  }

  #roles(
    configuration: TenantConfiguration,
    roleMappings: RoleMappings,
    profile: Pick<StandingProfile, 'connectionId' | 'groups' | 'assignments'>,
  ) {
    return rolesOfPerson({ ...configuration, roleMappings }, profile);
  }

  /** What `two` gives that `one` doesn't. @param reversed `two` is what is in force */
  #difference(one: Roles, two: Roles, reversed = false): readonly PlacedRole[] {
    const [defaultOne, defaultTwo] = this.#ordered(reversed).map((each) => each.tenant.settings.defaultRole);
    const added = (clientId: string): readonly string[] => {
      const there = rolesIn(one, clientId, defaultOne ?? null);
      return rolesIn(two, clientId, defaultTwo ?? null).filter((role) => !there.includes(role));
    };
    const named = namedIn(one, two).map((clientId) => ({ clientId, added: added(clientId) }));
    const everywhere = added(ELSEWHERE);
    const here = named.flatMap(({ clientId, added: roles }) =>
      roles.filter((role) => !everywhere.includes(role)).map((role) => ({ role, application: clientId })),
    );
    const others = everywhere.flatMap((role) => {
      const except = named.filter((each) => !each.added.includes(role)).map(({ clientId }) => clientId);
      if (except.length === 0) return [{ role, application: null }];
      // Everywhere but in each application there is: nowhere.
      const isSomewhere = this.before.applications.some(({ clientId }) => !except.includes(clientId));
      return isSomewhere ? [{ role, application: null, except }] : [];
    });
    return [...others, ...here];
  }

  /** Applications that may be used by `two` and not by `one`. */
  #access(one: PersonIs, two: PersonIs, reversed = false): readonly PlacedAccess[] {
    const [first, second] = this.#ordered(reversed);
    if (first === undefined || second === undefined) return [];
    const opens = (application: Application): boolean =>
      personInApplication(first, application, one).refusal !== undefined &&
      personInApplication(second, application, two).refusal === undefined;
    const named = namedIn(one.roles, two.roles);
    const ofNamed = this.#forEveryone.filter(({ clientId }) => named.includes(clientId));
    const other = this.#forEveryone.find(({ clientId }) => !named.includes(clientId));
    const choosy = placed(this.#choosy.filter(opens));
    if (other === undefined || !opens(other)) return [...placed(ofNamed.filter(opens)), ...choosy];
    const except = ofNamed.filter((application) => !opens(application)).map(({ clientId }) => clientId);
    return [{ application: null, ...(except.length === 0 ? {} : { except }) }, ...choosy];
  }

  #ordered(reversed: boolean): readonly TenantConfiguration[] {
    return reversed ? [this.after, this.before] : [this.before, this.after];
  }
}

type Roles = readonly EffectiveRole[];
type RoleMappings = readonly RoleMapping[];
type PersonIs = ReturnType<typeof rolesOfPerson>;

const placed = (applications: readonly Application[]): readonly PlacedAccess[] =>
  applications.map(({ clientId }) => ({ application: clientId }));

const NO_EFFECT = { gains: [], loses: [], gainsAccess: [], losesAccess: [] };

function grantedTo(
  { connections, grants }: TenantConfiguration,
  { connectionId }: Pick<StandingProfile, 'connectionId'>,
  groups: readonly Membership[],
): readonly PlacedRole[] {
  const connection = connections.find(({ id }) => id === connectionId);
  const counting = countingGroups(groups, connection?.settings.groupSource ?? 'auto');
  return grants
    .filter(({ group }) => counting.some((membership) => means(group, membership)))
    .flatMap(({ roles, customers }) => roles.map((role) => ({ role, application: null, customers })));
}

/** What is granted by these, and by the others neither there nor in all customers. */
const grantedBeyond = (others: readonly PlacedRole[], these: readonly PlacedRole[]): readonly PlacedRole[] =>
  these.filter(({ role, customers }) =>
    others.every(
      (other) => other.role !== role || (other.customers !== 'all' && other.customers !== customers),
    ),
  );

const isSame = (one: RoleMappings, other: RoleMappings): boolean => covers(one, other) && covers(other, one);

/** Whether all that the others give is given by these. */
const covers = (these: RoleMappings, others: RoleMappings): boolean =>
  others.every((other) =>
    these.some(({ role, application }) => role === other.role && application === other.application),
  );

/** clientIds of applications that the roles name. */
const namedIn = (one: Roles, other: Roles): readonly string[] =>
  [...new Set([...one, ...other].flatMap(({ application }) => application ?? []))].toSorted();

const consoleOf = (roles: Roles): readonly string[] =>
  [...new Set(roles.map(({ key }) => key).filter((key) => key.startsWith('console:')))].toSorted();

const withoutThose = (those: readonly string[], others: readonly string[]): readonly PlacedRole[] =>
  those.filter((role) => !others.includes(role)).map((role) => ({ role, application: null }));
