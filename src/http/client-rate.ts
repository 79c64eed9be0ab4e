import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.js';
import type { ClientName, ClientUse, ClientUseStore, PeerUse } from '../domain/provisioning/client-use.js';
import { TooManyRequests, type Rate } from './rate-limit.js';

export interface ClientRateDeps {
  readonly uses: ClientUseStore;
  readonly clock: Clock;
  /** This node, and no other: a UUID. */
  readonly node: string;
}

/** What this node knows of one client. */
interface Quota extends ClientName {
  /** What is left for all nodes together; negative: more was used than there was. */
  left: number;
  atMs: number;
  /** Which part of the refill is this node's: 1 while it is alone. */
  share: number;
  /** What the others' part of the refill has come to since they were last heard. */
  withheld: number;
  taken: number;
  /** Requests since what this node uses was last told. */
  asked: number;
  askedAtMs: number;
  /** What each other node has taken, as it last told. */
  peers: ReadonlyMap<string, number>;
}

const REMEMBERED_MAX = 10_000;
/** For how long a client's use is told after its last request. */
const TOLD_MS = 3_000;

/**
 * A bucket for each client that all nodes share (E9, F-20). A request asks only what its node knows. Beside requests nodes
 * tell each other what each lets through and is asked for: what others let through is taken from the bucket, and the refill
 * is divided by demand, so that it neither stands still nor comes twice. While nodes can't tell each other they go on with
 * what they know; what was too much then is paid back, up to one burst.
 */
export class ClientRate {
  readonly #quotas = new LRUCache<string, Quota>({ max: REMEMBERED_MAX });
  /** Names of clients that had requests lately. */
  readonly #lively = new Set<string>();
  #toldAtMs: number;

  constructor(
    private readonly rate: Rate,
    private readonly deps: ClientRateDeps,
  ) {
    this.#toldAtMs = this.#nowMs();
  }

  /** Takes one. @throws TooManyRequests when nothing is left */
  take(who: ClientName): void {
    const nowMs = this.#nowMs();
    const name = nameOf(who);
    const quota = this.#quotas.get(name) ?? this.#opened(who, nowMs);
    this.#quotas.set(name, quota);
    this.#lively.add(name);
    this.#refill(quota, nowMs);
    quota.asked += 1;
    quota.askedAtMs = nowMs;
    if (quota.left < 1) {
      const perSecond = this.rate.perSecond * quota.share;
      throw new TooManyRequests(Math.max(1, Math.ceil((1 - quota.left) / perSecond)));
    }
    quota.left -= 1;
    quota.taken += 1;
  }

  /** Tells the other nodes, and learns from them: one trip for all clients, none while no client has requests. */
  async exchange(): Promise<void> {
    const nowMs = this.#nowMs();
    const seconds = Math.max(0.001, (nowMs - this.#toldAtMs) / 1_000);
    const quotas = this.#toTell(nowMs);
    if (quotas.length === 0) {
      this.#toldAtMs = nowMs;
      return;
    }
    const told = new Map(quotas.map((quota) => [quota, quota.asked]));
    const peers = await this.deps.uses.exchange(
      this.deps.node,
      quotas.map((quota) => useOf(quota, seconds)),
    );
    this.#toldAtMs = nowMs;
    const byClient = new Map<string, PeerUse[]>();
    for (const peer of peers) {
      const others = byClient.get(nameOf(peer));
      if (others === undefined) byClient.set(nameOf(peer), [peer]);
      else others.push(peer);
    }
    for (const [quota, asked] of told) {
      quota.asked -= asked;
      this.#learn(quota, byClient.get(nameOf(quota)) ?? []);
    }
  }

  /** Who had requests lately; of the others, what this node knew of its peers is out of date. */
  #toTell(nowMs: number): readonly Quota[] {
    const quotas: Quota[] = [];
    for (const name of this.#lively) {
      const quota = this.#quotas.peek(name);
      if (quota !== undefined && nowMs - quota.askedAtMs <= TOLD_MS) {
        this.#refill(quota, nowMs);
        quotas.push(quota);
        continue;
      }
      this.#lively.delete(name);
      if (quota === undefined) continue;
      this.#refill(quota, nowMs);
      quota.peers = new Map();
      quota.share = 1;
    }
    return quotas;
  }

  #learn(quota: Quota, peers: readonly PeerUse[]): void {
    this.#refill(quota, this.#nowMs());
    // The others had their part of the refill, and what they made of it is deducted.
    let left = quota.left + quota.withheld;
    const views: number[] = [];
    for (const peer of peers) {
      const before = quota.peers.get(peer.node);
      if (before === undefined) continue;
      left -= Math.max(0, peer.taken - before);
      views.push(peer.left);
    }
    // What nodes think is left drifts apart, because they don't speak at the same moment: they meet half-way.
    left += (meanOf([left, ...views]) - left) / 2;
    // Whoever is met for the first time knows what was used before.
    for (const peer of peers) if (!quota.peers.has(peer.node)) left = Math.min(left, peer.left);
    const { burst } = this.rate;
    quota.left = Math.max(-burst, Math.min(burst, left));
    quota.withheld = 0;
    quota.peers = new Map(peers.map(({ node, taken }) => [node, taken]));
    quota.share = shareOf(
      this.rate.perSecond,
      peers.map(({ asked }) => asked),
    );
  }

  #refill(quota: Quota, nowMs: number): void {
    const refill = (Math.max(0, nowMs - quota.atMs) / 1_000) * this.rate.perSecond;
    quota.atMs = nowMs;
    quota.left = Math.min(this.rate.burst, quota.left + refill * quota.share);
    quota.withheld += refill * (1 - quota.share);
  }

  #opened({ tenantId, client }: ClientName, nowMs: number): Quota {
    return {
      tenantId,
      client,
      left: this.rate.burst,
      atMs: nowMs,
      share: 1,
      withheld: 0,
      taken: 0,
      asked: 0,
      askedAtMs: nowMs,
      peers: new Map(),
    };
  }

  #nowMs(): number {
    return this.deps.clock.now().getTime();
  }
}

const meanOf = (numbers: readonly number[]): number =>
  numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

const nameOf = ({ tenantId, client }: ClientName): string => `${tenantId} ${client}`;

const useOf = ({ tenantId, client, taken, asked, left }: Quota, seconds: number): ClientUse => ({
  tenantId,
  client,
  taken,
  asked: asked / seconds,
  left,
});

/**
 * Which part of a rate is for a node that may want all of it, beside others that ask for so much a second: whoever asks
 * for less than an even part gets what it asks for, the rest is divided evenly.
 */
export function shareOf(perSecond: number, othersAsk: readonly number[]): number {
  let rest = perSecond;
  let sharers = othersAsk.length + 1;
  for (const asked of othersAsk.toSorted((a, b) => a - b)) {
    if (asked > rest / sharers) break;
    rest -= asked;
    sharers -= 1;
  }
  return rest / sharers / perSecond;
}
