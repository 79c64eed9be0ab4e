#!/usr/bin/env node
import { run } from './cli/run.js';
import { processTerminal } from './cli/terminal.js';

const surroundings = { terminal: processTerminal, variables: process.env };
const exitCode = await run(process.argv.slice(2), surroundings);
// A server that was started ends the process by itself.
if (exitCode !== undefined) process.exitCode = exitCode;
