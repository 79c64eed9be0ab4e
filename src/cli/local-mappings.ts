import { DomainError } from '../core/errors.js';
import { isUuid } from '../core/ids.js';
import type { ConfiguredTenant } from '../domain/configuration/configuration-store.js';
import {
  applyMappings,
  applyStaged,
  discardMappings,
  stageMappings,
  undoMappings,
} from '../domain/role/apply-mappings.js';
import type { MappingChange as StoredChange } from '../domain/role/mapping-change.js';
import type { MappingWish } from '../domain/role/mapping-wish.js';
import { previewMappings, type AffectedPerson } from '../domain/role/preview-mappings.js';
import { MappingChangeBody } from '../management/contract/mapping-changes.js';
import { configurationDeps } from '../server/configuration.js';
import type { Storage } from '../server/open-storage.js';
import { mappingChangeDeps } from '../server/role-insight.js';
import { Database } from '../storage/database.js';
import type { CommandContext } from './command-context.js';
import type { Mapping, Wish } from './mapping-wish.js';
import { answerOf } from './remote/answers.js';
import { Preview, toldPreview, type MappingChange, type Mappings } from './remote/mappings.js';
import { told } from './told.js';

/** Mappings of a tenant of the deployment that this machine is configured for, by the same commands as the API's. */
export function mappingsHere(
  context: CommandContext,
  storage: Storage,
  { configuration }: ConfiguredTenant,
): Mappings {
  const database = new Database(storage.dataSource);
  const deps = mappingChangeDeps(database, configurationDeps(database, storage.keyRing, context.ids));
  const { id: tenantId, slug } = configuration.tenant;
  const asked = {
    slug,
    rules: { allowHttpLoopback: context.config.loopback },
    self: null,
    authority: 'host' as const,
    actor: context.operator,
  };
  return {
    list: () => Promise.resolve(configuration.roleMappings.map((mapping) => ({ ...mapping }))),
    async preview(wish) {
      const { faults, gaining, losing, ...preview } = await previewMappings(deps, {
        ...asked,
        wish: wishHere(wish),
      });
      const body = { ...preview, gaining: pageOf(gaining.people), losing: pageOf(losing.people) };
      return toldPreview(
        answerOf(Preview, told(body)),
        faults.map(({ message }) => message),
      );
    },
    apply: async (wish, seen) =>
      shown(await applyMappings(deps, { ...asked, ...seen, wish: wishHere(wish) })),
    stage: async (wish) => shown(await stageMappings(deps, { ...asked, wish: wishHere(wish) })),
    async changes(limit) {
      const found = await deps.mappingChanges.list(tenantId, undefined, limit + 1);
      return { items: found.slice(0, limit).map(shown), isMore: found.length > limit };
    },
    async find(id) {
      const change = isUuid(id) ? await deps.mappingChanges.find(tenantId, id) : undefined;
      if (change === undefined) throw unknown();
      return shown(change);
    },
    async applyStaged(id, seen) {
      if (!isUuid(id)) throw unknown();
      return shown(await applyStaged(deps, id, { ...asked, ...seen }));
    },
    async settle(id, how) {
      if (!isUuid(id)) throw unknown();
      return shown(await (how === 'undo' ? undoMappings : discardMappings)(deps, id, asked));
    },
  };
}

const unknown = (): DomainError => new DomainError('not_found', 'There is no such change of mappings.');

function wishHere({ roleMappings, add, remove, ...settings }: Wish): MappingWish {
  return {
    ...settings,
    ...(roleMappings === undefined ? {} : { roleMappings: roleMappings.map(whole) }),
    ...(add === undefined ? {} : { add: add.map(whole) }),
    ...(remove === undefined ? {} : { remove: remove.map(whole) }),
  };
}

const whole = ({ application = null, ...mapping }: Mapping) => ({ ...mapping, application });

const pageOf = (people: readonly AffectedPerson[]) => ({
  items: people.map(({ profile: _profile, ...person }) => person),
});

const shown = ({ pins: _pins, ...change }: StoredChange): MappingChange =>
  answerOf(MappingChangeBody, told(change));
