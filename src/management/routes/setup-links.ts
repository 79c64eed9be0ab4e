import { DomainError } from '../../core/errors.js';
import type { ConnectionId } from '../../core/ids.js';
import type { Json } from '../../core/json.js';
import { requireAuthorityOverGroups } from '../../domain/operator/group-authority.js';
import type { Connection } from '../../domain/connection/connection.js';
import type { Permission } from '../../domain/operator/permissions.js';
import type { ScimRequestListStore } from '../../domain/provisioning/scim-request-list.js';
import type { ScimRequestRecord } from '../../domain/provisioning/scim-request.js';
import {
  createSetupLink,
  revokeSetupLink,
  type SetupLinkDeps,
} from '../../domain/setup-link/create-setup-link.js';
import { makeSetupScimToken } from '../../domain/setup-link/make-scim-token.js';
import {
  notTold,
  NOWHERE,
  placeAfter,
  readPlace,
  writePlace,
  type RequestPlace,
} from '../../domain/setup-link/request-place.js';
import { readSetupStatus } from '../../domain/setup-link/read-status.js';
import {
  SETUP_PARTS,
  stepsOf,
  toldSetupLink,
  type SetupLink,
  type SetupPart,
} from '../../domain/setup-link/setup-link.js';
import type { SetupStatusStore } from '../../domain/setup-link/setup-status.js';
import { setupValues } from '../../domain/setup-link/setup-values.js';
import { SYSTEM_SLUG } from '../../domain/tenant/tenant.js';
import { tenantAddresses } from '../../domain/tenant/addresses.js';
import type { TenantTransactions } from '../../domain/tenant/transactions.js';
import type { TenantDirectory } from '../../http/tenant-directory.js';
import type { ApiCall } from '../api/call.js';
import { named, operation, type ApiAnswer, type Operation } from '../api/operation.js';
import { listOf, listQuery } from '../contract/common.js';
import {
  NewSetupLink,
  SetupLinkPath,
  SetupLinkResource,
  SetupProgressPut,
  SetupScimTokenResource,
  SetupStatusQuery,
  SetupStatusResource,
} from '../contract/setup-links.js';
import { answerPage } from './answer-page.js';
import type { ConfigurationDeps } from './configuration/entry-operations.js';
import { summaryOf } from './scim-requests.js';

export interface SetupLinkRouteDeps extends Omit<SetupLinkDeps, 'auditTools'> {
  readonly auditTools: Omit<SetupLinkDeps['auditTools'], 'vault'>;
  readonly configuration: Pick<ConfigurationDeps, 'apply' | 'rules'>;
  readonly directory: Pick<TenantDirectory, 'find' | 'forget'>;
  readonly transactions: TenantTransactions;
  readonly status: SetupStatusStore;
  readonly requests: ScimRequestListStore;
  readonly publicUrl: string;
  readonly now: () => Date;
}

const BASE = '/tenants/{tenant}/setup-links';
const ANSWER = named('SetupLink', SetupLinkResource);

/** Links by which a customer's Okta admin sets up a connection (F3). */
export function setupLinkOperations(deps: SetupLinkRouteDeps): readonly Operation[] {
  return [...managing(deps), ...following(deps)];
}

/** What a link can do, whoever makes it must be allowed to do: nobody hands on more than they have. */
const NEEDED: Readonly<Record<SetupPart, readonly Permission[]>> = {
  'sign-in': ['connections.manage', 'role-mappings.manage'],
  provisioning: ['connections.manage', 'role-mappings.manage', 'scim-tokens.manage'],
  logout: ['connections.manage'],
  domains: ['connections.manage', 'domains.manage'],
};

function managing(deps: SetupLinkRouteDeps): readonly Operation[] {
  const tools = (call: ApiCall): SetupLinkDeps => ({
    ...deps,
    auditTools: { ...deps.auditTools, vault: call.tenant.vault },
  });
  return [
    operation({
      id: 'createSetupLink',
      method: 'POST',
      path: BASE,
      summary:
        'Makes a link by which a customer’s Okta admin sets up one connection; its address is told this once',
      description:
        'Whoever makes it must be allowed what it is for. It is taken by the first browser that starts the set-up, and ends after 7 days at most.',
      permission: 'setup-links.manage',
      body: named('NewSetupLink', NewSetupLink),
      status: 201,
      answer: ANSWER,
      async handle(call, { body }) {
        const { connection, mayTurnOn = false, note = null, contact = null, lifetimeSeconds } = body;
        const parts = SETUP_PARTS.filter((part) => body.parts?.includes(part) ?? true);
        for (const permission of new Set(parts.flatMap((part) => NEEDED[part]))) call.require(permission);
        // Judged again when it is used, as what groups give may be more by then.
        if (mayTurnOn || parts.includes('provisioning'))
          requireAuthorityOverGroups(call.authority, call.tenant.configuration);
        const service = await serviceOf(deps, call);
        const { actor, person = null } = call.caller;
        const { link, token } = await deps.transactions.withTenant(call.tenant.id, (scope) =>
          createSetupLink({ ...tools(call), keys: deps.configuration.apply.keys }, scope, {
            connection,
            parts,
            mayTurnOn,
            note,
            contact,
            service,
            maker: { authority: call.authority, person },
            lifetimeSeconds,
            actor,
            origin: call.origin,
          }),
        );
        return {
          ...answerOf(link, call),
          body: { ...toldSetupLink(link), url: `${deps.publicUrl}/setup/${token}` },
          location: `/tenants/${call.tenant.slug}/setup-links/${link.id}`,
        };
      },
    }),
    operation({
      id: 'listSetupLinks',
      method: 'GET',
      path: BASE,
      summary: 'Lists set-up links, the latest first: for what, opened when and from where, how far',
      permission: 'setup-links.read',
      query: listQuery({}),
      list: true,
      answer: named('SetupLinkPage', listOf(SetupLinkResource)),
      handle: (call, { query }) =>
        answerPage(
          call,
          'setup-links',
          query,
          (page) => deps.links.list(call.tenant.id, page),
          toldSetupLink,
        ),
    }),
    operation({
      id: 'getSetupLink',
      method: 'GET',
      path: `${BASE}/{id}`,
      summary: 'One set-up link',
      permission: 'setup-links.read',
      parameters: SetupLinkPath,
      answer: ANSWER,
      handle: async (call, { path }) => answerOf(await find(deps, call, path.id), call),
    }),
    operation({
      id: 'revokeSetupLink',
      method: 'DELETE',
      path: `${BASE}/{id}`,
      summary: 'Takes a set-up link back: whoever holds it can do nothing more; what they entered is kept',
      permission: 'setup-links.manage',
      parameters: SetupLinkPath,
      status: 204,
      async handle(call, { path }) {
        const link = await find(deps, call, path.id);
        call.expect(versionOf(link));
        const { actor } = call.caller;
        await deps.transactions.withTenant(call.tenant.id, (scope) =>
          revokeSetupLink(tools(call), scope, { link, actor, origin: call.origin }),
        );
        return { status: 204 };
      },
    }),
  ];
}

function following(deps: SetupLinkRouteDeps): readonly Operation[] {
  return [
    operation({
      id: 'getSetupLinkStatus',
      method: 'GET',
      path: `${BASE}/{id}/status`,
      summary:
        'Steps, live checks and new SCIM requests of a set-up: ask again with the cursor of the answer',
      permission: 'setup-links.read',
      parameters: SetupLinkPath,
      query: SetupStatusQuery,
      answer: named('SetupStatus', SetupStatusResource),
      handle: async (call, { path, query }) => ({
        body: await statusOf(deps, call, await find(deps, call, path.id), query.cursor),
      }),
    }),
    operation({
      id: 'noteSetupProgress',
      method: 'PUT',
      path: `${BASE}/{id}/progress`,
      summary: 'Notes how far a set-up has come: the present step, what was done at Okta, what is left out',
      permission: 'setup-links.manage',
      parameters: SetupLinkPath,
      body: named('SetupProgress', SetupProgressPut),
      answer: ANSWER,
      async handle(call, { path, body }) {
        const link = await find(deps, call, path.id);
        call.expect(versionOf(link));
        const { step, done = link.progress.done, skipped = link.progress.skipped } = body;
        const foreign = [step, ...done, ...skipped].find((one) => !stepsOf(link.parts).includes(one));
        if (foreign !== undefined)
          throw new DomainError('invalid_argument', `This set-up has no step '${foreign}'.`);
        const noted = await deps.transactions.withTenant(call.tenant.id, (scope) =>
          deps.links.note(scope, link.id, { step, done, skipped }, link.progress),
        );
        if (noted === undefined) {
          call.expect(versionOf(await find(deps, call, path.id)));
          throw new DomainError('conflict', 'The set-up link has ended, or somebody noted more just now.');
        }
        return answerOf(noted, call);
      },
    }),
    operation({
      id: 'makeSetupScimToken',
      method: 'POST',
      path: `${BASE}/{id}/scim-token`,
      summary: 'Makes the SCIM token of a set-up; the one that it made before is replaced. Told this once',
      permission: 'scim-tokens.manage',
      parameters: SetupLinkPath,
      status: 201,
      answer: named('SetupScimToken', SetupScimTokenResource),
      async handle(call, { path }) {
        const link = await find(deps, call, path.id);
        const { apply, rules } = deps.configuration;
        const { actor } = call.caller;
        try {
          const made = await makeSetupScimToken({ ...deps, apply }, link, {
            rules,
            actor,
            authority: call.authority,
            origin: call.origin,
          });
          return {
            body: { ...made, scimBaseUrl: tenantAddresses(deps.publicUrl, call.tenant.slug).scimBaseUrl },
          };
        } finally {
          deps.directory.forget(call.tenant.slug);
        }
      },
    }),
  ];
}

async function find(
  { links }: Pick<SetupLinkRouteDeps, 'links'>,
  call: ApiCall,
  id: string,
): Promise<SetupLink> {
  const link = await links.find(call.tenant.id, id);
  if (link === undefined) throw new DomainError('not_found', `There is no set-up link '${id}'.`);
  return link;
}

/** Who sends the link, as the customer knows them: the MSP above; nobody where the tenant or the deployment sends it. */
async function serviceOf(
  { directory }: SetupLinkRouteDeps,
  { caller, tenant }: ApiCall,
): Promise<string | null> {
  if (caller.home.id === tenant.id) return null;
  const sender = caller.home.slug === SYSTEM_SLUG ? tenant.configuration.parentSlug : caller.home.slug;
  return sender === null ? null : ((await directory.find(sender))?.configuration.tenant.name ?? null);
}

/** How many requests an answer holds. */
const REQUESTS_MAX = 100;
const QUESTION: Json = ['setup-status'];

async function statusOf(
  deps: SetupLinkRouteDeps,
  call: ApiCall,
  link: SetupLink,
  cursor: string | undefined,
) {
  const told = call.cursors.after([QUESTION, link.id], cursor);
  const place = told === undefined ? NOWHERE : readPlace(told);
  const { configuration } = call.tenant;
  const connection = configuration.connections.find(({ key }) => key === link.connection);
  const { steps, checks, testId, reminders } = await readSetupStatus(
    deps,
    link,
    configuration,
    deps.publicUrl,
  );
  const { requests, more, after } = await requestsAfter(deps, call, connection?.id, place);
  return {
    state: link.state,
    expiresAt: link.expiresAt,
    steps,
    checks,
    connection: connection === undefined ? null : shownConnection(connection),
    values: setupValues(deps.publicUrl, call.tenant.slug, link, connection),
    reminders,
    test: testId,
    scimRequests: requests.map((request) => summaryOf(call, request)),
    more,
    cursor: call.cursors.write([QUESTION, link.id], [...writePlace(after)]),
  };
}

const shownConnection = ({ key, name, status, issuer, settings: { clientId } }: Connection) => ({
  key,
  name,
  status,
  issuer,
  clientId,
});

/** Requests that were not told up to that place; at first the latest. */
async function requestsAfter(
  deps: SetupLinkRouteDeps,
  call: ApiCall,
  connectionId: ConnectionId | undefined,
  place: RequestPlace,
): Promise<{
  readonly requests: readonly ScimRequestRecord[];
  readonly more: boolean;
  readonly after: RequestPlace;
}> {
  if (connectionId === undefined) return { requests: [], more: false, after: place };
  const now = deps.now();
  if (place.floor === '') {
    const page = await deps.requests.list(call.tenant.id, { connectionId, limit: REQUESTS_MAX });
    const requests = page.items.toReversed();
    // Those before the latest are never told.
    const oldest = page.next === undefined ? '' : (requests[0]?.id ?? '');
    const after = placeAfter({ floor: oldest, told: [] }, requests, { now, isWhole: true });
    return { requests, more: false, after };
  }
  const limit = REQUESTS_MAX + place.told.length;
  const { floor } = place;
  const page = await deps.requests.list(call.tenant.id, {
    connectionId,
    limit,
    since: floor,
    order: 'oldest',
  });
  const more = page.next !== undefined;
  const after = placeAfter(place, page.items, { now, isWhole: !more });
  return { requests: notTold(place, page.items), more, after };
}

/** Not what time alone changes, nor that somebody opened it. */
const versionOf = ({ id, progress, revokedAt }: SetupLink): Json => {
  const { step, done, skipped } = progress;
  return [id, step, [...done], [...skipped], revokedAt !== null];
};

/** Its note says for whom it was made, to those who made it: its holder isn't told. */
function answerOf(link: SetupLink, { caller }: ApiCall): ApiAnswer {
  const told = toldSetupLink(link);
  const body = caller.kind === 'setup_link' ? { ...told, note: null } : told;
  return { body, version: versionOf(link) };
}
