import { DomainError } from '../../../core/errors.js';
import type { Json, JsonObject } from '../../../core/json.js';
import type { TenantScope } from '../../../core/scope.js';
import type { ApplyDeps } from '../../../domain/configuration/apply-deps.js';
import { changeTenant, FaultyConfiguration } from '../../../domain/configuration/change-tenant.js';
import type { ConfiguredTenant } from '../../../domain/configuration/configuration-store.js';
import type { ConfigurationRules } from '../../../domain/configuration/rules.js';
import type { SecretStateStore } from '../../../domain/configuration/secret-states.js';
import type { ConnectionLifecycleStore } from '../../../domain/connection/lifecycle/lifecycle.js';
import type { TenantDirectory } from '../../../http/tenant-directory.js';
import type { ApiCall } from '../../api/call.js';
import { named, operation, type ApiAnswer, type Operation } from '../../api/operation.js';
import { Problem } from '../../api/problems.js';
import { requireAsRead } from '../../api/read-only.js';
import { ConfirmQuery, listOf, listQuery, PAGE_DEFAULT } from '../../contract/common.js';
import {
  wantedList,
  type DesiredEntry,
  type DivertedChange,
  type EntryKind,
  type ShownEntry,
  type ShownTenant,
} from './entry-kind.js';

export interface ConfigurationDeps {
  readonly apply: ApplyDeps;
  readonly secrets: SecretStateStore;
  readonly rules: ConfigurationRules;
  /** Without a slash at the end. */
  readonly publicUrl: string;
  readonly directory: Pick<TenantDirectory, 'forget'>;
  readonly lifecycles: ConnectionLifecycleStore;
}

/** The six operations of one kind of entry: all of them are changes of the tenant's configuration, as a file's are. */
export function entryOperations(kind: EntryKind, deps: ConfigurationDeps): readonly Operation[] {
  const base = `/tenants/{tenant}/${kind.address}`;
  const one = `${base}/{${kind.parameter}}`;
  const entries = new Entries(kind, deps);
  const { schemas, noun, words, readOnly } = kind;
  const aWord = /^[aeiou]/i.test(words) ? `an ${words}` : `a ${words}`;
  const answer = named(noun, schemas.resource);
  const idOf = (path: Readonly<Record<string, unknown>>): string => String(path[kind.parameter]);
  return [
    operation({
      id: `list${plural(noun)}`,
      method: 'GET',
      path: base,
      summary: `Lists ${plural(words)}`,
      permission: kind.read,
      query: listQuery({}),
      list: true,
      answer: named(`${noun}Page`, listOf(schemas.resource)),
      handle: async (call, { query }) => entries.list(call, query),
    }),
    operation({
      id: `create${noun}`,
      method: 'POST',
      path: base,
      summary: `Makes ${aWord}`,
      permission: kind.manage,
      body: named(`New${noun}`, schemas.create),
      readOnly,
      status: 201,
      answer,
      handle: async (call, { body }) => entries.create(call, asEntry(body)),
    }),
    operation({
      id: `get${noun}`,
      method: 'GET',
      path: one,
      summary: `One ${words}`,
      permission: kind.read,
      answer,
      handle: async (call, { path }) => entries.get(call, idOf(path)),
    }),
    ...(['PUT', 'PATCH'] as const).map((method) =>
      operation({
        id: `${method === 'PUT' ? 'replace' : 'update'}${noun}`,
        method,
        path: one,
        summary:
          method === 'PUT'
            ? `Replaces ${aWord}: what is absent returns to its default; secrets stay`
            : `Changes members of ${aWord}: what is absent stays (RFC 7396)`,
        permission: kind.manage,
        body: method === 'PUT' ? named(`${noun}Put`, schemas.replace) : named(`${noun}Patch`, schemas.change),
        readOnly,
        answer,
        async handle(call, { path, body, readOnly: given = {} }) {
          const id = idOf(path);
          if (Object.keys(given).length > 0) await entries.requireAsRead(call, id, given);
          return entries.change(call, id, asEntry(body), method === 'PUT');
        },
      }),
    ),
    operation({
      id: `delete${noun}`,
      method: 'DELETE',
      path: one,
      summary: `Deletes ${aWord}, with what depends on it`,
      permission: kind.manage,
      ...(kind.isConfirmed === true ? { query: ConfirmQuery } : {}),
      status: 204,
      handle: async (call, { path, query }) => entries.delete(call, idOf(path), confirmIn(query)),
    }),
  ];
}

class Entries {
  constructor(
    private readonly kind: EntryKind,
    private readonly deps: ConfigurationDeps,
  ) {}

  async list(
    call: ApiCall,
    query: { readonly limit?: number; readonly cursor?: string },
  ): Promise<ApiAnswer> {
    const shown = await this.#shown(call);
    const limit = query.limit ?? PAGE_DEFAULT;
    const question: Json = [this.kind.address];
    const [after] = call.cursors.after(question, query.cursor) ?? [];
    const rest = after === undefined ? shown : shown.filter(({ id }) => id > after);
    const items = rest.slice(0, limit);
    const last = items.at(-1);
    const next = rest.length > limit && last !== undefined ? [last.id] : undefined;
    return { body: call.cursors.page(question, { items, next }, ({ body }) => body) };
  }

  async get(call: ApiCall, id: string): Promise<ApiAnswer> {
    const entry = found(await this.#shown(call), id, this.kind);
    return { body: entry.body, version: entry.version };
  }

  /** Those members never change, so that no lock is needed. @throws Problem `invalid_body` */
  async requireAsRead(call: ApiCall, id: string, given: JsonObject): Promise<void> {
    requireAsRead(given, found(await this.#shown(call), id, this.kind).body, this.kind.moving);
  }

  async create(call: ApiCall, body: DesiredEntry): Promise<ApiAnswer> {
    const { kind } = this;
    const wanted = kind.create(body);
    const known = kind.idOf(wanted);
    const before = new Set<string>();
    const changed = await this.#change(call, (current) => {
      const kept = kind.keep(current);
      for (const { id } of kept) before.add(id);
      const isThere =
        known === undefined
          ? kept.some(({ entry }) => kind.nameOf?.(entry) === kind.nameOf?.(wanted))
          : kept.some(({ id }) => id === known);
      if (isThere)
        throw new DomainError(
          'already_exists',
          `There is such a ${kind.words} already: ${known ?? 'it says the same'}.`,
        );
      return { entries: [...kept.map(({ entry }) => entry), wanted], at: kept.length };
    });
    const shown = await this.#shown(call, changed.tenant);
    const made = shown.find(({ id }) => !before.has(id));
    if (made === undefined)
      throw new DomainError('conflict', `The ${kind.words} was made, and has just been deleted.`);
    const told = this.kind.told?.(changed.applied, made.id) ?? {};
    return {
      status: 201,
      body: { ...made.body, ...told },
      version: made.version,
      location: `/tenants/${call.tenant.slug}/${this.kind.address}/${encodeURIComponent(made.id)}`,
    };
  }

  async change(call: ApiCall, id: string, sent: DesiredEntry, replace: boolean): Promise<ApiAnswer> {
    const confirm = this.kind.isConfirmed === true ? confirmIn(sent) : undefined;
    const reason = this.kind.isConfirmed === true ? reasonIn(sent) : undefined;
    const { confirm: _, reason: _why, ...confirmed } = sent;
    const body = this.kind.isConfirmed === true ? confirmed : sent;
    const facts = await this.#facts(call);
    const asked = this.kind.idOf(body);
    if (asked !== undefined && asked !== id && this.kind.parameter !== 'id')
      throw new Problem('invalid_body', `What the ${this.kind.words} is known by can't change: '${id}'.`, {
        errors: [{ pointer: `/${this.kind.parameter}`, message: `must be '${id}', or absent` }],
      });
    const expect = this.#expectation(call, id);
    if ((await this.kind.instead?.(call, { id, body, replace, expect })) === true) {
      this.deps.directory.forget(call.tenant.slug);
      return this.get(call, id);
    }
    const ids = new Map<string, string>();
    const changed = await this.#change(
      call,
      (current) => {
        const entry = found(this.kind.show({ tenant: current, ...facts }), id, this.kind);
        call.expect(entry.version);
        const kept = this.kind.keep(current);
        const at = kept.findIndex((each) => each.id === entry.id);
        const wanted = this.kind.change(entry, body, replace);
        // An entry that is known by what it says keeps its id when it says something else.
        const name = this.kind.nameOf?.(wanted);
        ids.clear();
        if (name !== undefined) ids.set(name, entry.id);
        return {
          entries:
            at === -1
              ? [...kept.map((each) => each.entry), wanted]
              : kept.map((each, index) => (index === at ? wanted : each.entry)),
          at: at === -1 ? kept.length : at,
        };
      },
      { idsOfNew: ids, confirm, reason, expect },
    );
    const shown = await this.#shown(call, changed.tenant);
    const entry = shown.find((each) => each.id === id);
    if (entry === undefined)
      throw new DomainError('not_found', `The ${this.kind.words} has just been deleted.`);
    const told = this.kind.told?.(changed.applied, entry.id) ?? {};
    return { body: { ...entry.body, ...told }, version: entry.version };
  }

  async delete(call: ApiCall, id: string, confirm: string | undefined): Promise<ApiAnswer> {
    const facts = await this.#facts(call);
    const wanted = (current: ConfiguredTenant) => {
      const entry = found(this.kind.show({ tenant: current, ...facts }), id, this.kind);
      call.expect(entry.version);
      const kept = this.kind.keep(current);
      return {
        entries: kept.filter((each) => each.id !== entry.id).map((each) => each.entry),
        at: kept.length,
        deleted: entry.id,
      };
    };
    await this.#change(call, wanted, { confirm, expect: this.#expectation(call, id) });
    return { status: 204 };
  }

  async #shown(call: ApiCall, tenant?: ConfiguredTenant): Promise<readonly ShownEntry[]> {
    const known = tenant ?? (await this.deps.apply.store.find(call.tenant.slug));
    if (known === undefined) throw new DomainError('not_found', `There is no tenant '${call.tenant.slug}'.`);
    return this.kind.show({ tenant: known, ...(await this.#facts(call)) });
  }

  /** What is shown of entries beside their configuration; as it is in the transaction, where there is one. */
  async #facts(call: ApiCall, scope?: TenantScope): Promise<Omit<ShownTenant, 'tenant'>> {
    const { secrets, lifecycles, publicUrl } = this.deps;
    const { id } = call.tenant;
    const states = scope === undefined ? await secrets.read(id) : await secrets.readHere(scope);
    if (this.kind.list !== 'connections') return { secrets: states, lifecycles: new Map(), publicUrl };
    const known = scope === undefined ? await lifecycles.read(id) : await lifecycles.readHere(scope);
    return { secrets: states, lifecycles: known, publicUrl };
  }

  /** Secrets and candidates are no part of what a plan compares: under the lock they are looked at again. */
  #expectation(call: ApiCall, id: string): DivertedChange['expect'] {
    return async (current, scope) => {
      const shown = this.kind.show({ tenant: current, ...(await this.#facts(call, scope)) });
      const entry = found(shown, id, this.kind);
      call.expect(entry.version);
      return entry;
    };
  }

  /** Faults are told at members of the entry, not of the list that it stands in. */
  async #change(
    call: ApiCall,
    wanted: (current: ConfiguredTenant) => {
      readonly entries: readonly DesiredEntry[];
      readonly at: number;
      readonly deleted?: string;
    },
    asked: {
      readonly idsOfNew?: ReadonlyMap<string, string>;
      readonly confirm?: string | undefined;
      readonly reason?: string | undefined;
      readonly expect?: DivertedChange['expect'];
    } = {},
  ) {
    const { kind, deps } = this;
    let at = 0;
    try {
      return await changeTenant(deps.apply, call.tenant.slug, {
        rules: deps.rules,
        actor: call.caller.actor,
        authority: call.authority,
        origin: call.origin,
        reason: asked.reason,
        ...(asked.idsOfNew === undefined ? {} : { idsOfNew: asked.idsOfNew }),
        wanted(current) {
          if (current === undefined)
            throw new DomainError('not_found', `There is no tenant '${call.tenant.slug}'.`);
          const list = wanted(current);
          at = list.at;
          return {
            ...wantedList(call.tenant.slug, kind.list, list.entries),
            ...(list.deleted === undefined || kind.list !== 'applications'
              ? {}
              : { withoutRegistered: [list.deleted] }),
          };
        },
        async judge(plan, current, { scope }) {
          if (current === undefined) return;
          await asked.expect?.(current, scope);
          await kind.judge?.(call, plan, current, { scope, confirm: asked.confirm, reason: asked.reason });
        },
      });
    } catch (error) {
      if (!(error instanceof FaultyConfiguration)) throw error;
      const prefix = `${kind.list}[${at}]`;
      throw new FaultyConfiguration(
        error.faults.map(({ path, message }) => ({
          path: pathInEntry(path, prefix, kind),
          message,
        })),
      );
    } finally {
      deps.directory.forget(call.tenant.slug);
    }
  }
}

function found(shown: readonly ShownEntry[], id: string, { words }: EntryKind): ShownEntry {
  const entry = shown.find((each) => each.id === id);
  if (entry === undefined) throw new DomainError('not_found', `There is no ${words} '${id}'.`);
  return entry;
}

/** What is wrong with a domain as a whole is wrong with its name: in a file it may be that alone. */
function pathInEntry(path: string, prefix: string, { list }: EntryKind): string {
  if (path === prefix) return list === 'domains' ? 'name' : '';
  return path.startsWith(`${prefix}.`) ? path.slice(prefix.length + 1) : path;
}

/** Bodies are objects: their schemas say so. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- validated by the operation's schema
const asEntry = (body: unknown): DesiredEntry => body as DesiredEntry;

/** What a request confirms: its schema says that it is a text. */
const confirmIn = ({ confirm }: Readonly<Record<string, unknown>>): string | undefined =>
  typeof confirm === 'string' ? confirm : undefined;

const reasonIn = ({ reason }: Readonly<Record<string, unknown>>): string | undefined =>
  typeof reason === 'string' ? reason : undefined;

function plural(noun: string): string {
  if (noun.endsWith('y')) return `${noun.slice(0, -1)}ies`;
  return `${noun}s`;
}
