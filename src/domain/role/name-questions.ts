import { DomainError } from '../../core/errors.js';
import { plainText } from '../../core/text.js';
import { auditEntry, NO_ORIGIN } from '../audit/audit-event.js';
import { recordOf } from '../audit/audit-record.js';
import type { ConfiguredTenant } from '../configuration/configuration-store.js';
import { reviewEverybody } from '../configuration/settle-roles.js';
import type { CustomerGrant, TenantConfiguration } from '../configuration/tenant-configuration.js';
import type { UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import { mayGrantConsoleRoles } from '../operator/console-role.js';
import { inForce, requireOwner, requireSeen, type MappingCaller } from './apply-mappings.js';
import { applicationsAbove } from './effect-above.js';
import { MappingEffects } from './mapping-effect.js';
import type { NameQuestion, NameQuestionStore } from './name-question.js';
import { addProfiles, mattering, type PreviewDeps } from './preview-mappings.js';
import { PreviewTally, type TallyResult } from './preview-tally.js';
import { inApplication, listed, named } from './role-words.js';
import type { GroupOfPerson, RoleMapping } from './role.js';

export interface NameQuestionDeps extends PreviewDeps {
  readonly questions: NameQuestionStore;
}

/** A question with what yes would do. */
export interface JudgedQuestion extends NameQuestion {
  /** `A new group is called Engineering. Does it get admin?` */
  readonly sentence: string;
  /** Those by the name. */
  readonly mappings: readonly RoleMapping[];
  /** Those by the name: what the group may do in customers' tenants. */
  readonly grants: readonly CustomerGrant[];
  readonly effect: TallyResult;
}

/** Whose word it would be. */
export interface NameQuestionReader {
  readonly slug: string;
  /** The person who asks, if they are of the tenant. */
  readonly self: UserId | null;
}

export interface NameAnswer extends Omit<MappingCaller, 'rules'> {
  readonly groupId: string;
  /** Whether the new group gets what mappings by its name give. */
  readonly give: boolean;
  /** Of the question as the caller has seen it; needed to give. */
  readonly version?: string | undefined;
  /** How many lose something, where they are many. */
  readonly confirm?: number | undefined;
}

/**
 * Questions that nobody has answered yet, each with whom a yes would give and take what: everybody is read once, however
 * many questions there are.
 * @throws DomainError `not_found` when there is no such tenant
 */
export async function waitingQuestions(
  deps: NameQuestionDeps,
  { slug, self }: NameQuestionReader,
  page: { readonly after: string | undefined; readonly limit: number },
): Promise<{ readonly items: readonly JudgedQuestion[]; readonly next: string | undefined }> {
  const { configuration } = await found(deps, slug);
  return deps.transactions.withTenant(configuration.tenant.id, async (scope) => {
    const questions = await deps.questions.waiting(scope, page.after, page.limit + 1);
    const shown = questions.slice(0, page.limit);
    const items = await judge(deps, scope, configuration, { questions: shown, self });
    return { items, next: questions.length > page.limit ? shown.at(-1)?.groupId : undefined };
  });
}

/** One question, be it answered with no. @throws DomainError `not_found` */
export async function nameQuestion(
  deps: NameQuestionDeps,
  { slug, self }: NameQuestionReader,
  groupId: string,
): Promise<JudgedQuestion> {
  const { configuration } = await found(deps, slug);
  return deps.transactions.withTenant(configuration.tenant.id, async (scope) => {
    const question = await deps.questions.find(scope, groupId);
    return judgeOne(deps, scope, configuration, { question, self });
  });
}

/**
 * Answers whether a new group gets what mappings and grants by its name give. Yes is a change of mappings like any other: as it was
 * seen, under the tenant's lock, audited, and whoever loses by it is judged anew. No is remembered about this group, and
 * can be followed by yes.
 * @throws DomainError `not_found` when there is no such question any more; `forbidden` when the name gives a role of the
 *   console, or anything in customers' tenants, and the caller is no owner (A-112); `conflict` when it would do something else by now, when so many lose
 *   something that it must be confirmed, or when nobody would be an owner any more; `invalid_argument` for a yes without
 *   a version
 */
export async function answerNameQuestion(
  deps: NameQuestionDeps,
  answer: NameAnswer,
): Promise<JudgedQuestion> {
  return deps.store.change(answer.slug, async (unit) => {
    const current = inForce(unit);
    const { scope } = unit;
    const { configuration } = current;
    const question = await deps.questions.lock(scope, answer.groupId);
    if (answer.give) await deps.owners.lockOwners(scope);
    const judged = await judgeOne(deps, scope, configuration, { question, self: answer.self });
    requireOwner(answer.authority, { add: judged.mappings, remove: [] });
    if (judged.grants.length > 0) requireGranter(answer.authority);
    if (answer.give) {
      if (answer.version === undefined)
        throw new DomainError('invalid_argument', 'who says yes says to what: the version of the question');
      if (judged.effect.blocked === 'last_owner')
        throw new DomainError('conflict', 'nobody would be an owner any more: make another one first');
      requireSeen(judged.effect, { version: answer.version, confirm: answer.confirm });
      await deps.questions.bind(scope, judged);
      const auditTools = auditToolsOf(deps, current);
      if (judged.effect.loses > 0) await reviewEverybody(deps, unit, { auditTools, actor: answer.actor });
    } else await deps.questions.decline(scope, judged);
    audit(deps, scope, current, { judged, answer });
    return { ...judged, declined: !answer.give };
  });
}

async function found({ store }: NameQuestionDeps, slug: string): Promise<ConfiguredTenant> {
  const current = await store.find(slug);
  if (current === undefined) throw new DomainError('not_found', `there is no tenant '${slug}'`);
  return current;
}

async function judgeOne(
  deps: NameQuestionDeps,
  scope: TenantScope,
  configuration: TenantConfiguration,
  { question, self }: { readonly question: NameQuestion | undefined; readonly self: UserId | null },
): Promise<JudgedQuestion> {
  const questions = question === undefined ? [] : [question];
  const [judged] = await judge(deps, scope, configuration, { questions, self });
  if (judged === undefined) throw new DomainError('not_found', 'nothing is asked about such a group');
  return judged;
}

async function judge(
  deps: NameQuestionDeps,
  scope: TenantScope,
  configuration: TenantConfiguration,
  { questions, self }: { readonly questions: readonly NameQuestion[]; readonly self: UserId | null },
): Promise<readonly JudgedQuestion[]> {
  if (questions.length === 0) return [];
  const above = await applicationsAbove(deps.reviews, scope, configuration);
  const { references, names } = mattering(configuration, configuration, above);
  const groups = { references: [...references, ...configuration.grants.map(({ group }) => group)], names };
  const { profiles } = await deps.standings.read(scope, groups, self);
  const judged: JudgedQuestion[] = [];
  for (const question of questions) {
    const effects = new MappingEffects(configuration, configuration, rebound(question), above);
    const tally = new PreviewTally(effects);
    // oxlint-disable-next-line no-await-in-loop -- a computation that lets others have their turn
    await addProfiles(tally, profiles);
    const { name, groupId, meant } = question;
    const isMeant = ({ group }: RoleMapping | CustomerGrant) => 'name' in group && group.name === name;
    const mappings = configuration.roleMappings.filter(isMeant);
    const grants = configuration.grants.filter(isMeant);
    const effect = tally.result({ name, from: meant.id, to: groupId });
    judged.push({ ...question, mappings, grants, effect, sentence: sentenceOf(name, mappings, grants) });
  }
  return judged;
}

/** A group as mappings see it once they mean the new one by the name. */
function rebound({ name, groupId, meant }: NameQuestion): <G extends GroupOfPerson>(group: G) => G {
  return (group) => {
    const { mappedAs } = group;
    // A group that a token named goes by its own name always.
    if (mappedAs === undefined) return group;
    if (group.id === groupId) return { ...group, mappedAs: [...mappedAs, name] };
    if (group.id === meant.id) return { ...group, mappedAs: mappedAs.filter((other) => other !== name) };
    return group;
  };
}

function sentenceOf(
  name: string,
  mappings: readonly RoleMapping[],
  grants: readonly CustomerGrant[],
): string {
  const roles = mappings.map(({ role, application }) => `${role}${inApplication(application)}`);
  const granted = grants.flatMap(({ roles: given, customers }) => {
    const where = customers === 'all' ? 'all customers' : listed(customers.toSorted());
    return given.map((role) => `${role} in ${where}`);
  });
  return `A new group is called ${named(name)}. Does it get ${listed([...new Set([...roles, ...granted])].toSorted())}?`;
}

/** Whoever lets a grant mean another group grants it anew. @throws DomainError `forbidden` */
function requireGranter(authority: NameAnswer['authority']): void {
  if (authority !== 'host' && !mayGrantConsoleRoles(authority))
    throw new DomainError('forbidden', "only an owner says who gets a grant in customers' tenants");
}

const auditToolsOf = (deps: NameQuestionDeps, { configuration, wrappedDataKey }: ConfiguredTenant) => ({
  ids: deps.ids,
  clock: deps.clock,
  vault: deps.keys.openVault(configuration.tenant.id, wrappedDataKey),
});

function audit(
  deps: NameQuestionDeps,
  scope: TenantScope,
  current: ConfiguredTenant,
  { judged, answer }: { readonly judged: JudgedQuestion; readonly answer: NameAnswer },
): void {
  const { name, connection, groupId, meant, effect } = judged;
  const { gains, loses, loseAccess } = effect;
  const entry = auditEntry({
    action: answer.give ? 'mapping_name.bound' : 'mapping_name.declined',
    actor: answer.actor,
    origin: answer.origin ?? NO_ORIGIN,
    target: `group:${groupId}`,
    connection,
    details: {
      name: plainText(name, 200),
      before: meant.id,
      ...(answer.give ? { gains, loses, loseAccess } : {}),
    },
  });
  deps.audit.append(scope, [recordOf(current.configuration.tenant.id, entry, auditToolsOf(deps, current))]);
}
