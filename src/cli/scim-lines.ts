import type { ScimEffect, ScimRequestRecord } from '../domain/provisioning/scim-request.js';
import { plainText } from '../core/text.js';
import { terminalJson } from './terminal.js';
import type { Told } from './told.js';

/** What tells a request's rows apart for people: keys and names instead of ids. */
export interface ScimNames {
  /** Keys of connections by their ids. */
  readonly connections: ReadonlyMap<string, string>;
  /** Names of tokens by their ids. */
  readonly tokens: ReadonlyMap<string, string>;
}

/** A request as lists show it. */
export type ShownRequest = Told<
  Omit<ScimRequestRecord, 'connectionId' | 'tokenId' | 'request' | 'response'>
> & {
  /** Key of the connection. */
  readonly connection: string | null;
  /** The token's name. */
  readonly token: string | null;
};

/** All that is kept of a request. */
export type WholeRequest = ShownRequest & { readonly request: unknown; readonly response: unknown };

/** A request as JSON shows it. */
export function shownRequest(record: ScimRequestRecord, names: ScimNames): WholeRequest {
  const { connectionId, tokenId, at, ...rest } = record;
  return {
    at: at.toISOString(),
    ...rest,
    connection: connectionId === null ? null : (names.connections.get(connectionId) ?? connectionId),
    token: tokenId === null ? null : (names.tokens.get(tokenId) ?? tokenId),
  };
}

const TARGET_MAX = 300;
const DETAIL_MAX = 500;

/** A request in one line: when, what came of it, what was asked, what it did, what was wrong. */
export function requestLine(shown: ShownRequest): string {
  const { at, id, status, method, target, effects, detail } = shown;
  const parts = [
    at,
    id,
    String(status),
    plainText(method, 10).padEnd(6),
    plainText(target, TARGET_MAX),
    ...(effects.length === 0 ? [] : [`→ ${effectsText(effects)}`]),
    ...(detail === null ? [] : [`! ${plainText(detail, DETAIL_MAX)}`]),
  ];
  return parts.join('  ');
}

/** One effect by its resource's id, several by their number. */
function effectsText(effects: readonly Told<ScimEffect>[]): string {
  const [only, ...others] = effects;
  if (only !== undefined && others.length === 0) return effectText(only);
  const counts = new Map<string, number>();
  for (const { action, resourceType } of effects) {
    const kind = `${resourceType} ${action}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return plainText([...counts].map(([kind, count]) => `${count} × ${kind}`).join(', '));
}

function effectText({ action, resourceType, id, ignored = [] }: Told<ScimEffect>): string {
  const unknown = ignored.length === 0 ? '' : ` (not in the schema: ${ignored.join(', ')})`;
  return plainText(`${resourceType} ${id} ${action}${unknown}`);
}

/** All of a request, for people. */
export function requestPage(shown: WholeRequest): readonly string[] {
  const facts: readonly (readonly [name: string, value: string | null])[] = [
    ['id', shown.id],
    ['time', `${shown.at}, took ${shown.durationMs} ms`],
    ['request', `${shown.method} ${shown.target}`],
    ['status', String(shown.status)],
    ['detail', shown.detail],
    ['connection', shown.connection],
    ['token', shown.token],
    ['user agent', shown.userAgent],
    ['request id', shown.requestId],
    ...shown.effects.map((effect) => ['effect', effectText(effect)] as const),
  ];
  return [
    ...facts.map(([name, value]) => `${name.padEnd(10)}  ${value === null ? '-' : plainText(value, 2_000)}`),
    '',
    'Request body:',
    ...terminalJson(shown.request, 2).split('\n'),
    '',
    'Response body:',
    ...terminalJson(shown.response, 2).split('\n'),
  ];
}
