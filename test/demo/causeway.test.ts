import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startCauseway } from '../../demo/causeway.js';

test('a Causeway that can’t start: the demo says why, in its words', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'causeway-demo-'));
  const starting = startCauseway({
    port: 1,
    dataDir,
    // What happens to be set around the demo doesn't count; only what it sets itself does.
    environment: { ...process.env, PUBLIC_URL: 'nonsense', DATABASE_URL: 'nonsense' },
    configuration: { LOG_LEVEL: 'loud' },
  });
  await expect(starting).rejects.toThrow(
    /^Causeway is not running: it ended with exit code 78\n(?![^]*(?:PUBLIC_URL|DATABASE_URL))[^]*LOG_LEVEL/,
  );
  await rm(dataDir, { recursive: true });
}, 60_000);
