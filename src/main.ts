#!/usr/bin/env node
// React, for one, decides while it is read whether it checks its caller all the time: who says nothing serves people.
process.env['NODE_ENV'] ??= 'production';
const [{ run }, { processTerminal }] = await Promise.all([
  import('./cli/run.js'),
  import('./cli/terminal.js'),
]);

const surroundings = { terminal: processTerminal, variables: process.env };
const exitCode = await run(process.argv.slice(2), surroundings);
// A server that was started ends the process by itself.
if (exitCode !== undefined) process.exitCode = exitCode;
