import type { Config } from '../server/config.js';
import { logLibraryWarnings } from '../server/library-warnings.js';

/** Serves until told to stop. The server's parts are loaded when they are needed: no other command waits for them. */
export async function serveCommand(config: Config): Promise<void> {
  logLibraryWarnings();
  const { startServer } = await import('../server/start.js');
  await startServer(config);
}
