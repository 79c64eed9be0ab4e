import type { Group, User } from './people.js';

/** How an app (or a custom authorization server) fills its groups claim. */
export type GroupsClaim =
  | {
      readonly name: string;
      readonly type: 'FILTER';
      readonly match: 'STARTS_WITH' | 'EQUALS' | 'CONTAINS' | 'REGEX';
      readonly value: string;
    }
  /** Okta Expression Language, as far as groups claims use it; what can't be read can't be evaluated. */
  | { readonly name: string; readonly type: 'EXPRESSION'; readonly expression: string };

type ClaimValue = string | readonly string[] | readonly Readonly<Record<string, string>>[];

/** The claim could not be computed: Okta refuses to issue tokens then. */
export class ClaimEvaluationError extends Error {
  override readonly name = 'ClaimEvaluationError';
}

/** Above this, `Groups.*` can't be evaluated and a claim has "too many groups". */
export const GROUPS_MAX = 100;

type Match = 'STARTS_WITH' | 'EQUALS' | 'CONTAINS' | 'REGEX' | 'ENDS_WITH';

const MATCHERS: Readonly<Record<Match, (value: string) => (name: string) => boolean>> = {
  STARTS_WITH: (value) => (name) => name.startsWith(value),
  ENDS_WITH: (value) => (name) => name.endsWith(value),
  EQUALS: (value) => (name) => name === value,
  CONTAINS: (value) => (name) => name.includes(value),
  REGEX: (value) => {
    const pattern = new RegExp(`^(?:${value})$`);
    return (name) => pattern.test(name);
  },
};

const GROUPS_FUNCTION = /^Groups\.(startsWith|endsWith|contains)\("([^"]*)",\s*"([^"]*)",\s*(\d+)\)$/;
const FILTERED_GROUPS = /^getFilteredGroups\(\{([^}]*)\},\s*"group\.name",\s*(\d+)\)$/;
const GET_GROUPS = /^user\.getGroups\((.*)\)\.!\[(name|id|\{name,\s*id\}|\{id,\s*name\})\]$/;
const TYPE_FILTER = /'group\.type':\s*\{([^}]*)\}/;
const ID_FILTER = /'group\.id':\s*\{([^}]*)\}/;
const USER_ATTRIBUTE = /^user\.(\w+)$/;
const QUOTED = /["']([^"']*)["']/g;

function quoted(list: string): string[] {
  return [...list.matchAll(QUOTED)].map((match) => match[1] ?? '');
}

function limited(groups: readonly Group[], limit: string): string[] {
  if (Number(limit) < 1 || Number(limit) > GROUPS_MAX) throw new ClaimEvaluationError(`limit ${limit}`);
  return groups.slice(0, Number(limit)).map(({ name }) => name);
}

function groupsFunction(match: RegExpExecArray, groups: readonly Group[]): string[] {
  const [, name = '', source = '', text = '', limit = ''] = match;
  const kind = name === 'startsWith' ? 'STARTS_WITH' : name === 'endsWith' ? 'ENDS_WITH' : 'CONTAINS';
  const matches = MATCHERS[kind](text);
  return limited(
    groups.filter((group) => group.source === source && matches(group.name)),
    limit,
  );
}

function getGroups(match: RegExpExecArray, groups: readonly Group[]): ClaimValue {
  const [, filter = '', projection = ''] = match;
  const types = TYPE_FILTER.exec(filter)?.[1];
  const ids = ID_FILTER.exec(filter)?.[1];
  const found = groups.filter(
    ({ type, id }) =>
      (types === undefined || quoted(types).includes(type)) &&
      (ids === undefined || quoted(ids).includes(id)),
  );
  if (projection === 'name') return found.map(({ name }) => name);
  if (projection === 'id') return found.map(({ id }) => id);
  return found.map(({ name, id }) => ({ name, id }));
}

function evaluateExpression(
  expression: string,
  user: User,
  groups: readonly Group[],
): ClaimValue | undefined {
  const text = expression.trim();
  const byFunction = GROUPS_FUNCTION.exec(text);
  if (byFunction !== null) return groupsFunction(byFunction, groups);
  const filtered = FILTERED_GROUPS.exec(text);
  if (filtered !== null) {
    const ids = quoted(filtered[1] ?? '');
    return limited(
      groups.filter(({ id }) => ids.includes(id)),
      filtered[2] ?? '',
    );
  }
  const got = GET_GROUPS.exec(text);
  if (got !== null) return getGroups(got, groups);
  const attribute = USER_ATTRIBUTE.exec(text)?.[1];
  if (attribute !== undefined) return user.profile[attribute];
  throw new ClaimEvaluationError(`can't evaluate ${text}`);
}

/**
 * The value of a groups claim for a person: names, objects `{name, id}`, or one string; `undefined` or empty
 * when nothing matches.
 * @throws ClaimEvaluationError when an expression can't be evaluated
 */
export function evaluateGroupsClaim(
  claim: GroupsClaim,
  user: User,
  groups: readonly Group[],
): ClaimValue | undefined {
  if (claim.type === 'EXPRESSION') return evaluateExpression(claim.expression, user, groups);
  const matches = MATCHERS[claim.match](claim.value);
  return groups.filter(({ source, name }) => source === 'OKTA' && matches(name)).map(({ name }) => name);
}
