import { readFile } from 'node:fs/promises';
import { messageOf } from '../core/errors.js';
import type { Json } from '../core/json.js';
import { plainText } from '../core/text.js';
import { OutboundError } from '../outbound/error.js';
import type { Method, OutboundResponse } from '../outbound/exchange.js';
import { isJson, parseJson } from '../outbound/json.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { isOf } from './remote/answers.js';
import { eitherWay, LONG_MS, PageShape, type RemoteApi } from './remote/api.js';
import { RemoteProblem } from './remote/problem.js';
import { printJson, terminalJson } from './terminal.js';

export interface ApiOptions extends RemoteOptions {
  /** A path, or `-` for standard input. */
  readonly data?: string;
  readonly ifMatch?: string;
  readonly idempotencyKey?: string;
  readonly all?: boolean;
  readonly include?: boolean;
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const LINE_MAX = 100_000;
const PAGE = '200';

/** `causeway api METHOD PATH`: one request of the management API, for whatever has no command of its own. */
export async function callApi(
  context: CommandContext,
  words: { readonly method: string; readonly path: string },
  options: ApiOptions,
): Promise<ExitCode> {
  const method = METHODS.find((one) => one === words.method.toUpperCase());
  if (method === undefined) throw new CliError(EXIT.usage, [`METHOD is one of ${METHODS.join(', ')}`]);
  if (options.all === true && method !== 'GET')
    throw new CliError(EXIT.usage, ['--all reads a list: it goes with GET']);
  return eitherWay(context, options, {
    async remote(api) {
      const body = options.data === undefined ? undefined : await readData(context, options.data);
      const { path } = words;
      if (options.all === true) printJson(context.terminal, await allPages(api, path));
      else print(context, options, await sendOnce(context, api, { method, path, body, options }));
      return EXIT.done;
    },
    local() {
      throw new CliError(EXIT.usage, [
        'this command works by the management API alone: give --url and --token, or CAUSEWAY_URL and CAUSEWAY_TOKEN',
      ]);
    },
  });
}

interface Request {
  readonly method: Method;
  readonly path: string;
  readonly body: Json | undefined;
  readonly options: ApiOptions;
}

async function sendOnce(
  context: CommandContext,
  api: RemoteApi,
  { method, path, body, options }: Request,
): Promise<OutboundResponse> {
  const { ifMatch } = options;
  const idempotencyKey =
    method === 'POST' ? (options.idempotencyKey ?? context.ids.uuid()) : options.idempotencyKey;
  try {
    return await api.send(method, path, {
      deadlineMs: LONG_MS,
      ...(body === undefined ? {} : { body }),
      ...(ifMatch === undefined ? {} : { ifMatch }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
  } catch (error) {
    if (error instanceof OutboundError && method === 'POST')
      throw new CliError(EXIT.unreachable, [
        `${error.message}. Whether it was done is not known: sent again with --idempotency-key ${idempotencyKey ?? ''}, it is done once`,
      ]);
    throw asProblem(error);
  }
}

/** A refusal is told whole, as the API tells it (RFC 9457). */
function asProblem(error: unknown): unknown {
  if (!(error instanceof RemoteProblem)) return error;
  return new CliError(error.exitCode, [terminalJson(error.body, 2)]);
}

/** A list with all its pages; what is no list, as it is. */
async function allPages(api: RemoteApi, path: string): Promise<unknown> {
  const items: unknown[] = [];
  let cursor: string | undefined;
  do {
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the last one ended
    const answer = await api.send('GET', pageOf(path, cursor), { deadlineMs: LONG_MS }).catch((error) => {
      throw asProblem(error);
    });
    const page = parseJson(answer);
    if (!isOf(PageShape, page))
      throw new CliError(EXIT.usage, [`--all reads a list, and ${plainText(path)} is none`]);
    for (const item of page.items) items.push(item);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return { items, next: null };
}

function pageOf(path: string, cursor: string | undefined): string {
  const [place = '', query = ''] = path.split('?', 2);
  const parameters = new URLSearchParams(query);
  if (!parameters.has('limit')) parameters.set('limit', PAGE);
  if (cursor !== undefined) parameters.set('cursor', cursor);
  return `${place}?${parameters.toString()}`;
}

async function readData({ terminal }: CommandContext, file: string): Promise<Json> {
  let text: string;
  try {
    text = file === '-' ? await terminal.readInput() : await readFile(file, 'utf8');
  } catch (error) {
    throw new CliError(EXIT.badFile, [`cannot read ${file}: ${messageOf(error)}`]);
  }
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch {
    // The message of the parser quotes the text, which may hold a secret.
    throw new CliError(EXIT.badFile, [`${file === '-' ? 'standard input' : file} is not JSON`]);
  }
}

/** JSON is printed as such, a stream of lines as lines; nothing of it moves the terminal. */
function print({ terminal }: CommandContext, options: ApiOptions, response: OutboundResponse): void {
  if (options.include === true) {
    terminal.err(`status: ${response.status}`);
    for (const name of ['etag', 'location']) {
      const value = response.headers.get(name);
      if (value !== null) terminal.err(`${name}: ${plainText(value, LINE_MAX)}`);
    }
  }
  if (response.body.length === 0) return;
  if (isJson(response.headers)) {
    printJson(terminal, parseJson(response));
    return;
  }
  for (const line of response.body.toString('utf8').trimEnd().split('\n'))
    terminal.out(plainText(line, LINE_MAX));
}
