import { DomainError } from '../../core/errors.js';
import type { TenantId, UserId } from '../../core/ids.js';
import { groupsFor, type Application } from '../application/application.js';
import { customersPersonIn } from '../application/customers-person.js';
import {
  personInApplication,
  rolesOfPerson,
  type PersonInApplication,
  type PersonRoles,
} from '../application/person-in-application.js';
import { readCause } from '../audit/cause.js';
import type { TenantConfiguration } from '../configuration/tenant-configuration.js';
import type { GroupSource } from '../connection/connection.js';
import { consoleRole } from '../operator/console-role.js';
import { grantedRoles, grantsIn } from '../operator/granted-roles.js';
import type {
  Chain,
  ExplainedMapping,
  NoAccess,
  Origin,
  RoleExplanation,
  RoleReason,
  UnmetRule,
  WhyNot,
} from './explanation.js';
import { countingGroups } from './person-groups.js';
import type { MappingFact, RoleFacts, RoleFactsStore, Since } from './role-facts.js';
import { accessWords, because, inApplication, listed, missingWords, named, ruleWords } from './role-words.js';
import { describeGroup, means } from './role.js';
import { missingLink } from './why-not.js';

export interface ExplainRequest {
  readonly userId: UserId;
  /** null: whatever the application; then console roles are told of, too. */
  readonly application: Application | null;
  /** Whose application it is, where that is the tenant above (E4). */
  readonly above?: TenantConfiguration | undefined;
  /** Of roles in this customer's console, of one of an MSP's people (E2): then no application is asked for. */
  readonly customer?: Customer | undefined;
  /** Only of this role; undefined: of all that they have, and why not of none. */
  readonly role?: string | undefined;
  /** Why not of every other role of the tenant, too. */
  readonly others?: boolean;
  /** A time that has passed; undefined: now. */
  readonly at?: Date | undefined;
  readonly now: Date;
  readonly configuration: TenantConfiguration;
}

interface Customer {
  readonly slug: string;
  readonly name: string;
}

/** The pieces that an answer is made of. */
interface Reading {
  readonly facts: RoleFacts;
  readonly configuration: TenantConfiguration;
  readonly application: Application | null;
  readonly above: TenantConfiguration | undefined;
  readonly customer: Customer | undefined;
  readonly groupSource: GroupSource;
  readonly counting: RoleFacts['memberships'];
  /** The roles that the person has there, by the evaluation that tokens are made by. */
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly refusal: 'not_assigned' | 'no_role' | undefined;
  readonly who: string;
  /** `Okta `, before `group`. */
  readonly kind: string;
}

/**
 * Why a person has the roles that they have, and why not others (D6), now or at a time of which enough is known. What
 * they have is computed by the evaluation that tokens are made by; only then it is said what each comes of.
 * @throws DomainError `not_found` when there is no such person; `invalid_argument` for a time that is still to come, and
 *   for a role that the tenant doesn't have
 */
export async function explainRoles(
  deps: { readonly roleFacts: RoleFactsStore },
  tenantId: TenantId,
  request: ExplainRequest,
): Promise<RoleExplanation> {
  const { userId, at, role, now, application, above } = request;
  if (at !== undefined && at > now)
    throw new DomainError('invalid_argument', 'that time is still to come: nobody knows what will be');
  const keys = rolesAsked(request);
  const defined = [...request.configuration.roles, ...(above?.roles ?? [])];
  if (role !== undefined && defined.every(({ key }) => key !== role))
    throw new DomainError(
      'invalid_argument',
      `'${named(role)}' is no role of the tenant, nor of the console`,
    );
  const facts = await deps.roleFacts.find(tenantId, userId, at);
  if (facts === undefined) throw new DomainError('not_found', 'there is no such person');
  const reading = readingOf(facts, request);
  const known = at === undefined || at >= facts.historySince;
  const has = reading.roles.filter((key) => role === undefined || key === role);
  const roles = known ? has.map((key) => reasonOf(reading, key)) : [];
  const lacking = role === undefined ? (request.others === true ? keys : []) : [role];
  const whyNot = known
    ? lacking.filter((key) => !reading.roles.includes(key)).map((key) => whyNotOf(reading, key))
    : [];
  const access = accessOf(reading);
  const beginning = `Who was in which group is known since ${facts.historySince.toISOString()}.`;
  return {
    sentence: known ? sentenceOf(reading, roles, whyNot) : `Nothing is known of that time. ${beginning}`,
    user: { id: userId, userName: facts.userName, name: facts.name ?? facts.userName },
    application:
      application === null
        ? null
        : {
            clientId: application.clientId,
            name: application.name,
            tenant: (above ?? request.configuration).tenant.slug,
          },
    customer: request.customer ?? null,
    at: at ?? null,
    historySince: facts.historySince,
    limits: at === undefined ? [] : known ? limitsOf(request) : [beginning],
    roles,
    whyNot,
    access,
    claims: known ? claimsOf(reading) : null,
  };
}

/** What isn't kept of the past. */
const LIMITS = [
  'Memberships, mappings and direct assignments are those of that time.',
  'As they are now: whether the person is switched on, their connection, the default role, whether somebody without a role is let in, who may use the application, how groups are called that were renamed since, and which group a mapping by name means.',
];

/** Grants, and rules of the tenant above, aren't kept either. */
const limitsOf = ({ above, customer }: ExplainRequest): readonly string[] => [
  ...LIMITS,
  ...(above === undefined ? [] : ['The roles of the tenant above, and its rules, are those of now.']),
  ...(customer === undefined ? [] : ['Grants in customers’ tenants are those of now.']),
];

/** Roles that one may have there. */
function rolesAsked({ configuration, application, above, customer }: ExplainRequest): readonly string[] {
  const keys = (above ?? configuration).roles.map(({ key }) => key);
  if (customer !== undefined) return keys.filter((key) => key.startsWith('console:'));
  return application === null ? keys : keys.filter((key) => !key.startsWith('console:'));
}

function readingOf(facts: RoleFacts, request: ExplainRequest): Reading {
  const { application, above, customer } = request;
  // The mappings as the store has them, of that time.
  const configuration = { ...request.configuration, roleMappings: facts.mappings };
  const connection = configuration.connections.find(({ id }) => id === facts.connectionId);
  const groupSource = connection?.settings.groupSource ?? 'auto';
  const counting = countingGroups(facts.memberships, groupSource);
  const { connectionId, memberships, assignments } = facts;
  const person = rolesOfPerson(configuration, { connectionId, groups: memberships, assignments });
  const here = standing({ ...request, configuration }, facts, person);
  return {
    facts,
    configuration,
    application,
    above,
    customer,
    groupSource,
    counting: facts.memberships.filter((membership) => counting.includes(membership)),
    ...here,
    who: named(facts.name ?? facts.userName),
    kind: connection?.type === 'okta' ? 'Okta ' : '',
  };
}

/** What the person is there, by the evaluations that tokens and the console's rights are made by. */
function standing(
  { application, above, customer, configuration }: ExplainRequest,
  facts: RoleFacts,
  person: PersonRoles,
): PersonInApplication {
  if (customer !== undefined) {
    const groups = facts.memberships;
    const granted = grantedRoles(configuration, customer.slug, { ...facts, groups });
    const own = person.roles.flatMap(({ key }) => consoleRole(key) ?? []);
    const roles = [...new Set([...own, ...granted])].toSorted();
    return { roles, groups: person.groups, refusal: roles.length === 0 ? 'no_role' : undefined };
  }
  if (application === null) {
    const roles = [...new Set(person.roles.map(({ key }) => key))].toSorted();
    return { roles, groups: person.groups, refusal: person.denied ? 'no_role' : undefined };
  }
  if (above === undefined) return personInApplication(configuration, application, person);
  return customersPersonIn({ roles: above.roles, settings: above.tenant.settings }, application, person);
}

/** At the tenant above counts what is given for all applications alone. */
function isHere(entry: { readonly application: string | null }, { application, above }: Asked): boolean {
  if (application === null || entry.application === null) return true;
  return above === undefined && entry.application === application.clientId;
}

type Asked = Pick<Reading, 'application' | 'above'>;

/** ` in Grafana`, ` in Acme`, or nothing. */
const placeOf = ({ application, customer }: Pick<Reading, 'application' | 'customer'>): string =>
  inApplication(customer?.name ?? application?.name ?? null);

function reasonOf(reading: Reading, role: string): RoleReason {
  const { facts, counting } = reading;
  const mapped = facts.mappings
    .filter((mapping) => mapping.role === role && isHere(mapping, reading))
    .flatMap((mapping) =>
      counting
        .filter((membership) => means(mapping.group, membership))
        .map(({ id, name, source, ...since }) => ({
          kind: 'mapping' as const,
          group: { id, name, source, ...originOf(facts, since) },
          mapping: explained(facts, mapping),
        })),
    );
  const assigned = facts.assignments
    .filter((assignment) => assignment.key === role && isHere(assignment, reading))
    .map((assignment) => ({
      kind: 'assignment' as const,
      source: assignment.source,
      application: assignment.application,
      ...originOf(facts, assignment),
    }));
  const granted = grantsOf(reading, role).flatMap((grant) =>
    counting
      .filter((membership) => means(grant.group, membership))
      .map(({ id, name, source, ...since }) => ({
        kind: 'grant' as const,
        group: { id, name, source, ...originOf(facts, since) },
        grant,
      })),
  );
  const given = [...mapped, ...assigned, ...granted];
  // By the evaluation they have it, and neither a group nor an assignment gives it.
  const causes = given.length > 0 ? given : [{ kind: 'default' as const }];
  const chains: readonly Chain[] = causes.map((cause, index) => ({ number: index + 1, ...cause }));
  return { role, chains, sentence: reasonWords(reading, role, chains) };
}

/** Grants that give the role in the customer's tenant, if one is asked about. */
const grantsOf = ({ customer, configuration }: Reading, role: string): TenantConfiguration['grants'] =>
  customer === undefined
    ? []
    : grantsIn(configuration, customer.slug).filter(({ roles }) => roles.includes(role));

function reasonWords(reading: Reading, role: string, chains: readonly Chain[]): string {
  const { who, application, kind, customer, configuration } = reading;
  const what = `${who} has ${role}${placeOf(reading)}`;
  const here = ` in ${named(configuration.tenant.name)}, which counts for its customers`;
  const why = (chain: Chain): string =>
    because(chain, role, kind, application === null) +
    (customer === undefined || chain.kind === 'grant' ? '' : here);
  const [only, ...others] = chains;
  if (only === undefined) return `${what}.`;
  if (others.length === 0) return `${what} because ${why(only)}.`;
  const causes = chains.map((chain) => `(${chain.number}) ${why(chain)}`);
  return `${what} for ${chains.length} reasons, and removing one is not enough: ${causes.join('; ')}.`;
}

function whyNotOf(reading: Reading, role: string): WhyNot {
  const { facts, application, above, counting, groupSource, who, configuration } = reading;
  const where = placeOf(reading);
  const what = `${who} does not have ${role}${where}`;
  if (above !== undefined && above.roles.every(({ key }) => key !== role))
    return { role, rules: [], sentence: `${what}: ${named(above.tenant.name)} defines no such role.` };
  const clientId = application?.clientId ?? null;
  const asked = { counting, groupSource, application: above === undefined ? clientId : ABOVE };
  const rules: readonly UnmetRule[] = facts.mappings
    .filter((mapping) => mapping.role === role)
    .map((mapping) => {
      const missing = missingLink(mapping, facts, asked);
      const rule = explained(facts, mapping);
      return { mapping: rule, missing, sentence: `${ruleWords(rule)}, but ${missingWords(missing)}.` };
    });
  const isDefault = (above ?? configuration).tenant.settings.defaultRole === role;
  const asDefault = isDefault ? ' It is the default role, for those alone whom nothing else gives one.' : '';
  if (application !== null && role.startsWith('console:'))
    return { role, rules: [], sentence: `${what}: no application is ever told of a role of the console.` };
  const unmet = [
    ...rules.map((rule) => rule.sentence.replace(/\.$/, '')),
    ...grantsOf(reading, role).map(({ group }) => {
      const isNamesake = 'name' in group && counting.some(({ name }) => name === group.name);
      const why = isNamesake
        ? 'but it means another group than the new one of that name, which they are in'
        : 'but they are not in that group';
      return `the grant to ${named(describeGroup(group))} gives it there, ${why}`;
    }),
  ];
  if (unmet.length > 0) return { role, rules, sentence: `${what}: ${unmet.join('; ')}.${asDefault}` };
  return { role, rules, sentence: `${what}: no mapping gives it${where}.${asDefault}${oneToOne(reading)}` };
}

/** No application has this clientId: a mapping for one of the customer's own counts nowhere above. */
const ABOVE = '';

/** In that mode a group of theirs that gives a role already can't be mapped to another one there. */
function oneToOne(reading: Reading): string {
  const { configuration, facts, counting } = reading;
  if (configuration.tenant.settings.roleMappingMode !== 'one-to-one') return '';
  const taken = facts.mappings.filter(
    (mapping) => isHere(mapping, reading) && counting.some((group) => means(mapping.group, group)),
  );
  if (taken.length === 0) return '';
  const groups = taken.map(({ group, role }) => `${named(describeGroup(group))} gives ${role}`);
  return ` Of their groups, ${listed(groups)}: in one-to-one mode a group gives one role.`;
}

function accessOf(reading: Reading): RoleExplanation['access'] {
  const { facts, configuration, application, above, customer, refusal, who } = reading;
  const closed = above?.tenant.status === 'suspended' ? 'tenant_suspended' : undefined;
  const reason: NoAccess | null = entryRefusal(facts, configuration) ?? closed ?? refusal ?? null;
  const what = customer === undefined ? application?.name : `the console of ${customer.name}`;
  const sentence = accessWords(who, what ?? null, reason);
  return { allowed: reason === null, reason, sentence };
}

function entryRefusal(facts: RoleFacts, { tenant }: TenantConfiguration): NoAccess | undefined {
  if (tenant.status === 'suspended') return 'tenant_suspended';
  if (!facts.active) return 'inactive';
  if (facts.mayEnter) return undefined;
  return facts.outdated ? 'connection_changed' : 'connection_closed';
}

function claimsOf({ application, roles, groups }: Reading): RoleExplanation['claims'] {
  if (application === null) return null;
  const { claims } = application.settings;
  const told = groupsFor(claims, groups);
  return {
    roles: { name: claims.roles === false ? null : claims.roles, value: claims.roles === false ? [] : roles },
    groups: { name: told === undefined ? null : 'groups', value: told ?? [] },
  };
}

function sentenceOf(reading: Reading, roles: readonly RoleReason[], whyNot: readonly WhyNot[]): string {
  const { who, application, customer, configuration } = reading;
  const [role, ...more] = roles;
  const [other] = whyNot;
  if (role === undefined) {
    if (other !== undefined && whyNot.length === 1) return other.sentence;
    const { defaultRole } = configuration.tenant.settings;
    const stead =
      application !== null || customer !== undefined || defaultRole === null
        ? ''
        : ` of their own, and so ${defaultRole} everywhere`;
    return `${who} has no role${placeOf(reading)}${stead}.`;
  }
  if (more.length === 0) return role.sentence;
  const keys = roles.map((each) => each.role);
  return `${who} has ${listed(keys)}${placeOf(reading)}: each has its reasons below.`;
}

function originOf({ historySince }: RoleFacts, { since, cause }: Since): Origin {
  return { since, orEarlier: cause === null && since <= historySince, cause: readCause(cause) };
}

const explained = (
  facts: RoleFacts,
  { id, group, role, application, ...since }: MappingFact,
): ExplainedMapping => ({
  id,
  group,
  role,
  application,
  ...originOf(facts, since),
});
