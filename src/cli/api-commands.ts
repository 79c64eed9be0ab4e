import type { Command } from 'commander';
import type { CommandContext } from './command-context.js';
import type { ExitCode } from './exit-codes.js';

type Finish = (exitCode: ExitCode) => void;
type Remote = (command: Command) => Command;

/** `causeway api`: any operation of the management API. @param remote adds the options of all commands */
export function addApi(program: Command, context: CommandContext, finish: Finish, remote: Remote): void {
  remote(
    program
      .command('api')
      .description('one request of the management API of a deployment, for what has no command of its own')
      .argument('<method>', 'GET, POST, PUT, PATCH or DELETE')
      .argument('<path>', 'what stands behind /api/v1, with its query')
      .option('--data <file>', "the body, as JSON: a file, or '-' for standard input")
      .option('--if-match <etag>', 'for PUT, PATCH and DELETE: the ETag that --include shows of a GET')
      .option('--idempotency-key <key>', 'what is sent again under it is done once (default: a new one)')
      .option('--all', 'GET all pages of a list')
      .option('--include', 'tell status, ETag and Location on standard error'),
  )
    .addHelpText('after', HELP)
    .action(async (method, path, options) => {
      const { callApi } = await import('./api.js');
      finish(await callApi(context, { method, path }, options));
    });
}

const HELP = `
The answer is printed as JSON; a refusal, as the problem document that it is, on standard error. The operations are
listed by GET /openapi.json, and described at /api/docs of the deployment.

Examples:
  causeway api GET /tenants/acme/users --all
  causeway api GET /tenants/acme/applications/grafana --include
  echo '{"name":"Grafana 2"}' | causeway api PATCH /tenants/acme/applications/grafana --if-match '"…"' --data -
  causeway api POST /tenants/acme/roles --data role.json
`;
