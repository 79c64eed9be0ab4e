#!/usr/bin/env node
import { run } from './cli/run.js';
import { processTerminal } from './cli/terminal.js';

const exitCode = await run(process.argv.slice(2), {
  terminal: processTerminal,
  variables: process.env,
  // Loaded when it is needed: no other command waits for the server's parts.
  startServer: async (config) => (await import('./server/start.js')).startServer(config),
});
if (exitCode !== undefined) process.exitCode = exitCode;
