import { createHash } from 'node:crypto';
import type { Context } from 'koa';
import type { TenantScope } from '../core/scope.js';
import { isUuid } from '../core/ids.js';
import { subjectOf, type ConnectionSubject } from '../domain/connection/candidate.js';
import type { Connection } from '../domain/connection/connection.js';
import { fingerprintOf } from '../domain/connection/fingerprint.js';
import type { Check } from '../domain/connection/testing/check.js';
import type { ConnectionTest, ConnectionTestId } from '../domain/connection/testing/connection-test.js';
import { GROUPS_SCOPE } from '../domain/connection/upstream-groups/counted-groups.js';
import type { LoginRequest } from '../domain/sign-in/login-transaction.js';
import { finishTest, type TestFindings } from '../domain/connection/testing/finish-test.js';
import { previewPerson, type PersonPreview } from '../domain/connection/testing/preview-person.js';
import { signInHashOf } from '../domain/connection/testing/start-test.js';
import { connectionSecretPlace } from '../domain/keys/sealed-places.js';
import { connectionAddresses } from '../domain/tenant/addresses.js';
import type { TenantContext } from '../http/tenant-context.js';
import { frameOf, showPage } from '../op/page-frame.js';
import { renderTestNotice, type TestNotice } from '../pages/connection-test/test-notice.js';
import { UpstreamError } from '../rp/causes.js';
import { Deadline, SIGN_IN_MS } from '../rp/deadline.js';
import type { UpstreamParty } from '../rp/party.js';
import type { CompletedSignIn } from '../rp/relying-party.js';
import type { TrialSignIn } from '../rp/testing/tester.js';
import { askMissingGroups, withTold, type ToldByApi } from './api-groups.js';
import type { BrokerDeps } from './deps.js';
import {
  clearLoginCookie,
  loginSecrets,
  newLogin,
  readLoginCookie,
  setLoginCookie,
  stateHashOf,
  type LoginCookie,
} from './login-secrets.js';
import { canGoWithoutGroups } from './without-groups.js';

/** What a cookie of a test has in the place of an interaction. */
const MARK = 'test-';
const TOKEN = /^([0-9a-f-]{36})\.([A-Za-z0-9_-]{43})$/;

/** What waits for a test's sign-in is the test: the transaction is bound to it, as others are to their interaction. */
const waitingHash = (id: ConnectionTestId): Buffer =>
  createHash('sha256').update(`ConnectionTest:${id}`).digest();

/** One configuration of a connection with what is needed to speak for it, as `partyOf` makes it of the served one. */
export function partyOfSubject(
  tenant: TenantContext,
  { connection, secrets }: ConnectionSubject,
): UpstreamParty {
  const open = (member: 'clientSecret' | 'secondarySecret') => {
    const sealed = secrets[member];
    if (sealed === null) return {};
    return { [member]: tenant.vault.open(connectionSecretPlace(tenant.id, connection.id, member), sealed) };
  };
  const usesKey = connection.settings.clientAuth === 'private_key_jwt';
  return {
    tenantId: tenant.id,
    connection,
    secrets: { ...open('clientSecret'), ...open('secondarySecret') },
    clientKeys: usesKey ? tenant.signingKeys(connection.id) : [],
    redirectUri: tenant.redirectUri(connection),
  };
}

/**
 * The one-time address of a test (A17): takes it, binds the trip to this browser, and sends it to the upstream with the
 * very configuration that is tested. Whatever prevents that is the test's result.
 */
export async function serveTestSignIn(
  ctx: Context,
  tenant: TenantContext,
  token: string,
  deps: BrokerDeps,
): Promise<void> {
  const [, id = '', secret = ''] = TOKEN.exec(token) ?? [];
  if (!isUuid(id)) return show(ctx, tenant, 'over', deps);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whether it is one, the store says
  const testId = id as ConnectionTestId;
  const login = newLogin(deps.ids);
  const secrets = loginSecrets(login.state, login.secret);
  const taken = await deps.transactions.withTenant(tenant.id, async (scope) => {
    const test = await deps.tests.open(scope, testId, signInHashOf(secret), secrets.stateHash);
    return test === undefined ? undefined : subjectOfTest(scope, test, deps);
  });
  if (taken === undefined) return show(ctx, tenant, 'over', deps);
  return leave(ctx, tenant, { ...taken, login }, deps);
}

/** A trip of a test to the upstream. */
interface Departure {
  readonly test: ConnectionTest;
  readonly subject: ConnectionSubject;
  readonly login: ReturnType<typeof newLogin>;
  /** It is the second one, without the upstream's groups claim. */
  readonly withoutGroups?: LoginRequest['withoutGroups'];
}

async function leave(
  ctx: Context,
  tenant: TenantContext,
  { test, subject, login, withoutGroups }: Departure,
  deps: BrokerDeps,
): Promise<void> {
  const party = partyOfSubject(tenant, subject);
  const secrets = loginSecrets(login.state, login.secret);
  const withoutScope = withoutGroups === undefined ? {} : { withoutScope: GROUPS_SCOPE };
  let url: URL;
  try {
    url = await deps.tester.authorizationUrl(party, { ...secrets, ...withoutScope });
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    await finish(ctx, tenant, test, { checks: [failedSignIn(error)] }, deps);
    return show(ctx, tenant, 'done', deps);
  }
  await deps.logins.begin(tenant.id, {
    stateHash: secrets.stateHash,
    browserHash: secrets.browserHash,
    interactionHash: waitingHash(test.id),
    connectionId: subject.connection.id,
    connectionVersion: subject.connection.version,
    issuer: subject.connection.issuer,
    redirectUri: party.redirectUri,
    request: {
      acrValues: [],
      maxAgeSeconds: null,
      freshly: false,
      ...(withoutGroups === undefined ? {} : { withoutGroups }),
    },
  });
  const cookie = { secret: login.secret, interactionUid: `${MARK}${test.id}` };
  setLoginCookie(ctx, new URL(party.redirectUri), login.state, cookie);
  ctx.status = 303;
  ctx.redirect(url.href);
}

/** A test with the configuration that it is of; undefined, and the test is superseded, when that is another one now. */
async function subjectOfTest(
  scope: TenantScope,
  test: ConnectionTest,
  { tests }: Pick<BrokerDeps, 'tests'>,
): Promise<{ readonly test: ConnectionTest; readonly subject: ConnectionSubject } | undefined> {
  const stored = await tests.connectionById(scope, test.connectionId);
  if (stored === undefined) return undefined;
  const subject = subjectOf(stored, test.source);
  const isSame =
    subject.source === test.source &&
    fingerprintOf(subject.connection, subject.secrets).equals(test.fingerprint);
  if (isSame) return { test, subject };
  await tests.advance(scope, test.id, ['waiting'], { state: 'superseded', report: test.report });
  return undefined;
}

/**
 * The way back of a test's sign-in, told by its cookie; every other is left alone. What a sign-in checks is checked,
 * and the report written: no person, no identity and no session comes of it.
 * @returns false when the request belongs to no test
 */
export async function serveTestReturn(
  ctx: Context,
  tenant: TenantContext,
  connection: Connection,
  deps: BrokerDeps,
): Promise<boolean> {
  const [state, ...others] = ctx.URL.searchParams.getAll('state');
  if (state === undefined || state === '' || others.length > 0) return false;
  const callback = new URL(tenant.redirectUri(connection));
  const cookie = readLoginCookie(ctx, callback, state);
  if (cookie === undefined) return serveLostReturn(ctx, tenant, connection, state, deps);
  if (!cookie.interactionUid.startsWith(MARK)) return false;
  clearLoginCookie(ctx, callback, state);
  const taken = await takeReturn(tenant, connection, { state, cookie }, deps);
  if (taken === undefined) {
    show(ctx, tenant, 'over', deps);
    return true;
  }
  const { test, subject } = taken;
  const { postLogoutRedirectUri } = connectionAddresses(tenant.issuer, connection.key);
  const deadline = new Deadline(SIGN_IN_MS);
  const trial = await deps.tester.complete(
    partyOfSubject(tenant, subject),
    ctx.URL.searchParams,
    { ...loginSecrets(state, cookie.secret), acrValues: [] },
    postLogoutRedirectUri,
  );
  const cause = trial.completed === undefined ? trial.checks.at(-1)?.cause : undefined;
  if (!taken.isSecond && (await canGoWithoutGroups(tenant, subject.connection, cause, deps))) {
    const withoutGroups = { startedSecondsBefore: taken.ageSeconds };
    await leave(ctx, tenant, { test, subject, login: newLogin(deps.ids), withoutGroups }, deps);
    return true;
  }
  const told = await withApiGroups(tenant, taken, trial, deadline, deps);
  await finish(ctx, tenant, test, { ...told, connection: subject.connection }, deps);
  show(ctx, tenant, 'done', deps);
  return true;
}

/** What a test shows where the API tells the groups that the token didn't (A11): those, and where they are from. */
async function withApiGroups(
  tenant: TenantContext,
  { subject: { connection }, isSecond }: Pick<TakenTest, 'subject' | 'isSecond'>,
  { checks, completed }: TrialSignIn,
  deadline: Deadline,
  deps: BrokerDeps,
): Promise<TrialSignIn> {
  if (completed === undefined) return { checks, completed };
  const { identity } = completed;
  const lane = `test-${deps.ids.secret(9)}-groups`;
  const missing = { tenant, connection, person: identity, deadline, lane };
  const told = await askMissingGroups(missing, deps);
  if (told === undefined) return { checks, completed };
  return {
    checks: checks.map((check) => (check.id === 'groups' ? apiGroupsCheck(check, told, isSecond) : check)),
    completed: { ...completed, identity: withTold(identity, told) },
  };
}

function apiGroupsCheck(check: Check, told: ToldByApi, isSecond: boolean): Check {
  if ('trouble' in told)
    return {
      ...check,
      // A sign-in would be refused here, and not only lack its groups.
      ...(isSecond ? { status: 'failed', cause: 'groups_too_many' } : {}),
      seen: `${check.seen}; Okta's API didn't tell them, either: ${told.message}`,
      facts: { ...check.facts, trouble: told.trouble },
    };
  const { groups, leftOut } = told;
  return {
    id: 'groups',
    status: 'passed',
    seen: `${groups.length} groups by Okta's Groups API, which the token doesn't have; ${leftOut} left out`,
    facts: { source: 'groups_api', count: String(groups.length), leftOut: String(leftOut) },
  };
}

/** A test whose sign-in came back. */
interface TakenTest {
  readonly test: ConnectionTest;
  readonly subject: ConnectionSubject;
  /** From the second trip, after which there is none. */
  readonly isSecond: boolean;
  readonly ageSeconds: number;
}

async function takeReturn(
  tenant: TenantContext,
  connection: Connection,
  { state, cookie }: { readonly state: string; readonly cookie: LoginCookie },
  deps: BrokerDeps,
): Promise<TakenTest | undefined> {
  const { stateHash, browserHash } = loginSecrets(state, cookie.secret);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the transaction, which is bound to it, says whether it is
  const testId = cookie.interactionUid.slice(MARK.length) as ConnectionTestId;
  const taken = await deps.logins.take(tenant.id, stateHash, browserHash);
  if (!taken.taken) return undefined;
  const { transaction } = taken;
  const same =
    transaction.interactionHash.equals(waitingHash(testId)) &&
    transaction.connectionId === connection.id &&
    transaction.redirectUri === tenant.redirectUri(connection);
  if (!same) return undefined;
  const found = await deps.transactions.withTenant(tenant.id, async (scope) => {
    const test = await deps.tests.find(scope, testId);
    return test?.state === 'waiting' ? subjectOfTest(scope, test, deps) : undefined;
  });
  if (found === undefined) return undefined;
  return {
    ...found,
    isSecond: transaction.request.withoutGroups !== undefined,
    ageSeconds: taken.ageSeconds,
  };
}

/** Somebody comes back without the cookie. If it is from a test, that can't go on, and says why. */
async function serveLostReturn(
  ctx: Context,
  tenant: TenantContext,
  connection: Connection,
  state: string,
  deps: BrokerDeps,
): Promise<boolean> {
  const test = await deps.transactions.withTenant(tenant.id, (scope) =>
    deps.tests.findByState(scope, connection.id, stateHashOf(state)),
  );
  if (test === undefined) return false;
  const lost: Check = {
    id: 'sign_in',
    status: 'failed',
    seen: 'A browser came back without the cookie of this test',
    cause: 'browser_lost',
  };
  await finish(ctx, tenant, test, { checks: [lost] }, deps);
  show(ctx, tenant, 'other_browser', deps);
  return true;
}

interface Ending {
  readonly checks: readonly Check[];
  readonly completed?: TrialSignIn['completed'];
  /** The configuration by which somebody came in. */
  readonly connection?: Connection;
}

async function finish(
  ctx: Context,
  tenant: TenantContext,
  test: ConnectionTest,
  { checks, completed, connection }: Ending,
  deps: BrokerDeps,
): Promise<void> {
  const origin = deps.originOf(ctx);
  const auditTools = { ...deps, vault: tenant.vault };
  await deps.transactions.withTenant(tenant.id, async (scope) => {
    const findings: TestFindings = { from: ['waiting'], checks, origin };
    if (completed === undefined || connection === undefined) {
      await finishTest({ ...deps, auditTools }, scope, test, findings);
      return;
    }
    const preview = await previewPerson(deps, scope, {
      connection,
      identity: completed.identity,
      tenant: tenant.configuration.tenant.settings,
      roleMappings: tenant.configuration.roleMappings,
    });
    await finishTest({ ...deps, auditTools }, scope, test, {
      ...findings,
      checks: [...checks, personCheck(preview)],
      brought: broughtBy(completed),
      person: preview.person,
    });
  });
}

function personCheck({ isKnown, refusal, person }: PersonPreview): Check {
  const who = isKnown ? 'Somebody who is known here' : 'Somebody new';
  if (refusal === undefined)
    return {
      id: 'person',
      status: 'passed',
      seen: `${who}, with ${person.roles.length === 1 ? '1 role' : `${person.roles.length} roles`}`,
    };
  return {
    id: 'person',
    status: 'warning',
    seen: `${who}, who would not be let in: ${refusal}`,
    facts: { refusal },
  };
}

const broughtBy = ({ identity, seen }: CompletedSignIn): NonNullable<TestFindings['brought']> => ({
  claims: { idToken: seen.idToken, userinfo: seen.userinfo },
  groupCount: identity.groups?.length ?? null,
  acr: identity.acr ?? null,
  amr: identity.amr ?? [],
  clockDifferenceSeconds: seen.clockDifferenceSeconds ?? null,
  ...(seen.signingKey === undefined ? {} : { signingKey: seen.signingKey }),
});

const failedSignIn = ({ reason, message, facts }: UpstreamError): Check => ({
  id: 'sign_in',
  status: 'failed',
  seen: message,
  cause: reason,
  facts,
});

const STATUS: Readonly<Record<TestNotice, number>> = { done: 200, over: 410, other_browser: 400 };

function show(ctx: Context, tenant: TenantContext, notice: TestNotice, { stylesheetHref }: BrokerDeps): void {
  showPage(ctx, STATUS[notice], renderTestNotice(frameOf(tenant, stylesheetHref), notice));
}
