import { randomInt } from 'node:crypto';
import { checkPorts, portsAt } from '../../../demo/ports.js';

/** This process's share of the ports: their last two digits tell apart what runs at the same time. */
const LANE = 10 * (Number(process.env['JEST_WORKER_ID'] ?? '0') % 10);

/** An offset at which all ports of the demo are free, below the ports that systems hand out by themselves. */
export async function freeOffset(): Promise<number> {
  for (let tries = 0; tries < 20; tries += 1) {
    const offset = 100 * randomInt(80, 270) + LANE;
    const free = await checkPorts(portsAt(offset)).then(
      () => true,
      () => false,
    );
    if (free) return offset;
  }
  throw new Error('no free ports');
}
