import type { Static } from 'typebox';
import { DomainError } from '../../core/errors.js';
import { isUuid } from '../../core/ids.js';
import type { Json } from '../../core/json.js';
import type { ConfigurationRules } from '../../domain/configuration/rules.js';
import {
  applyMappings,
  applyStaged,
  discardMappings,
  stageMappings,
  undoMappings,
  type MappingCaller,
  type MappingChangeDeps,
} from '../../domain/role/apply-mappings.js';
import type { MappingChange } from '../../domain/role/mapping-change.js';
import type { MappingWish } from '../../domain/role/mapping-wish.js';
import { previewedPeople, previewMappings, type AffectedPerson } from '../../domain/role/preview-mappings.js';
import type { PersonPlace } from '../../domain/role/standing-profile.js';
import type { TenantDirectory } from '../../http/tenant-directory.js';
import type { ApiCall } from '../api/call.js';
import { named, operation, type ApiAnswer, type Operation } from '../api/operation.js';
import { Problem } from '../api/problems.js';
import { listOf, listQuery, PAGE_DEFAULT } from '../contract/common.js';
import {
  AffectedPersonBody,
  ApplyMappingChange,
  MappingChangeBody,
  MappingPreviewBody,
  MappingWishBody,
  NewMappingChange,
  PreviewedPeopleQuery,
} from '../contract/mapping-changes.js';
import { answerPage } from './answer-page.js';
import { isKnownGroup, NO_GROUP, type FindGroup } from './configuration/known-groups.js';

export interface MappingChangeRouteDeps {
  readonly changes: MappingChangeDeps;
  readonly groups: FindGroup;
  readonly rules: ConfigurationRules;
  readonly directory: Pick<TenantDirectory, 'forget'>;
}

const CHANGES = '/tenants/{tenant}/role-mapping-changes';
const ANSWER = named('MappingChange', MappingChangeBody);

/** Previews and changes of mappings (D7). */
export function mappingChangeOperations(deps: MappingChangeRouteDeps): readonly Operation[] {
  return [...previewing(deps), ...reading(deps), ...changing(deps), ...settling(deps)];
}

function previewing({ changes, rules }: MappingChangeRouteDeps): readonly Operation[] {
  return [
    operation({
      id: 'previewRoleMappings',
      method: 'POST',
      path: '/tenants/{tenant}/role-mappings/preview',
      summary: 'Who would gain and who would lose what by a change of mappings (D7)',
      description:
        'Over all people who may come in. Writes nothing. `version` is what the change is made with.',
      permission: 'role-mappings.read',
      body: named('MappingWish', MappingWishBody),
      answer: named('MappingPreview', MappingPreviewBody),
      async handle(call, { body }) {
        const { gaining, losing, faults, ...preview } = await previewMappings(changes, {
          ...callerOf(call, rules),
          wish: wishOf(body),
        });
        const page = (who: 'gains' | 'loses', { people, next }: typeof gaining) => ({
          items: people.map(shownPerson),
          next: next === null ? null : call.cursors.write(questionOf(who, body), [next.name, next.id]),
        });
        return {
          body: {
            ...preview,
            faults: faults.map(({ mapping, path, message }) => ({
              mapping,
              member: path.split('.').at(-1)?.replace(/\[.*$/, '') ?? '',
              message,
            })),
            gaining: page('gains', gaining),
            losing: page('loses', losing),
          },
        };
      },
    }),
    operation({
      id: 'listPreviewedPeople',
      method: 'POST',
      path: '/tenants/{tenant}/role-mappings/preview/people',
      summary: 'More of the people of a preview, asked by the same body',
      permission: 'role-mappings.read',
      query: PreviewedPeopleQuery,
      body: named('MappingWish', MappingWishBody),
      answer: named('AffectedPeople', listOf(AffectedPersonBody)),
      async handle(call, { query, body }) {
        const { who, limit = PAGE_DEFAULT, cursor } = query;
        const { people, next } = await previewedPeople(changes, {
          ...callerOf(call, rules),
          wish: wishOf(body),
          who,
          after: placeOf(call.cursors.after(questionOf(who, body), cursor)),
          limit,
        });
        return {
          body: {
            items: people.map(shownPerson),
            next: next === null ? null : call.cursors.write(questionOf(who, body), [next.name, next.id]),
          },
        };
      },
    }),
  ];
}

function reading({ changes }: MappingChangeRouteDeps): readonly Operation[] {
  return [
    operation({
      id: 'listMappingChanges',
      method: 'GET',
      path: CHANGES,
      summary: 'Changes of mappings, the latest first',
      permission: 'role-mappings.read',
      query: listQuery({}),
      list: true,
      answer: named('MappingChangePage', listOf(MappingChangeBody)),
      handle: (call, { query }) =>
        answerPage(
          call,
          'mapping-changes',
          query,
          async ({ limit, after }) => {
            const found = await changes.mappingChanges.list(call.tenant.id, after?.[0], limit + 1);
            const items = found.slice(0, limit);
            const last = items.at(-1);
            return { items, next: found.length > limit && last !== undefined ? [last.id] : undefined };
          },
          shown,
        ),
    }),
    operation({
      id: 'getMappingChange',
      method: 'GET',
      path: `${CHANGES}/{id}`,
      summary: 'One change of mappings',
      permission: 'role-mappings.read',
      answer: ANSWER,
      async handle(call, { path }) {
        const change = await changes.mappingChanges.find(call.tenant.id, idOf(path));
        if (change === undefined) throw new DomainError('not_found', 'There is no such change of mappings.');
        return answerOf(change);
      },
    }),
  ];
}

function changing({ changes, groups, rules, directory }: MappingChangeRouteDeps): readonly Operation[] {
  return [
    operation({
      id: 'createMappingChange',
      method: 'POST',
      path: CHANGES,
      summary: 'Makes a change of mappings as it was previewed, or stages it for another admin',
      description:
        'With `stage` nothing else is written. Else `version` must be the preview’s: if it would do something else to anybody by now, the answer is a 409 that says so. Where many lose something, `confirm` is their number.',
      permission: 'role-mappings.manage',
      body: named('NewMappingChange', NewMappingChange),
      status: 201,
      answer: ANSWER,
      async handle(call, { body }) {
        const { stage = false, version, confirm, ...wish } = body;
        const request = { ...callerOf(call, rules), wish: wishOf(wish) };
        if (!stage && version === undefined)
          throw new Problem('invalid_body', 'A change is made as it was previewed, or staged.', {
            errors: [{ pointer: '/version', message: 'must be the preview’s, unless stage is true' }],
          });
        await requireGroups(call, groups, wish);
        const change =
          version === undefined || stage
            ? await stageMappings(changes, request)
            : await applyMappings(changes, { ...request, version, confirm });
        directory.forget(call.tenant.slug);
        return {
          ...answerOf(change),
          location: `/tenants/${call.tenant.slug}/role-mapping-changes/${change.id}`,
        };
      },
    }),
  ];
}

function settling({ changes, rules, directory }: MappingChangeRouteDeps): readonly Operation[] {
  const settle = (
    verb: 'undo' | 'discard',
    summary: string,
    command: typeof undoMappings | typeof discardMappings,
  ) =>
    operation({
      id: `${verb}MappingChange`,
      method: 'POST',
      path: `${CHANGES}/{id}/${verb}`,
      summary,
      permission: 'role-mappings.manage',
      answer: ANSWER,
      async handle(call, { path }) {
        const change = await command(changes, idOf(path), callerOf(call, rules));
        directory.forget(call.tenant.slug);
        return answerOf(change);
      },
    });
  return [
    operation({
      id: 'applyMappingChange',
      method: 'POST',
      path: `${CHANGES}/{id}/apply`,
      summary: 'Applies a staged change to what is in force now',
      permission: 'role-mappings.manage',
      body: named('ApplyMappingChange', ApplyMappingChange),
      answer: ANSWER,
      async handle(call, { path, body }) {
        const { version, confirm } = body;
        const request = { ...callerOf(call, rules), version, confirm };
        const change = await applyStaged(changes, idOf(path), request);
        directory.forget(call.tenant.slug);
        return answerOf(change);
      },
    }),
    settle('undo', 'Takes a change back, within a day; what else was changed since stays', undoMappings),
    settle('discard', 'Gives a staged change up', discardMappings),
  ];
}

function callerOf(call: ApiCall, rules: ConfigurationRules): MappingCaller {
  const { caller, tenant, origin, roles } = call;
  return {
    slug: tenant.slug,
    rules,
    self: caller.home.id === tenant.id ? caller.userId : null,
    authority: roles,
    actor: caller.actor,
    origin,
  };
}

type Wish = Static<typeof MappingWishBody>;

/** What is added means groups of the tenant. @throws Problem `invalid_body` */
async function requireGroups(call: ApiCall, groups: FindGroup, { add = [] }: Wish): Promise<void> {
  for (const [index, { group }] of add.entries()) {
    // oxlint-disable-next-line no-await-in-loop -- a change adds few
    if (!('scim' in group) || (await isKnownGroup(call, groups, group.scim))) continue;
    throw new Problem('invalid_body', `add: ${group.scim} ${NO_GROUP}.`, {
      errors: [{ pointer: `/add/${index}/group/scim`, message: NO_GROUP }],
    });
  }
}

function wishOf({ roleMappings, add, remove, ...settings }: Wish): MappingWish {
  return {
    ...settings,
    ...(roleMappings === undefined ? {} : { roleMappings: roleMappings.map(mappingOf) }),
    ...(add === undefined ? {} : { add: add.map(mappingOf) }),
    ...(remove === undefined ? {} : { remove: remove.map(mappingOf) }),
  };
}

const mappingOf = ({ application = null, ...mapping }: NonNullable<Wish['add']>[number]) => ({
  ...mapping,
  application,
});

/** A cursor is good for the same wish alone. */
const questionOf = (who: string, wish: Wish): Json => ['mapping-preview', who, JSON.stringify(wish)];

function placeOf(key: readonly string[] | undefined): PersonPlace | undefined {
  const [name, id] = key ?? [];
  return name === undefined || id === undefined ? undefined : { name, id };
}

function shownPerson(affected: AffectedPerson) {
  const { profile: _, ...person } = affected;
  return person;
}

function idOf(path: Readonly<Record<string, unknown>>): string {
  const id = String(path['id']);
  if (!isUuid(id)) throw new DomainError('not_found', 'There is no such change of mappings.');
  return id;
}

function shown(kept: MappingChange) {
  const { pins: _, ...change } = kept;
  return change;
}

const answerOf = (change: MappingChange): ApiAnswer => ({
  body: shown(change),
  version: [change.id, change.state],
});
