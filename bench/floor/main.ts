import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { Provider, type AccountClaims } from 'oidc-provider';
import { floorConfiguration } from './configuration.js';
import { discoverUpstream, UpstreamSignIn } from './upstream-sign-in.js';

/** The floor: what a broker costs that does nothing but the protocol. See README.md beside this file. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { port: { type: 'string' }, upstream: { type: 'string' } },
  });
  const issuer = `http://localhost:${Number(values.port)}`;
  const people = new Map<string, AccountClaims>();
  const upstream = new UpstreamSignIn(await discoverUpstream(values.upstream ?? ''), issuer);
  const provider = new Provider(issuer, floorConfiguration(people, upstream));
  provider.on('server_error', (_ctx, error) => process.stderr.write(`${error.stack ?? error.message}\n`));
  provider.use(async (ctx, next) => {
    if (ctx.path === '/healthz') ctx.body = { status: 'ok' };
    else if (ctx.path === '/callback') await upstream.finish(ctx, provider, people);
    else await next();
  });
  const handle = provider.callback();
  const server = createServer((request, response) => void handle(request, response));
  server.keepAliveTimeout = 60_000;
  server.listen(Number(values.port), '127.0.0.1', () => {
    process.stdout.write(`listening ${issuer}\n`);
  });
  process.once('SIGTERM', () => process.exit(0));
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
