import type { Json, JsonObject } from '../../core/json.js';
import type { ResourceFilter } from '../../domain/provisioning/resource-query.js';
import { ScimError } from '../errors.js';
import { parsePatchPath } from '../filter/patch-path.js';
import { isObject, MAX_MEMBERS } from '../resource/check-json.js';
import { memberId, memberIds } from '../resource/member-ids.js';
import { readValue } from '../resource/read-value.js';
import { MEMBERS } from '../schema/group.js';
import type { ResourceSchema } from '../schema/resource-schema.js';
import type { GroupPatch, MemberChange, PatchOperation } from './operation.js';
import { immutable } from './target.js';

/**
 * The ids that a filter picks members by (`value eq "…"`, or several of them with `or`); undefined: it asks
 * for more.
 */
function idsIn(filter: ResourceFilter): readonly string[] | undefined {
  if (filter.kind === 'or') {
    const parts = filter.parts.map(idsIn);
    return parts.some((ids) => ids === undefined) ? undefined : parts.flatMap((ids) => ids ?? []);
  }
  if (filter.kind !== 'compare' || filter.operator !== 'eq' || typeof filter.value !== 'string')
    return undefined;
  return filter.attribute.path.join('.') === 'value' ? [memberId(filter.value)] : undefined;
}

/** Takes the operations on members out of a PATCH. */
class GroupPlan {
  readonly attributes: PatchOperation[] = [];
  readonly members: MemberChange[] = [];
  #named = 0;
  #tail: { readonly kind: 'add' | 'remove'; readonly ids: string[] } | undefined;

  constructor(readonly schema: ResourceSchema) {}

  plan(operation: PatchOperation): void {
    const { op, path, value } = operation;
    if (path === undefined || path.toLowerCase() === this.schema.core.id.toLowerCase()) {
      if (op !== 'remove' && isObject(value)) this.#planObject(op, value);
      else this.attributes.push(operation);
      return;
    }
    const { chain, filter, sub } = parsePatchPath(path, this.schema);
    if (chain[0] !== MEMBERS) this.attributes.push(operation);
    else if (chain.length > 1 || sub !== undefined || (filter !== undefined && op !== 'remove')) {
      throw immutable('A member of a group', 'can’t be changed: remove it, and add another');
    } else if (filter === undefined) this.#change(op, value);
    else this.#removeWhere(filter);
  }

  /** A value without a path: its members go their way, the rest stays an operation. */
  #planObject(op: 'add' | 'replace', value: JsonObject): void {
    const rest: (readonly [string, Json])[] = [];
    for (const [name, member] of Object.entries<Json>(value)) {
      const isCore = name.toLowerCase() === this.schema.core.id.toLowerCase();
      const bracket = name.indexOf('[');
      const found = this.schema.find(bracket === -1 ? name : name.slice(0, bracket));
      if (isCore && isObject(member)) this.#planObject(op, member);
      else if (found?.chain[0] === MEMBERS) this.plan({ op, path: name, value: member });
      else rest.push([name, member]);
    }
    if (rest.length > 0) this.attributes.push({ op, path: undefined, value: Object.fromEntries(rest) });
  }

  #change(op: PatchOperation['op'], value: Json | undefined): void {
    if (op === 'remove' && (value === undefined || value === null)) {
      this.#push({ kind: 'clear' });
      return;
    }
    const ids = this.#idsOf(value ?? null);
    if (op === 'replace') this.#push(ids.length === 0 ? { kind: 'clear' } : { kind: 'replace', ids });
    else this.#join(op, ids);
  }

  #removeWhere(filter: ResourceFilter): void {
    const ids = idsIn(filter);
    if (ids === undefined) this.#push({ kind: 'removeWhere', filter });
    else this.#join('remove', ids);
  }

  #idsOf(value: Json): readonly string[] {
    const ids = memberIds(readValue({ schema: this.schema, ignored: [] }, MEMBERS, value, 'members'));
    this.#named += ids.length;
    if (this.#named > MAX_MEMBERS) {
      throw new ScimError(413, `A PATCH may name ${MAX_MEMBERS} members: send the rest in further requests.`);
    }
    return ids;
  }

  #push(change: MemberChange): void {
    this.#tail = undefined;
    this.members.push(change);
  }

  /** Okta sends an operation for each member removed: those in a row are one change. */
  #join(kind: 'add' | 'remove', ids: readonly string[]): void {
    if (ids.length === 0) return;
    if (this.#tail?.kind !== kind) {
      const change = { kind, ids: [] };
      this.#push(change);
      this.#tail = change;
    }
    for (const id of ids) this.#tail.ids.push(id);
  }
}

/**
 * A PATCH of a group as changes of rows of members, in order, and operations on the rest, which `applyPatch`
 * takes. Throws ScimError 400 invalidPath, invalidFilter, invalidValue (members of another type than User),
 * mutability (a part of a member), and 413 for more than 100,000 members.
 */
export function planGroupPatch(operations: readonly PatchOperation[], schema: ResourceSchema): GroupPatch {
  const plan = new GroupPlan(schema);
  for (const operation of operations) plan.plan(operation);
  return { attributes: plan.attributes, members: plan.members };
}
