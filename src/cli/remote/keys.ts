import { Type, type Static } from 'typebox';
import { KeyOutcomes, KeyResource } from '../../management/contract/keys.js';
import { CliError, EXIT } from '../exit-codes.js';
import { pathOf, type RemoteApi } from './api.js';
import { remoteTenant } from './chosen.js';

type Key = Static<typeof KeyResource>;
type Outcome = Static<typeof KeyOutcomes>['keys'][number];

/** Which keys of a tenant. */
export interface WhichKeys {
  readonly tenant?: string;
  readonly alg?: Key['alg'] | undefined;
  /** Key of a connection. */
  readonly connection?: string | undefined;
}

const KeyList = Type.Object({ items: Type.Array(KeyResource) });
const APPLICATIONS_MAX = 100_000;
const Signed = Type.Object({ clientId: Type.String(), idTokenAlg: Type.String() });

const keysOf = async (api: RemoteApi, tenant: string, retired: boolean): Promise<readonly Key[]> =>
  (await api.get(KeyList, pathOf('tenants', tenant, 'keys'), { query: { retired } })).items;

/** A tenant's signing keys, with the applications whose ID Tokens they sign. */
export async function remoteKeys(api: RemoteApi, which: WhichKeys & { readonly retired: boolean }) {
  const tenant = await remoteTenant(api, which.tenant);
  const { alg, connection, retired } = which;
  const keys = await keysOf(api, tenant, retired);
  const chosen = keys
    .filter((key) => alg === undefined || key.alg === alg)
    .filter((key) => connection === undefined || key.connection === connection);
  if (chosen.every((key) => key.connection !== null))
    return chosen.map((key) => ({ ...key, applications: [] }));
  const path = pathOf('tenants', tenant, 'applications');
  const { items } = await api.list(Signed, path, { limit: APPLICATIONS_MAX });
  return chosen.map((key) => ({
    ...key,
    applications:
      key.connection === null
        ? items.filter(({ idTokenAlg }) => idTokenAlg === key.alg).map(({ clientId }) => clientId)
        : [],
  }));
}

/** Begins a rotation, or in an emergency replaces keys at once. @returns what became of each, and when it signs */
export async function rotateRemotely(api: RemoteApi, which: WhichKeys & { readonly emergency: boolean }) {
  const tenant = await remoteTenant(api, which.tenant);
  const { alg, connection, emergency } = which;
  const path = pathOf('tenants', tenant, 'keys', 'rotate');
  const { keys } = await api.post(KeyOutcomes, path, { body: { alg, connection, emergency } });
  const after = new Map((await keysOf(api, tenant, false)).map((key) => [key.id, key.dueAt]));
  return keys.map((outcome) => ({ tenant, ...outcome, signsAt: after.get(outcome.id) ?? null }));
}

/** Takes a key that signs no more out of the key set, or all of them that are chosen. */
export async function retireRemotely(api: RemoteApi, id: string | undefined, which: WhichKeys) {
  const tenant = await remoteTenant(api, which.tenant);
  const { alg, connection = null } = which;
  const ids =
    id === undefined
      ? (await keysOf(api, tenant, false))
          .filter((key) => key.state === 'retiring' && key.connection === connection)
          .filter((key) => alg === undefined || key.alg === alg)
          .map((key) => key.id)
      : [id];
  if (ids.length === 0) throw new CliError(EXIT.usage, ['no such key is retiring']);
  const outcomes: Outcome[] = [];
  for (const each of ids) {
    // oxlint-disable-next-line no-await-in-loop -- each is a change of its own
    const { keys } = await api.post(KeyOutcomes, pathOf('tenants', tenant, 'keys', each, 'retire'), {});
    outcomes.push(...keys);
  }
  return outcomes.map((outcome) => ({ tenant, ...outcome, signsAt: null }));
}
