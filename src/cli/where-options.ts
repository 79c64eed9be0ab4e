import { Option, type Command } from 'commander';

/** Options of commands that also work through the management API. */
export function remote(command: Command): Command {
  return command.addOption(urlOption()).addOption(tokenOption());
}

/** The same for commands that don't: they say so, and what they are told isn't offered. */
export function hereOnly(command: Command): Command {
  return command.addOption(urlOption().hideHelp()).addOption(tokenOption().hideHelp());
}

const urlOption = (): Option =>
  new Option('--url <address>', 'work through the management API of a deployment (CAUSEWAY_URL)');
const tokenOption = (): Option =>
  new Option('--token <token>', 'token for it (better by CAUSEWAY_TOKEN, which no other user can read)');
