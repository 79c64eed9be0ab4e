import { AggregatorRegistry, Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** What operators watch, in Prometheus' form. No label grows with tenants or people (invariant 10). */
export class Metrics {
  readonly registry = new Registry();
  readonly requests: Histogram<'route' | 'method' | 'status'>;
  readonly signIns: Counter<'outcome'>;
  readonly outboundSeconds: Histogram<'outcome'>;
  readonly databaseFlushes: Counter;
  readonly logoutDeliveries: Counter<'outcome'>;
  readonly deviceWebhooks: Counter<'outcome'>;
  readonly #openCircuits: Gauge;

  constructor(openCircuits: () => number) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    // With several workers their leader adds up what each of them counts.
    AggregatorRegistry.setRegistries([this.registry]);
    this.requests = new Histogram({
      name: 'causeway_http_request_seconds',
      help: 'Time to answer a request, by kind of route',
      labelNames: ['route', 'method', 'status'],
      buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.signIns = new Counter({
      name: 'causeway_sign_ins_total',
      help: 'Returns from upstreams, by outcome: succeeded, or why not',
      labelNames: ['outcome'],
      registers,
    });
    this.outboundSeconds = new Histogram({
      name: 'causeway_outbound_seconds',
      help: 'Time of calls that leave Causeway, by outcome',
      labelNames: ['outcome'],
      buckets: [0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    });
    this.databaseFlushes = new Counter({
      name: 'causeway_database_flushes_total',
      help: 'Trips to the database',
      registers,
    });
    this.logoutDeliveries = new Counter({
      name: 'causeway_logout_deliveries_total',
      help: 'Attempts to tell an application that a session has ended, by outcome, and what was given up (dead)',
      labelNames: ['outcome'],
      registers,
    });
    this.deviceWebhooks = new Counter({
      name: 'causeway_device_webhook_deliveries_total',
      help: 'Attempts to tell an application of a sign-in on a device, by outcome, and what was given up (dead)',
      labelNames: ['outcome'],
      registers,
    });
    this.#openCircuits = new Gauge({
      name: 'causeway_outbound_open_circuits',
      help: 'Upstreams that are not asked for now, because they failed',
      registers,
      collect: () => this.#openCircuits.set(openCircuits()),
    });
  }
}
