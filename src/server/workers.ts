import cluster, { type Worker } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import { AggregatorRegistry } from 'prom-client';
import type { Logger } from '../core/logger.js';
import type { Config } from './config.js';
import { listenForMetrics, type MetricsSource } from './metrics-listener.js';
import type { Storage } from './open-storage.js';
import { endOnSignal, printReady } from './process.js';

/** How a worker learns which database its leader has opened. */
const DATABASE = 'CAUSEWAY_WORKER_DATABASE_URL';
/** A worker that dies at once is not started again at once. */
const RESTART_MS = 1_000;

/** In a worker: the address of the database. @throws TypeError anywhere else */
export function addressOfDatabase(): string {
  const url = process.env[DATABASE];
  if (url === undefined) throw new TypeError('only a worker has a leader');
  return url;
}

/** Several processes of one node (`WORKERS`): this one keeps the database and the workers, they serve. */
export async function leadWorkers(config: Config, storage: Storage, log: Logger): Promise<void> {
  const url = config.database.kind === 'external' ? config.database.url : storage.directUrl;
  let stopping = false;
  const fork = (): Worker => cluster.fork({ [DATABASE]: url });
  const ready = Array.from({ length: config.workers }, () => untilReady(fork()));
  cluster.on('exit', (worker, code, signal) => {
    if (stopping) return;
    log.error('worker.ended', { worker: worker.id, code, signal });
    void sleep(RESTART_MS).then(() => (stopping ? undefined : fork()));
  });
  const { host, metricsPort } = config;
  const metrics =
    metricsPort === undefined
      ? undefined
      : await listenForMetrics(sumOfWorkers(), log, { host, port: metricsPort });
  endOnSignal(log, async () => {
    stopping = true;
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    await Promise.all(workers.map((worker) => end(worker)));
    await metrics?.stop(0);
    await storage.close();
  });
  const links = await Promise.all(ready);
  printReady(
    config,
    links.find((link) => link !== undefined),
  );
}

function untilReady(worker: Worker): Promise<string | undefined> {
  return new Promise((resolve) => {
    worker.on('message', (message: unknown) => {
      if (typeof message !== 'object' || message === null || !('ready' in message)) return;
      resolve('link' in message && typeof message.link === 'string' ? message.link : undefined);
    });
  });
}

function end(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.once('exit', () => resolve());
    worker.process.kill('SIGTERM');
  });
}

/** The sum over all workers. */
function sumOfWorkers(): MetricsSource {
  const registry = new AggregatorRegistry();
  return { contentType: registry.contentType, metrics: () => registry.clusterMetrics() };
}
