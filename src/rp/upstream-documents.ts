import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { messageOf } from '../core/errors.js';
import type { Json, JsonObject } from '../core/json.js';
import type { UpstreamDocument } from '../domain/connection/upstream-key-set.js';
import { CachedDocument } from './cached-document.js';
import type { Fetched } from './cached-document.js';
import type { Deadline } from './deadline.js';
import type { RelyingPartyDeps } from './deps.js';
import { getJson } from './get-json.js';
import { freshSeconds, readKeySet } from './key-set.js';
import type { UpstreamKey } from './key-set.js';
import { metadataUrl, readMetadata } from './metadata.js';
import type { UpstreamMetadata } from './metadata.js';
import { laneOf } from './party.js';
import type { UpstreamAddress } from './party.js';

type DocumentDeps = Pick<RelyingPartyDeps, 'outbound' | 'keySets' | 'clock' | 'log' | 'lane'>;

const METADATA_FRESH_SECONDS = 10 * 60;
/** After a fetch out of turn brought the key set, but not the key (A-28, F-11). */
const REFETCH_SECONDS = 60;
/** After a fetch out of turn failed: the contract wants sign-ins back within 30 s. */
const REFETCH_FAILED_SECONDS = 10;

/** How long another node, which holds the claim, is given to fetch and store. */
const OTHER_NODE_MS = 500;

/** A connection's metadata and key set: in memory, stored, fetched, in this order. One for each connection version. */
export class UpstreamDocuments {
  readonly #deps: DocumentDeps;
  readonly #metadata: CachedDocument<UpstreamMetadata>;
  readonly #keys: CachedDocument<readonly UpstreamKey[]>;
  readonly #upstream: UpstreamAddress;
  #loading: Promise<void> | undefined;
  #refetching: Promise<readonly UpstreamKey[] | undefined> | undefined;
  #refetchNotBeforeMs = 0;

  constructor(deps: DocumentDeps, { tenantId, connection }: UpstreamAddress) {
    this.#deps = deps;
    this.#upstream = { tenantId, connection };
    const stale = (what: string) => (error: unknown) =>
      deps.log.warn('upstream.served_stale', { ...this.#names(), what, error: messageOf(error) });
    this.#metadata = new CachedDocument(
      deps.clock,
      (deadline) => this.#fetchMetadata(deadline),
      stale('metadata'),
    );
    this.#keys = new CachedDocument(deps.clock, (deadline) => this.#fetchKeys(deadline), stale('keys'));
  }

  /** @throws UpstreamError when there is no metadata of the last day to fall back to */
  async metadata(deadline: Deadline): Promise<UpstreamMetadata> {
    if (this.#metadata.current === undefined) await this.#loadOnce();
    return this.#metadata.get(deadline);
  }

  /**
   * The key sets to try, each asked for only if the one before had not the key: the cached one, one that another node has
   * stored since, one fetched out of turn by this node or another (at most one in 60 s for all nodes).
   * @throws UpstreamError when the upstream can't be asked
   */
  async *keySets(deadline: Deadline): AsyncGenerator<readonly UpstreamKey[]> {
    if (this.#keys.current === undefined) await this.#loadOnce();
    yield await this.#keys.get(deadline);
    if (await this.#load()) yield await this.#keys.get(deadline);
    const refetched = await this.#refetchOutOfTurn(deadline);
    if (refetched !== undefined) yield refetched;
    else if (await this.#load()) yield await this.#keys.get(deadline);
  }

  #names(): { readonly tenant: string; readonly connection: string } {
    return { tenant: this.#upstream.tenantId, connection: this.#upstream.connection.id };
  }

  async #fetchMetadata(deadline: Deadline): Promise<Fetched<UpstreamMetadata>> {
    const { connection } = this.#upstream;
    const { json } = await this.#get(metadataUrl(connection.issuer), 'discovery', deadline);
    const metadata = this.#fetched(readMetadata(json, connection), METADATA_FRESH_SECONDS);
    await this.#save(metadata, this.#keys.current);
    return metadata;
  }

  async #fetchKeys(deadline: Deadline): Promise<Fetched<readonly UpstreamKey[]>> {
    const { jwks_uri } = await this.#metadata.get(deadline);
    const { json, headers } = await this.#get(jwks_uri, 'keys', deadline);
    const keys = this.#fetched(readKeySet(json), freshSeconds(headers));
    await this.#save(this.#metadata.current, keys);
    return keys;
  }

  #get(url: string, step: 'discovery' | 'keys', deadline: Deadline): ReturnType<typeof getJson> {
    const { outbound, clock, lane } = this.#deps;
    return getJson(url, { outbound, clock, lane: laneOf(this.#upstream, deadline, lane), step });
  }

  #fetched<T>(value: T, freshForSeconds: number): Fetched<T> {
    const fetchedAt = this.#deps.clock.now();
    return { value, fetchedAt, freshUntil: new Date(fetchedAt.getTime() + freshForSeconds * 1_000) };
  }

  #refetchOutOfTurn(deadline: Deadline): Promise<readonly UpstreamKey[] | undefined> {
    this.#refetching ??= this.#refetchIfAllowed(deadline).finally(() => {
      this.#refetching = undefined;
    });
    return this.#refetching;
  }

  async #refetchIfAllowed(deadline: Deadline): Promise<readonly UpstreamKey[] | undefined> {
    const { clock, keySets } = this.#deps;
    const { tenantId, connection } = this.#upstream;
    const nowMs = clock.now().getTime();
    if (nowMs < this.#refetchNotBeforeMs) return undefined;
    if (!(await keySets.claimRefetch(tenantId, connection.id, REFETCH_SECONDS))) {
      // Another node asked within the minute: perhaps just now, and what it gets is worth this person's half second.
      await delay(OTHER_NODE_MS);
      return undefined;
    }
    this.#refetchNotBeforeMs = nowMs + REFETCH_SECONDS * 1_000;
    try {
      return await this.#keys.refresh(deadline);
    } catch (error) {
      this.#refetchNotBeforeMs = nowMs + REFETCH_FAILED_SECONDS * 1_000;
      await keySets.releaseRefetch(tenantId, connection.id);
      throw error;
    }
  }

  /** What this or another node saved before: read once, by all who wait for it together. */
  async #loadOnce(): Promise<void> {
    this.#loading ??= this.#load().then(
      () => undefined,
      (error: unknown) => {
        this.#loading = undefined;
        throw error;
      },
    );
    await this.#loading;
  }

  /** Takes over what is stored; says whether it brought a newer key set. */
  async #load(): Promise<boolean> {
    const { tenantId, connection } = this.#upstream;
    const stored = await this.#deps.keySets.load(tenantId, connection.id);
    if (stored === undefined || stored.connectionVersion !== connection.version) return false;
    try {
      // Metadata first: the keys of a row belong to the issuer that its metadata names.
      this.#metadata.adopt(fromStored(stored.metadata, (body) => readMetadata(body, connection)));
      return stored.keys !== undefined && this.#keys.adopt(fromStored(stored.keys, readKeySet));
    } catch (error) {
      this.#deps.log.warn('upstream.stored_refused', { ...this.#names(), error: messageOf(error) });
      return false;
    }
  }

  /** Storing is for the next start and the other nodes: that it fails is no reason to refuse this person. */
  async #save(
    metadata: Fetched<UpstreamMetadata> | undefined,
    keys: Fetched<readonly UpstreamKey[]> | undefined,
  ): Promise<void> {
    if (metadata === undefined) return;
    const { tenantId, connection } = this.#upstream;
    try {
      await this.#deps.keySets.save(tenantId, connection.id, {
        connectionVersion: connection.version,
        metadata: toStored(metadata, metadata.value),
        keys: keys === undefined ? undefined : toStored(keys, { keys: keys.value }),
      });
    } catch (error) {
      this.#deps.log.warn('upstream.documents_not_saved', { ...this.#names(), error: messageOf(error) });
    }
  }
}

/** A stored document passes the same checks as a fetched one: the rules may have become stricter since. */
function fromStored<T>({ body, ...times }: UpstreamDocument, read: (body: Json) => T): Fetched<T> {
  return { ...times, value: read(body) };
}

function toStored({ fetchedAt, freshUntil }: Fetched<unknown>, body: JsonObject): UpstreamDocument {
  return { body, fetchedAt, freshUntil };
}

/** Connections that are kept in memory; those used longest ago are read from the store again. */
const CONNECTIONS_MAX = 2_000;

/** The documents of all connections of this node. */
export class DocumentLibrary {
  readonly #deps: DocumentDeps;
  readonly #byVersion = new LRUCache<string, UpstreamDocuments>({ max: CONNECTIONS_MAX });

  constructor(deps: DocumentDeps) {
    this.#deps = deps;
  }

  of(upstream: UpstreamAddress): UpstreamDocuments {
    const { tenantId, connection } = upstream;
    const key = JSON.stringify([
      tenantId,
      connection.id,
      connection.version,
      connection.type,
      connection.issuer,
    ]);
    let documents = this.#byVersion.get(key);
    if (documents === undefined) {
      documents = new UpstreamDocuments(this.#deps, upstream);
      this.#byVersion.set(key, documents);
    }
    return documents;
  }
}
