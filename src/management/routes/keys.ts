import type { ListPage, PageRequest } from '../../core/page.js';
import { KEY_SCHEDULE, currentSeconds, type KeyFacts } from '../../domain/keys/key-schedule.js';
import {
  beginRotation,
  replaceKeys,
  retireKeys,
  type KeyOutcome,
  type RotateKeysDeps,
} from '../../domain/keys/rotate-keys.js';
import type { TenantDirectory } from '../../http/tenant-directory.js';
import type { ApiCall } from '../api/call.js';
import { named, operation, type ApiAnswer, type Operation } from '../api/operation.js';
import { listOf, PAGE_DEFAULT } from '../contract/common.js';
import { KeyOutcomes, KeyQuery, KeyResource, RotateKeys } from '../contract/keys.js';
import { connectionNamed } from './answer-page.js';

export interface KeyDeps extends RotateKeysDeps {
  readonly directory: Pick<TenantDirectory, 'forget'>;
}

/** Signing keys, their states, and their rotation (B16). */
export function keyOperations(deps: KeyDeps): readonly Operation[] {
  return [
    operation({
      id: 'listKeys',
      method: 'GET',
      path: '/tenants/{tenant}/keys',
      summary: 'Lists signing keys: the issuer’s first, each algorithm in the order in which they were made',
      permission: 'keys.read',
      query: KeyQuery,
      list: true,
      answer: named('KeyPage', listOf(KeyResource)),
      async handle(call, { query }) {
        const { limit = PAGE_DEFAULT, cursor, retired = false } = query;
        const question = ['keys', retired];
        const after = call.cursors.after(question, cursor);
        const { keys } = await deps.signingKeys.read(call.tenant.id);
        const page = pageOf(
          keys.filter(({ state }) => retired || state !== 'retired'),
          { limit, after },
        );
        return { body: call.cursors.page(question, page, (key) => shown(call, key)) };
      },
    }),
    operation({
      id: 'rotateKeys',
      method: 'POST',
      path: '/tenants/{tenant}/keys/rotate',
      summary: 'Begins a rotation now; in an emergency the old keys are gone at once',
      permission: 'keys.manage',
      body: named('RotateKeys', RotateKeys),
      answer: named('KeyOutcomes', KeyOutcomes),
      async handle(call, { body }) {
        const { alg, connection, emergency = false } = body;
        if (emergency) call.require('keys.emergency');
        const selection = { alg, connectionId: connectionNamed(call, connection) ?? null };
        const { actor } = call.caller;
        const outcomes = emergency
          ? await replaceKeys(deps, call.tenant, { selection, actor })
          : await beginRotation(deps, call.tenant, { selection, schedule: KEY_SCHEDULE, actor });
        return answerOf(deps, call, outcomes);
      },
    }),
    operation({
      id: 'retireKey',
      method: 'POST',
      path: '/tenants/{tenant}/keys/{id}/retire',
      summary: 'Takes a key that signs no more out of the key set now: what it has signed is refused',
      permission: 'keys.emergency',
      answer: named('KeyOutcomes', KeyOutcomes),
      async handle(call, { path }) {
        const selection = { alg: undefined, connectionId: null };
        const { actor } = call.caller;
        const outcomes = await retireKeys(deps, call.tenant, { selection, id: String(path['id']), actor });
        return answerOf(deps, call, outcomes);
      },
    }),
  ];
}

function answerOf({ directory }: KeyDeps, call: ApiCall, outcomes: readonly KeyOutcome[]): ApiAnswer {
  directory.forget(call.tenant.slug);
  const keys = outcomes.map(({ id, alg, connectionId, did }) => ({
    id,
    alg,
    connection: connectionKey(call, connectionId),
    did,
  }));
  return { body: { keys } };
}

/** A tenant has few keys: they are read whole, and paged here. */
function pageOf(keys: readonly KeyFacts[], { limit, after }: PageRequest): ListPage<KeyFacts> {
  const [end = ''] = after ?? [];
  const rest = keys
    .filter((key) => orderOf(key) > end)
    .toSorted((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1));
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  return { items, next: last === undefined || rest.length <= limit ? undefined : [orderOf(last)] };
}

const orderOf = ({ connectionId, alg, createdAt, id }: KeyFacts): string =>
  `${connectionId ?? ''} ${alg} ${createdAt.toISOString()} ${id}`;

const connectionKey = (call: ApiCall, id: string | null): string | null =>
  call.tenant.configuration.connections.find((one) => one.id === id)?.key ?? null;

function shown(call: ApiCall, { id, alg, connectionId, state, createdAt, stateChangedAt, dueAt }: KeyFacts) {
  const next = new Date(stateChangedAt.getTime() + currentSeconds(KEY_SCHEDULE) * 1000);
  return {
    id,
    alg,
    connection: connectionKey(call, connectionId),
    state,
    createdAt,
    stateChangedAt,
    dueAt: state === 'current' ? next : dueAt,
  };
}
