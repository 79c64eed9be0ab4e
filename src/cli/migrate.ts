import type { CommandContext } from './command-context.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { printJson } from './terminal.js';

/** `causeway migrate`: makes the schema current, also where `MIGRATE` is off for the server. */
export async function migrate(
  context: CommandContext,
  options: { readonly json?: boolean },
): Promise<ExitCode> {
  const migrated = await context.withStorage((storage) => Promise.resolve(storage.migrated), true);
  if (options.json === true) printJson(context.terminal, { migrated });
  else if (migrated.length === 0) context.terminal.out('The schema is current.');
  else for (const name of migrated) context.terminal.out(`Ran ${name}.`);
  return EXIT.done;
}
