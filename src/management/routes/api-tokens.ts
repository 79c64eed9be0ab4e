import { DomainError } from '../../core/errors.js';
import { isUuid } from '../../core/ids.js';
import { instantOf } from '../../core/instant.js';
import type { Json } from '../../core/json.js';
import {
  createApiToken,
  deleteApiToken,
  type CreateApiTokenDeps,
} from '../../domain/api-token/create-api-token.js';
import type { ApiTokenFacts, TokenListStore } from '../../domain/api-token/token-list.js';
import { consoleRole } from '../../domain/operator/console-role.js';
import type { TenantTransactions } from '../../domain/tenant/transactions.js';
import type { ApiCall } from '../api/call.js';
import { named, operation, type Operation } from '../api/operation.js';
import { Problem } from '../api/problems.js';
import { ApiTokenResource, NewApiToken } from '../contract/api-tokens.js';
import { listOf, listQuery, PAGE_DEFAULT } from '../contract/common.js';

export interface ApiTokenDeps extends Omit<CreateApiTokenDeps, 'auditTools'> {
  readonly transactions: TenantTransactions;
  readonly lists: Pick<TokenListStore, 'apiTokens'>;
  readonly auditTools: Omit<CreateApiTokenDeps['auditTools'], 'vault'>;
}

/** Tokens for the management API: scoped, expiring, told once, gone with who made them (A-111). */
export function apiTokenOperations(deps: ApiTokenDeps): readonly Operation[] {
  const tools = (call: ApiCall) => ({
    ...deps,
    auditTools: { ...deps.auditTools, vault: call.tenant.vault },
  });
  return [
    operation({
      id: 'listApiTokens',
      method: 'GET',
      path: '/tenants/{tenant}/api-tokens',
      summary: 'Lists tokens for the management API, in the order in which they were made',
      permission: 'api-tokens.read',
      query: listQuery({}),
      list: true,
      answer: named('ApiTokenPage', listOf(ApiTokenResource)),
      async handle(call, { query }) {
        const question: Json = ['api-tokens'];
        const after = call.cursors.after(question, query.cursor);
        const page = await deps.lists.apiTokens(call.tenant.id, {
          limit: query.limit ?? PAGE_DEFAULT,
          after,
        });
        return { body: call.cursors.page(question, page, (token) => token) };
      },
    }),
    operation({
      id: 'createApiToken',
      method: 'POST',
      path: '/tenants/{tenant}/api-tokens',
      summary: 'Makes a token for the management API; it is told this once',
      description:
        'A person’s token goes with the person. Its role holds in the tenant and in those below it; scopes narrow it further.',
      permission: 'api-tokens.manage',
      body: named('NewApiToken', NewApiToken),
      status: 201,
      answer: named('ApiToken', ApiTokenResource),
      async handle(call, { body }) {
        const expiresAt = typeof body.expiresAt === 'string' ? instantOf(body.expiresAt) : null;
        if (expiresAt === undefined) throw fault('/expiresAt', 'is no time that exists');
        if (expiresAt !== null && expiresAt <= deps.auditTools.clock.now())
          throw fault('/expiresAt', 'must be a time to come');
        const role = consoleRole(body.role);
        if (role === undefined || !call.roles.includes('console:owner'))
          throw new Problem('forbidden', 'Only an owner gives roles of the console.');
        const { name, scopes = null } = body;
        requireScopes(call, scopes);
        const { person = null } = call.caller;
        const isOwn = person?.tenant === call.tenant.slug;
        const ownerId = isOwn ? person.userId : null;
        const { id, token } = await deps.transactions.withTenant(call.tenant.id, (scope) =>
          createApiToken(tools(call), scope, {
            role,
            name,
            scopes,
            expiresAt,
            ownerId,
            ownerElsewhere: isOwn ? null : person,
            actor: call.caller.actor,
            origin: call.origin,
          }),
        );
        const { actor } = call.caller;
        const facts: ApiTokenFacts = {
          id,
          name,
          role,
          scopes,
          createdAt: deps.auditTools.clock.now(),
          createdBy: `${actor.type}:${actor.id}`,
          ownerId,
          expiresAt,
          lastUsedAt: null,
        };
        return {
          body: { ...facts, token },
          version: versionOf(facts),
          location: `/tenants/${call.tenant.slug}/api-tokens/${id}`,
        };
      },
    }),
    operation({
      id: 'getApiToken',
      method: 'GET',
      path: '/tenants/{tenant}/api-tokens/{id}',
      summary: 'What may be told of one token',
      permission: 'api-tokens.read',
      answer: named('ApiToken', ApiTokenResource),
      async handle(call, { path }) {
        const facts = await find(deps, call, String(path['id']));
        return { body: facts, version: versionOf(facts) };
      },
    }),
    operation({
      id: 'deleteApiToken',
      method: 'DELETE',
      path: '/tenants/{tenant}/api-tokens/{id}',
      summary: 'Takes a token back: from now on it is unknown',
      permission: 'api-tokens.manage',
      status: 204,
      async handle(call, { path }) {
        const id = String(path['id']);
        // Nothing of a token changes, so that it is the one that was read whenever it is there.
        call.expect(versionOf(await find(deps, call, id)));
        const request = { id, actor: call.caller.actor, origin: call.origin };
        await deps.transactions.withTenant(call.tenant.id, (scope) =>
          deleteApiToken(tools(call), scope, request),
        );
        return { status: 204 };
      },
    }),
  ];
}

const fault = (pointer: string, message: string): Problem =>
  new Problem('invalid_body', `${pointer} ${message}`, { errors: [{ pointer, message }] });

/** Who is narrowed by scopes hands on no more than those. @throws Problem `forbidden` */
function requireScopes({ caller }: ApiCall, wanted: readonly string[] | null): void {
  const { scopes } = caller;
  if (scopes === null) return;
  const beyond = wanted?.find(
    (scope) => !scopes.has(scope) && !scopes.has(scope.replace(/\.read$/, '.manage')),
  );
  if (wanted === null || beyond !== undefined)
    throw new Problem(
      'forbidden',
      `A caller narrowed by scopes makes tokens of those scopes alone${beyond === undefined ? '' : `, which ${beyond} isn’t`}.`,
    );
}

async function find({ tokens }: ApiTokenDeps, call: ApiCall, id: string): Promise<ApiTokenFacts> {
  const facts = isUuid(id) ? await tokens.find(call.tenant.id, id) : undefined;
  if (facts === undefined) throw new DomainError('not_found', `There is no token '${id}'.`);
  return facts;
}

const versionOf = ({ id, name, role, scopes, expiresAt }: ApiTokenFacts): Json => [
  id,
  name,
  role,
  scopes,
  expiresAt?.toISOString() ?? null,
];
