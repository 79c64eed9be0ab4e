import type { Client, Provider } from 'oidc-provider';
import { epochSeconds } from '../core/clock.js';
import { messageOf } from '../core/errors.js';
import type { OpDeps } from './deps.js';

/** After this long, keys are fetched anew before one of them counts: what a client withdrew is good no longer. */
const CURRENT_SECONDS = 300;
/** While they can't be fetched, those that are known go on for so long. */
const KEPT_SECONDS = 3_600;
/** Keys that aren't known make a set be fetched again, but not more often than this, whoever presents them. */
const GAP_SECONDS = 5;

/** The library's set of a client's keys, as far as it is leaned on here. */
export interface ClientKeyStore {
  lock?: Promise<void>;
  selectForVerify(options: object): readonly unknown[];
  refresh(): Promise<void>;
}

/**
 * Keeps the key sets at `jwks_uri` current. The library fetches a set again only for a key that it doesn't know,
 * and trusts the answer's cache headers without end: a rotated key could be refused for long, and a withdrawn one never
 * would be.
 */
export function keepClientKeys(provider: Provider, { log, clock }: Pick<OpDeps, 'log' | 'clock'>): void {
  const find = provider.Client.find.bind(provider.Client);
  const kept = new WeakSet<Client>();
  Object.defineProperty(provider.Client, 'find', {
    value: async (id: string): Promise<Client | undefined> => {
      const client = await find(id);
      if (client === undefined || client.jwksUri === undefined || kept.has(client)) return client;
      kept.add(client);
      const onFailure = (error: unknown): void =>
        log.warn('op.client_keys', { clientId: client.clientId, reason: messageOf(error) });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the library's types leave it out
      const { asymmetricKeyStore } = client as unknown as { asymmetricKeyStore: ClientKeyStore };
      keepCurrent(asymmetricKeyStore, () => epochSeconds(clock), onFailure);
      return client;
    },
  });
}

/** Makes one set fetch itself again when it is due. `now`: seconds; `onFailure` hears what a fetch failed by. */
export function keepCurrent(
  store: ClientKeyStore,
  now: () => number,
  onFailure: (error: unknown) => void,
): void {
  const select = store.selectForVerify.bind(store);
  const refresh = store.refresh.bind(store);
  let triedAt = -Infinity;
  let fetchedAt = -Infinity;
  const isUsable = (): boolean => now() - fetchedAt < KEPT_SECONDS;
  // Whether another fetch is withheld; who comes while one is under way waits for it.
  const fresh = (): boolean => store.lock === undefined && now() - triedAt < GAP_SECONDS;
  Object.defineProperties(store, {
    fresh: { value: fresh },
    stale: { value: () => !fresh() },
    selectForVerify: {
      value: (options: object) => {
        const isDue = now() - fetchedAt >= CURRENT_SECONDS && !fresh();
        return isDue || !isUsable() ? [] : select(options);
      },
    },
    refresh: {
      value: async () => {
        if (fresh()) return;
        const fetching = refresh();
        triedAt = now();
        try {
          await fetching;
          fetchedAt = now();
        } catch (error) {
          onFailure(error);
          if (!isUsable()) throw error;
        }
      },
    },
  });
}
