import { systemClock } from '../../../src/core/clock.js';
import { silentLogger } from '../../../src/core/logger.js';
import { createOutbound } from '../../../src/outbound/outbound.js';

/** Calls the URL given and prints how it ended: run as a process of its own, whose environment is real. */
const outbound = createOutbound({
  privateAddresses: 'allow',
  allowHttpLoopback: true,
  clock: systemClock,
  log: silentLogger,
  onOutcome: (_lane, outcome) => process.stdout.write(outcome),
});
await outbound.request({ lane: { name: 'call' }, url: process.argv[2] ?? '' }).catch(() => undefined);
await outbound.close();
