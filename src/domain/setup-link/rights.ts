import type { Json } from '../../core/json.js';
import { admitsSignIn, type Connection } from '../connection/connection.js';
import type { SetupLink, SetupPart } from './setup-link.js';

/** What a request is about, as far as it decides whether a link's holder may make it. */
export interface AskedOfLink {
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  /** The link's connection as it is now; undefined: it isn't there yet. */
  readonly connection: Pick<Connection, 'status'> | undefined;
}

interface SetupRight {
  /** Any of these suffices; absent: every link has it. */
  readonly parts?: readonly SetupPart[];
  /** Only a link that may turn its connection on. */
  readonly turnsOn?: true;
  /** Parameters of the path that must name the link itself or its connection. */
  readonly own?: Readonly<Record<string, 'id' | 'connection'>>;
  /** @returns what is wrong with it, for whoever asks; undefined: nothing */
  readonly judge?: (link: SetupLink, asked: AskedOfLink) => string | undefined;
}

/** What is set of a connection that nobody signs in by yet. */
const DRAFT_MEMBERS: readonly string[] = [
  'key',
  'type',
  'name',
  'issuer',
  'clientId',
  'clientAuth',
  'clientSecret',
  'secondarySecret',
  'scopes',
  'groupsClaim',
  'groupsFrom',
  'federationBrokerMode',
];

const members = (body: unknown): Readonly<Record<string, Json>> =>
  typeof body === 'object' && body !== null ? { ...body } : {};

function onlyMembers(body: unknown, allowed: readonly string[]): string | undefined {
  const other = Object.keys(members(body)).find((name) => !allowed.includes(name));
  return other === undefined ? undefined : `This set-up link does not set ${other}.`;
}

function judgeConnection(link: SetupLink, { body, connection }: AskedOfLink): string | undefined {
  const { key, status } = members(body);
  if (key !== undefined && key !== link.connection)
    return `This set-up link is for the connection '${link.connection}'.`;
  if (connection !== undefined && admitsSignIn(connection) && !link.mayTurnOn)
    return 'People sign in by this connection: only a set-up link that may turn it on changes it.';
  if (!link.mayTurnOn) return onlyMembers(body, DRAFT_MEMBERS);
  if (status !== undefined && status !== 'draft' && status !== 'enabled')
    return 'A set-up link turns its connection on, and does nothing else to its state.';
  // Who lets people in may not shut them out.
  if (status === 'draft' && connection !== undefined && admitsSignIn(connection))
    return 'A set-up link does not turn a connection off.';
  if (status !== undefined && connection?.status === 'disabled')
    return 'An operator has switched the connection off: a set-up link does not turn it on again.';
  if (status === 'enabled' && connection?.status === 'enforced') return 'The connection is on already.';
  return onlyMembers(body, [...DRAFT_MEMBERS, 'status', 'confirm', 'reason']);
}

function judgeMappings(_: SetupLink, { body }: AskedOfLink): string | undefined {
  const { add = [], remove = [] } = members(body);
  const mappings = [add, remove].flat();
  const roles = mappings.map((mapping) => members(mapping)['role']);
  if (roles.some((role) => typeof role === 'string' && role.startsWith('console:')))
    return 'A set-up link gives and takes no role of the console.';
  return onlyMembers(body, ['add', 'remove', 'version', 'confirm']);
}

/** A domain that is there stays as it is: where its people are sent is not for this link to change. */
function judgeDomain(link: SetupLink, { body }: AskedOfLink): string | undefined {
  const { connection = null } = members(body);
  if (connection !== null && connection !== link.connection)
    return `This set-up link is for the connection '${link.connection}'.`;
  return onlyMembers(body, ['name', 'connection']);
}

const ofConnection = { own: { key: 'connection' } } as const;
const ofLink = { own: { id: 'id' } } as const;
const MAPPING = { parts: ['sign-in', 'provisioning'] } as const;
const DOMAINS = { parts: ['domains'] } as const;

/**
 * All that the holder of a set-up link may ask of the management API, by operation: what isn't listed is refused. Whatever
 * an operation checks of everybody's request is checked of these, too.
 */
export const SETUP_RIGHTS: Readonly<Record<string, SetupRight>> = {
  getMe: {},
  getSetupLink: ofLink,
  getSetupLinkStatus: ofLink,
  noteSetupProgress: ofLink,
  makeSetupScimToken: { ...ofLink, parts: ['provisioning'] },

  getConnection: ofConnection,
  createConnection: { judge: judgeConnection },
  updateConnection: { ...ofConnection, judge: judgeConnection },
  testConnection: ofConnection,
  getConnectionTest: ofConnection,
  reportOktaPage: ofConnection,
  getConnectionImpact: { ...ofConnection, turnsOn: true },
  serveConnectionCandidate: { ...ofConnection, turnsOn: true },
  dropConnectionCandidate: { ...ofConnection, turnsOn: true },

  listGroups: {
    ...MAPPING,
    judge: (link, { query }) =>
      query['connection'] === link.connection ? undefined : `Ask with connection=${link.connection}.`,
  },
  listUpstreamGroups: { ...ofConnection, ...MAPPING },
  listRoles: MAPPING,
  listRoleMappings: MAPPING,
  previewRoleMappings: { ...MAPPING, judge: judgeMappings },
  createMappingChange: { ...MAPPING, judge: judgeMappings },
  // Names people, and only those whom the holder's own Okta has sent.
  getRoleCoverage: { ...ofConnection, ...MAPPING },

  listDomains: DOMAINS,
  getDomain: DOMAINS,
  createDomain: { ...DOMAINS, judge: judgeDomain },
  verifyDomain: DOMAINS,
};

/**
 * Whether a link's holder may ask for an operation at all.
 * @param parameters of the path, besides the tenant
 * @returns `not_found` where the path names what isn't the link's: to its holder nothing else is there
 */
export function judgeSetupOperation(
  link: SetupLink,
  operation: string,
  parameters: Readonly<Record<string, string>>,
): 'allowed' | 'forbidden' | 'not_found' {
  const right = Object.hasOwn(SETUP_RIGHTS, operation) ? SETUP_RIGHTS[operation] : undefined;
  if (right === undefined) return 'forbidden';
  if (right.parts?.some((part) => link.parts.includes(part)) === false) return 'forbidden';
  if (right.turnsOn === true && !link.mayTurnOn) return 'forbidden';
  const isOwn = Object.entries(right.own ?? {}).every(
    ([parameter, member]) => parameters[parameter] === link[member],
  );
  return isOwn ? 'allowed' : 'not_found';
}

/** @returns what a link's holder may not ask of an operation that they may ask for; undefined: nothing */
export function judgeSetupRequest(
  link: SetupLink,
  operation: string,
  asked: AskedOfLink,
): string | undefined {
  return SETUP_RIGHTS[operation]?.judge?.(link, asked);
}
