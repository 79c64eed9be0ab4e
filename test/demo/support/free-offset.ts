import { randomInt } from 'node:crypto';
import { checkPorts, portsAt } from '../../../demo/ports.js';

/** An offset at which all ports of the demo are free. */
export async function freeOffset(): Promise<number> {
  for (let tries = 0; tries < 20; tries += 1) {
    const offset = randomInt(10_000, 50_000);
    const free = await checkPorts(portsAt(offset)).then(
      () => true,
      () => false,
    );
    if (free) return offset;
  }
  throw new Error('no free ports');
}
