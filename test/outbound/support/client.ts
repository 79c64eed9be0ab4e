import { FixedClock } from '../../../src/core/clock.js';
import type { LogFields, Logger } from '../../../src/core/logger.js';
import { OutboundError } from '../../../src/outbound/error.js';
import type { OutboundReason } from '../../../src/outbound/error.js';
import { createOutbound } from '../../../src/outbound/outbound.js';
import type { Outbound, OutboundOptions, Outcome } from '../../../src/outbound/outbound.js';
import type { Resolve } from '../../../src/outbound/resolver.js';

/** A logger that keeps its lines. */
export class RecordingLogger implements Logger {
  readonly lines: { event: string; fields: LogFields }[] = [];

  debug = (event: string, fields: LogFields = {}): void => void this.lines.push({ event, fields });
  info = this.debug;
  warn = this.debug;
  error = this.debug;
  child = (): Logger => this;
}

export interface TestClient {
  readonly outbound: Outbound;
  readonly clock: FixedClock;
  readonly log: RecordingLogger;
  readonly outcomes: [lane: string, outcome: Outcome][];
}

const clients: Outbound[] = [];

/** A client that may call loopback over http, closed by `closeClients`. */
export function aClient(options: Partial<OutboundOptions> = {}): TestClient {
  const clock = new FixedClock('2026-11-22T10:00:00Z');
  const log = new RecordingLogger();
  const outcomes: TestClient['outcomes'] = [];
  const outbound = createOutbound({
    privateAddresses: 'allow',
    allowHttpLoopback: true,
    clock,
    log,
    resolve: nowhere,
    onOutcome: (lane, outcome) => outcomes.push([lane, outcome]),
    ...options,
  });
  clients.push(outbound);
  return { outbound, clock, log, outcomes };
}

export async function closeClients(): Promise<void> {
  await Promise.all(clients.splice(0).map((client) => client.close()));
}

/** A resolver that must not be asked. */
export const nowhere: Resolve = (hostname) => Promise.reject(new Error(`asked for ${hostname}`));

/** A resolver that gives every name the next of these lists, the last one for ever; counts the questions. */
export function resolverOf(...answers: string[][]): Resolve & { asked: () => number } {
  let asked = 0;
  const resolve: Resolve = async () => {
    const answer = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    return answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  return Object.assign(resolve, { asked: () => asked });
}

/** The error that a call ends with, which must be an OutboundError. */
export async function failureOf(call: Promise<unknown>): Promise<OutboundError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof OutboundError) return error;
    throw error;
  }
  throw new Error('the call succeeded');
}

export async function reasonOf(call: Promise<unknown>): Promise<OutboundReason> {
  return (await failureOf(call)).reason;
}
