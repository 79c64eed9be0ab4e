import type { DataSource } from 'typeorm';
import type { Logger } from '../core/logger.js';
import { sha256 } from '../keys/hash.js';
import type { KeyRing } from '../keys/sealing.js';
import { PostgresLinks } from '../storage/links.js';
import { fallBackJob } from './fall-back.js';
import { fillAuditFinding } from '../storage/audit-finding.js';
import { turnScimRequestDays } from '../storage/scim-request-store.js';
import { refreshStatistics } from '../storage/statistics.js';
import { sweep } from '../storage/sweeper.js';
import { administrationJobs } from './administration-jobs.js';
import { compose, type Node, type Settings } from './compose.js';
import { Jobs, type Job } from './jobs.js';
import { KeyRotation, keyRotationDeps } from './key-rotation.js';
import { listen } from './listen.js';
import { listenForMetrics } from './metrics-listener.js';

/** How long what is in flight may take when the node stops. */
const STOP_MS = 18_000;
const FIRST_RUN_SECONDS = 30 * 60;

export interface ServeOptions {
  readonly settings: Settings;
  readonly host: string;
  readonly port: number;
  readonly metricsPort: number | undefined;
  /** How long past memberships and roles are kept; undefined: as long as is usual. */
  readonly historyDays?: number;
  /** Work beside requests that isn't the node's own: the audit chain. */
  readonly jobs: (node: Node) => readonly Job[];
}

/** A node that serves. */
export interface ServingNode {
  readonly node: Node;
  readonly port: number;
  /** A new first-run link, or undefined when there is an operator already. */
  firstRunLink(): Promise<string | undefined>;
  /** Says that it isn't ready, finishes what is in flight, stops its jobs, closes what it opened. */
  stop(): Promise<void>;
}

/** Puts a node together and lets it listen. */
export async function serve(
  options: ServeOptions,
  dataSource: DataSource,
  keyRing: KeyRing,
  log: Logger,
): Promise<ServingNode> {
  const { settings } = options;
  const node = compose(settings, dataSource, keyRing, log);
  const listener = await listen(node.handle, options.host, options.port);
  const { host, metricsPort } = options;
  const metrics =
    metricsPort === undefined
      ? undefined
      : await listenForMetrics(node.metrics.registry, log, { host, port: metricsPort });
  const rotation = new KeyRotation(keyRotationDeps(node.database, keyRing, node.ids), log);
  const jobs = new Jobs(
    [
      { name: 'configuration', everyMs: 500, run: () => node.directory.refresh() },
      { name: 'signing_keys', everyMs: 10_000, run: () => rotation.run() },
      { name: 'sweep', everyMs: 60_000, run: () => sweep(node.database, options.historyDays) },
      { name: 'audit_finding', everyMs: 5_000, run: () => fillAuditFinding(node.database) },
      { name: 'client_secret_uses', everyMs: 5_000, run: () => node.secretUses.flush() },
      { name: 'scim_requests', everyMs: 500, run: () => node.scimRecorder.flush() },
      { name: 'scim_rate', everyMs: 1_000, run: () => node.scimRate.exchange() },
      { name: 'administration_jobs', everyMs: 1_000, run: administrationJobs(node.database, log) },
      { name: 'fall_back', everyMs: 10_000, run: fallBackJob({ ...node, ...settings, keyRing, log }) },
      { name: 'api_rate', everyMs: 1_000, run: () => node.management.exchangeRates() },
      { name: 'scim_request_days', everyMs: 3_600_000, run: () => turnScimRequestDays(node.database) },
      { name: 'statistics', everyMs: 5_000, run: () => refreshStatistics(node.database) },
      ...options.jobs(node),
    ],
    log,
  );
  node.logoutDeliveries.start();
  return {
    node,
    port: listener.port,
    firstRunLink: () => firstRunLink(node, settings.publicUrl),
    async stop() {
      node.operations.stop();
      const delivered = node.logoutDeliveries.stop();
      await listener.stop(STOP_MS);
      await metrics?.stop(0);
      await jobs.stop();
      await delivered;
      await node.close();
    },
  };
}

async function firstRunLink(node: Node, publicUrl: string): Promise<string | undefined> {
  const links = new PostgresLinks(node.database);
  if (await links.operatorExists()) return undefined;
  const token = node.ids.secret(32);
  await links.createFirstRun(node.ids.uuid(), sha256(token), FIRST_RUN_SECONDS);
  return `${publicUrl}/console/first-run/${token}`;
}
