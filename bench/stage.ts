import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from './host/child.js';
import type { Layout } from './host/cores.js';
import { freePort } from './host/ports.js';

/** Everything that runs beside the driver, and how to end it. */
export class Stage {
  readonly #stops: (() => Promise<void>)[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), 'causeway-bench-'));

  constructor() {
    // An embedded database runs as another user, who must be able to pass through.
    chmodSync(this.folder, 0o755);
  }

  onStop(stop: () => Promise<void>): void {
    this.#stops.unshift(stop);
  }

  async clear(): Promise<void> {
    for (const stop of this.#stops.splice(0))
      // oxlint-disable-next-line no-await-in-loop -- what was started last ends first
      await stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The mock upstream that both servers sign people in at. */
export async function startUpstream(stage: Stage, cores: Layout): Promise<Child> {
  const upstream = await Child.start({
    name: 'upstream',
    args: ['--import', 'tsx', join('bench', 'upstream', 'main.ts')],
    logFile: join(stage.folder, 'upstream.log'),
    core: cores.load,
    ready: /^listening (\S+)$/,
    startMs: 20_000,
  });
  stage.onStop(() => upstream.stop());
  return upstream;
}

/** What Causeway is compared with. */
export async function startFloor(stage: Stage, cores: Layout, upstream: string): Promise<Child> {
  const port = await freePort();
  const floor = await Child.start({
    name: 'floor',
    args: [
      '--import',
      'tsx',
      join('bench', 'floor', 'main.ts'),
      '--port',
      String(port),
      '--upstream',
      upstream,
    ],
    logFile: join(stage.folder, 'floor.log'),
    core: cores.server,
    ready: /^listening (\S+)$/,
    startMs: 20_000,
  });
  stage.onStop(() => floor.stop());
  return floor;
}
