import { Type, type Static } from 'typebox';
import { RoleMappingEntry } from '../../management/contract/apply-file.js';
import {
  AffectedPersonBody,
  MappingChangeBody,
  MappingPreviewBody,
} from '../../management/contract/mapping-changes.js';
import type { Mapping, Wish } from '../mapping-wish.js';
import { pathOf, type RemoteApi } from './api.js';

const People = Type.Object({ items: Type.Array(AffectedPersonBody) });
const Counted = Type.Pick(MappingPreviewBody, [
  'gains',
  'loses',
  'unchanged',
  'loseAccess',
  'version',
  'change',
  'needsConfirmation',
  'blocked',
]);
/** What the command tells of a preview: of people, as many as are told at once. */
export const Preview = Type.Object({ ...Counted.properties, gaining: People, losing: People });
export type Preview = Static<typeof Preview> & { readonly faults: readonly string[] };
export type MappingChange = Static<typeof MappingChangeBody>;

/** Of all that a preview has, what the command tells. */
export function toldPreview(preview: Static<typeof Preview>, faults: readonly string[]): Preview {
  const { gains, loses, unchanged, loseAccess, version, change, needsConfirmation, blocked } = preview;
  return {
    gains,
    loses,
    unchanged,
    loseAccess,
    version,
    change,
    needsConfirmation,
    blocked,
    faults,
    gaining: { items: preview.gaining.items },
    losing: { items: preview.losing.items },
  };
}

/** What was seen of a change before it is made. */
export interface Seen {
  /** Of the preview. */
  readonly version: string;
  /** How many lose something, where they are many. */
  readonly confirm?: number;
}

/** Mappings of one tenant, here or elsewhere. */
export interface Mappings {
  list(): Promise<readonly Mapping[]>;
  preview(wish: Wish): Promise<Preview>;
  apply(wish: Wish, seen: Seen): Promise<MappingChange>;
  stage(wish: Wish): Promise<MappingChange>;
  changes(limit: number): Promise<{ readonly items: readonly MappingChange[]; readonly isMore: boolean }>;
  find(id: string): Promise<MappingChange>;
  applyStaged(id: string, seen: Seen): Promise<MappingChange>;
  settle(id: string, how: 'undo' | 'discard'): Promise<MappingChange>;
}

const MAPPINGS_MAX = 10_000;
const Faults = Type.Object({ faults: Type.Array(Type.Object({ message: Type.String() })) });
const PreviewAnswer = Type.Object({ ...Preview.properties, ...Faults.properties });

/** Mappings of a tenant of a deployment elsewhere. */
export function mappingsThere(api: RemoteApi, tenant: string): Mappings {
  const mappings = pathOf('tenants', tenant, 'role-mappings');
  const changes = pathOf('tenants', tenant, 'role-mapping-changes');
  const change = (path: string, body: object): Promise<MappingChange> =>
    api.post(MappingChangeBody, path, { body });
  return {
    list: async () => (await api.list(RoleMappingEntry, mappings, { limit: MAPPINGS_MAX })).items,
    async preview(wish) {
      const { faults, ...preview } = await api.post(PreviewAnswer, `${mappings}/preview`, { body: wish });
      return toldPreview(
        preview,
        faults.map(({ message }) => message),
      );
    },
    apply: (wish, seen) => change(changes, { ...wish, ...seen }),
    stage: (wish) => change(changes, { ...wish, stage: true }),
    changes: (limit) => api.list(MappingChangeBody, changes, { limit }),
    find: (id) => api.get(MappingChangeBody, `${changes}${pathOf(id)}`),
    applyStaged: (id, seen) => change(`${changes}${pathOf(id)}/apply`, seen),
    settle: (id, how) => api.post(MappingChangeBody, `${changes}${pathOf(id)}/${how}`, {}),
  };
}
