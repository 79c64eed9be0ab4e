import type { Json } from '../../core/json.js';
import type { AttributePath, Comparison, ResourceFilter } from '../../domain/provisioning/resource-query.js';
import { isObject } from '../resource/check-json.js';
import { instantOf } from '../schema/value-forms.js';

type Compare = Extract<ResourceFilter, { kind: 'compare' }>;

function at(value: Json | undefined, path: readonly string[]): Json | undefined {
  let found = value;
  for (const name of path) found = isObject(found) ? found[name] : undefined;
  return found;
}

/**
 * What the path leads to: once for each member of the list that it crosses; of no list or an empty one, once.
 */
function candidates(resource: Json, { path, listAt }: AttributePath): readonly (Json | undefined)[] {
  if (listAt === undefined) return [at(resource, path)];
  const list = at(resource, path.slice(0, listAt + 1));
  const rest = path.slice(listAt + 1);
  if (!Array.isArray(list) || list.length === 0) return [undefined];
  return list.map((member: Json) => at(member, rest));
}

function isPresent(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === '') return false;
  if (typeof value !== 'object') return true;
  return Object.values<Json>(value).some(isPresent);
}

type Ordered = string | number;

const ORDERED: Partial<Record<Comparison, (left: Ordered, right: Ordered) => boolean>> = {
  eq: (left, right) => left === right,
  gt: (left, right) => left > right,
  ge: (left, right) => left >= right,
  lt: (left, right) => left < right,
  le: (left, right) => left <= right,
};
const TEXTUAL: Partial<Record<Comparison, (left: string, right: string) => boolean>> = {
  ...ORDERED,
  co: (left, right) => left.includes(right),
  sw: (left, right) => left.startsWith(right),
  ew: (left, right) => left.endsWith(right),
};

function ordered(operator: Comparison, left: Ordered, right: Ordered): boolean {
  return ORDERED[operator]?.(left, right) ?? false;
}

function textCompared(operator: Comparison, left: string, right: string): boolean {
  return TEXTUAL[operator]?.(left, right) ?? false;
}

function equalOrOrdered({ attribute, operator, value: wanted }: Compare, value: Json | undefined): boolean {
  if (typeof value === 'boolean') return operator === 'eq' && value === wanted;
  if (typeof value === 'number') return typeof wanted === 'number' && ordered(operator, value, wanted);
  if (typeof value !== 'string' || typeof wanted !== 'string') return false;
  if (attribute.type === 'dateTime') return ordered(operator, instantOf(value), instantOf(wanted));
  if (attribute.caseExact) return textCompared(operator, value, wanted);
  return textCompared(operator, value.toLowerCase(), wanted.toLowerCase());
}

function compared(filter: Compare, resource: Json): boolean {
  const values = candidates(resource, filter.attribute);
  if (filter.value === null) return values.some(isPresent) === (filter.operator === 'ne');
  if (filter.operator !== 'ne') return values.some((value) => equalOrOrdered(filter, value));
  return values.some((value) => !equalOrOrdered({ ...filter, operator: 'eq' }, value));
}

/**
 * Whether a resource in its canonical form, or a member of a list, matches a filter: what every other way of
 * answering filters must agree with. Of a list, one member that matches is enough, for `ne` also; what is
 * missing is `ne` to everything. Times are compared by instant, text by code unit, in lower case unless it is
 * caseExact.
 */
export function matches(filter: ResourceFilter, resource: Json): boolean {
  if (filter.kind === 'not') return !matches(filter.part, resource);
  if (filter.kind === 'present') return candidates(resource, filter.attribute).some(isPresent);
  if (filter.kind === 'compare') return compared(filter, resource);
  if (filter.kind === 'element') {
    const list = at(resource, filter.attribute.path);
    return Array.isArray(list) && list.some((member: Json) => matches(filter.filter, member));
  }
  return filter.kind === 'and'
    ? filter.parts.every((part) => matches(part, resource))
    : filter.parts.some((part) => matches(part, resource));
}
