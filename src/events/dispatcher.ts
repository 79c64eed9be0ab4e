import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../core/logger.js';
import type { Attempt, Batch, Delivery, DeliveryKind, Receiver } from '../domain/delivery/delivery.js';
import { finishBatch, type DeadLetters, type FinishBatchDeps } from '../domain/delivery/finish-batch.js';
import type { Vault } from '../domain/keys/vault.js';
import { tellDevice, type DeviceEndpoint } from './tell-device.js';
import { ANSWER_MS, tellLogout, type LogoutEndpoint, type TellLogoutDeps } from './tell-logout.js';

/** Where, and how, a receiver is told. */
type Endpoint = LogoutEndpoint | DeviceEndpoint;

export interface KnownReceiver {
  /** undefined: the application is gone, or wants to be told nothing of the kind. */
  readonly endpoint: Endpoint | undefined;
  /** What the tenant's audit events are sealed with. */
  readonly vault: Vault;
}

export interface DispatcherDeps extends TellLogoutDeps, Omit<FinishBatchDeps, 'auditTools'> {
  readonly log: Logger;
  /** undefined: the tenant is gone, and with it all that waited. */
  lookUp(receiver: Receiver): Promise<KnownReceiver | undefined>;
  /** Called for each attempt, and for what is given up. */
  readonly onOutcome: (kind: DeliveryKind, outcome: Attempt['outcome'] | 'dead', count: number) => void;
}

export interface DispatcherOptions {
  readonly pollMs?: number;
  /** How long a batch may take, more than 10; whoever dies within it leaves it to the next one after that. */
  readonly leaseSeconds?: number;
  /** Receivers served at the same time. */
  readonly receiversMax?: number;
  readonly batchMax?: number;
}

type Attempts = Map<string, Attempt>;

/** What the lines of a kind begin with in the log. */
const LOG: Readonly<Record<DeliveryKind, string>> = { logout: 'logout', device: 'device_webhook' };

/** One attempt, in the way of its kind. */
function tell(
  deps: TellLogoutDeps,
  receiver: Receiver,
  endpoint: Endpoint,
  delivery: Delivery,
): Promise<Attempt> {
  return endpoint.kind === 'logout'
    ? tellLogout(deps, receiver, endpoint, delivery)
    : tellDevice(deps, receiver, endpoint, delivery);
}

/**
 * Delivers what the outbox holds, at least once: claims a batch for each receiver that something is due for, and works on
 * many receivers side by side, so that a slow one delays itself. Within a batch each person's deliveries go one after the
 * other; so do all of them while the receiver fails.
 */
export class Dispatcher {
  readonly #deps: DispatcherDeps;
  readonly #options: Required<DispatcherOptions>;
  readonly #working = new Set<Promise<void>>();
  #stopped = false;
  #nudge = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(deps: DispatcherDeps, options: DispatcherOptions = {}) {
    this.#deps = deps;
    this.#options = { pollMs: 200, leaseSeconds: 60, receiversMax: 64, batchMax: 10, ...options };
  }

  /** Begins to claim, until stopped. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /** Claims no more, begins no further attempt, waits for those in flight, gives back the rest. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#nudge.abort();
    await this.#loop;
    await Promise.all(this.#working);
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#nudge = new AbortController();
      try {
        await this.#claim();
      } catch (error) {
        this.#deps.log.warn('logout.claim_failed', { error });
      }
      const { signal } = this.#nudge;
      await sleep(this.#options.pollMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #claim(): Promise<void> {
    const { receiversMax, leaseSeconds, batchMax } = this.#options;
    const free = receiversMax - this.#working.size;
    if (free <= 0) return;
    const beganMs = performance.now();
    const batches = await this.#deps.outbox.claim({
      lease: this.#deps.ids.uuid(),
      leaseSeconds,
      receiversMax: free,
      deliveriesMax: batchMax,
    });
    // The last attempt must be over, and written down, before the lease is.
    const lastMs = beganMs + leaseSeconds * 1_000 - 2 * ANSWER_MS;
    for (const batch of batches) {
      const work: Promise<void> = this.#work(batch, lastMs).finally(() => {
        this.#working.delete(work);
        this.#nudge.abort();
      });
      this.#working.add(work);
    }
  }

  /** A batch that can't be worked on, or written down, stays leased, and is tried again when the lease is over. */
  async #work(batch: Batch, lastMs: number): Promise<void> {
    const { tenant, clientId, kind } = batch.receiver;
    try {
      const known = await this.#deps.lookUp(batch.receiver);
      if (known === undefined) return;
      const attempts = await this.#attempt(batch, known.endpoint, lastMs);
      const auditTools = { ...this.#deps, vault: known.vault };
      const dead = await finishBatch({ ...this.#deps, auditTools }, batch, attempts);
      this.#report(batch, attempts, dead);
    } catch (error) {
      this.#deps.log.error(`${LOG[kind]}.batch_failed`, { tenant, application: clientId, error });
    }
  }

  async #attempt(
    { receiver, deliveries }: Batch,
    endpoint: Endpoint | undefined,
    lastMs: number,
  ): Promise<Attempts> {
    if (endpoint === undefined)
      return new Map(deliveries.map(({ id }) => [id, { outcome: 'no_endpoint' } as const]));
    const attempts: Attempts = new Map();
    let failing = false;
    const inOrder = async (queue: readonly Delivery[]): Promise<void> => {
      for (const delivery of queue) {
        if (failing || this.#stopped || performance.now() > lastMs) return;
        const attempt = await tell(this.#deps, receiver, endpoint, delivery);
        attempts.set(delivery.id, attempt);
        failing ||= attempt.outcome === 'failed';
        if (attempt.outcome === 'refused') return;
      }
    };
    await Promise.all(queuesOf(deliveries).map(inOrder));
    return attempts;
  }

  #report({ receiver, deliveries }: Batch, attempts: Attempts, dead: DeadLetters | undefined): void {
    const { log, onOutcome } = this.#deps;
    const name = LOG[receiver.kind];
    const where = { tenant: receiver.tenant, application: receiver.clientId };
    for (const { id, attempts: attempt } of deliveries) {
      const result = attempts.get(id);
      if (result === undefined) continue;
      onOutcome(receiver.kind, result.outcome, 1);
      const fields = { ...where, delivery: id, attempt };
      if (result.outcome === 'delivered') log.info(`${name}.delivered`, fields);
      else if ('error' in result) log.warn(`${name}.failed`, { ...fields, error: result.error });
    }
    if (dead === undefined) return;
    onOutcome(receiver.kind, 'dead', dead.ids.length);
    log.error(`${name}.dead`, { ...where, deliveries: dead.ids.length, error: dead.error });
  }
}

/** A queue for each person; a single one for a receiver that failed before, which is asked carefully. */
function queuesOf(deliveries: readonly Delivery[]): readonly (readonly Delivery[])[] {
  if (deliveries.some(({ attempts }) => attempts > 1)) return [deliveries];
  const queues = new Map<string, Delivery[]>();
  for (const delivery of deliveries) {
    const queue = queues.get(delivery.subject);
    if (queue === undefined) queues.set(delivery.subject, [delivery]);
    else queue.push(delivery);
  }
  return [...queues.values()];
}
