import { DomainError } from '../../core/errors.js';
import { isUuid, type UserId } from '../../core/ids.js';
import type { Json } from '../../core/json.js';
import type { AccountStore } from '../../domain/account/account-store.js';
import {
  createAccount,
  deleteAccount,
  resetAccount,
  setAccountActive,
  type ChangeAccountDeps,
  type EnrolmentLink,
} from '../../domain/account/change-account.js';
import type { AccountFacts } from '../../domain/account/local-account.js';
import { requireAuthority } from '../../domain/account/owners.js';
import { consoleRole } from '../../domain/operator/console-role.js';
import type { TenantTransactions } from '../../domain/tenant/transactions.js';
import type { ApiCall } from '../api/call.js';
import { named, operation, type Operation } from '../api/operation.js';
import { listOf, listQuery, PAGE_DEFAULT } from '../contract/common.js';
import { NewOperator, OperatorChange, OperatorResource } from '../contract/operators.js';

export interface OperatorDeps extends Omit<ChangeAccountDeps, 'auditTools'> {
  readonly transactions: TenantTransactions;
  readonly accounts: AccountStore;
  readonly auditTools: Omit<ChangeAccountDeps['auditTools'], 'vault'>;
  /** Without a slash at the end. */
  readonly publicUrl: string;
}

const RESOURCE = named('Operator', OperatorResource);

/** Local accounts of a tenant: operators, break-glass accounts, people who were invited (D5, F4, F5). */
export function operatorOperations(deps: OperatorDeps): readonly Operation[] {
  return [...reading(deps), making(deps), ...changing(deps)];
}

function reading(deps: OperatorDeps): readonly Operation[] {
  return [
    operation({
      id: 'listOperators',
      method: 'GET',
      path: '/tenants/{tenant}/operators',
      summary: 'Lists local accounts, in the order in which they were made',
      permission: 'operators.read',
      query: listQuery({}),
      list: true,
      answer: named('OperatorPage', listOf(OperatorResource)),
      async handle(call, { query }) {
        const question: Json = ['operators'];
        const after = call.cursors.after(question, query.cursor);
        const page = await deps.accounts.list(call.tenant.id, { limit: query.limit ?? PAGE_DEFAULT, after });
        return { body: call.cursors.page(question, page, show) };
      },
    }),
    operation({
      id: 'getOperator',
      method: 'GET',
      path: '/tenants/{tenant}/operators/{id}',
      summary: 'One local account: how it signs in, never by what',
      permission: 'operators.read',
      answer: RESOURCE,
      async handle(call, { path }) {
        const facts = await find(deps, call, path['id']);
        return { body: show(facts), version: versionOf(facts) };
      },
    }),
  ];
}

function making(deps: OperatorDeps): Operation {
  return operation({
    id: 'createOperator',
    method: 'POST',
    path: '/tenants/{tenant}/operators',
    summary: 'Makes a local account; the link by which its person sets it up is told this once',
    description: 'Only an owner gives roles of the console. The link counts once, for 30 minutes.',
    permission: 'operators.manage',
    body: named('NewOperator', NewOperator),
    status: 201,
    answer: RESOURCE,
    async handle(call, { body }) {
      const made = await inTransaction(deps, call, (tools, scope) =>
        createAccount(tools, scope, {
          userName: body.userName,
          purpose: body.purpose ?? 'operator',
          roles: (body.roles ?? []).flatMap((role) => consoleRole(role) ?? []),
          ...asked(call),
        }),
      );
      const location = `/tenants/${call.tenant.slug}/operators/${made.userId}`;
      return { ...(await withLink(deps, call, made)), location };
    },
  });
}

function changing(deps: OperatorDeps): readonly Operation[] {
  return [
    operation({
      id: 'updateOperator',
      method: 'PATCH',
      path: '/tenants/{tenant}/operators/{id}',
      summary: 'Switches a local account off, its sessions with it, or on again',
      permission: 'operators.manage',
      body: named('OperatorChange', OperatorChange),
      answer: RESOURCE,
      async handle(call, { path, body }) {
        const { userId } = await expected(deps, call, path['id']);
        await inTransaction(deps, call, (tools, scope) =>
          setAccountActive(tools, scope, { userId, active: body.active, ...asked(call) }),
        );
        const facts = await find(deps, call, userId);
        return { body: show(facts), version: versionOf(facts) };
      },
    }),
    operation({
      id: 'deleteOperator',
      method: 'DELETE',
      path: '/tenants/{tenant}/operators/{id}',
      summary: 'Deletes a local account for good; the last owner stays',
      permission: 'operators.manage',
      status: 204,
      async handle(call, { path }) {
        const { userId } = await expected(deps, call, path['id']);
        await inTransaction(deps, call, (tools, scope) =>
          deleteAccount(tools, scope, { userId, ...asked(call) }),
        );
        return { status: 204 };
      },
    }),
    operation({
      id: 'resetOperator',
      method: 'POST',
      path: '/tenants/{tenant}/operators/{id}/reset',
      summary:
        'Takes away all that a local account signs in by, ends its sessions, and tells a new link once',
      permission: 'operators.manage',
      answer: RESOURCE,
      async handle(call, { path }) {
        const { userId } = await find(deps, call, path['id']);
        const made = await inTransaction(deps, call, (tools, scope) =>
          resetAccount(tools, scope, { userId, ...asked(call) }),
        );
        return withLink(deps, call, made);
      },
    }),
  ];
}

const asked = (call: ApiCall) => ({
  actor: call.caller.actor,
  authority: call.roles,
  origin: call.origin,
});

function inTransaction<T>(
  deps: OperatorDeps,
  call: ApiCall,
  work: (
    tools: ChangeAccountDeps,
    scope: Parameters<Parameters<TenantTransactions['withTenant']>[1]>[0],
  ) => Promise<T>,
): Promise<T> {
  const tools = { ...deps, auditTools: { ...deps.auditTools, vault: call.tenant.vault } };
  return deps.transactions.withTenant(call.tenant.id, (scope) => work(tools, scope));
}

async function find({ accounts }: OperatorDeps, call: ApiCall, id: unknown): Promise<AccountFacts> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- looked up: it is somebody's, or nobody's
  const facts = isUuid(String(id)) ? await accounts.facts(call.tenant.id, String(id) as UserId) : undefined;
  if (facts === undefined) throw new DomainError('not_found', 'There is no such local account.');
  return facts;
}

/** The account that the caller has read, and may change. */
async function expected(deps: OperatorDeps, call: ApiCall, id: unknown): Promise<AccountFacts> {
  const facts = await find(deps, call, id);
  requireAuthority(call.roles, facts.roles);
  call.expect(versionOf(facts));
  return facts;
}

async function withLink(deps: OperatorDeps, call: ApiCall, { userId, token, expiresAt }: EnrolmentLink) {
  const facts = await find(deps, call, userId);
  const enrolment = { link: `${deps.publicUrl}/console/enrol/${token}`, expiresAt };
  return { body: { ...show(facts), enrolment }, version: versionOf(facts) };
}

const show = ({ userId, ...facts }: AccountFacts) => ({ id: userId, ...facts });

const versionOf = ({ userId, userName, purpose, active, roles }: AccountFacts): Json => [
  userId,
  userName,
  purpose,
  active,
  [...roles],
];
