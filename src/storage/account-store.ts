import type { QueryResultRow } from 'pg';
import type { TenantId, UserId } from '../core/ids.js';
import type { ListPage, PageRequest } from '../core/page.js';
import type { TenantScope } from '../core/scope.js';
import type { AccountStore, NewAccount, SecondFactor } from '../domain/account/account-store.js';
import type { AccountFacts, LocalAccount } from '../domain/account/local-account.js';
import type { ListedPasskey, NewPasskey, Passkey } from '../domain/account/passkey.js';
import type { ConsoleRole } from '../domain/operator/console-role.js';
import type { Database, Statement } from './database.js';
import { LOCAL_AT_CONSOLE, MAY_ENTER } from './person-sql.js';

const ACCOUNT = `u.id AS "userId", u.user_name AS "userName", a.purpose, u.active,
  a.password_hash AS "passwordHash", a.totp_sealed AS "totpSealed"`;
const OF = `local_accounts a JOIN users u ON u.tenant_id = a.tenant_id AND u.id = a.user_id`;

const FACTS = `u.id AS "userId", u.user_name AS "userName", a.purpose, u.active,
  (SELECT count(*)::int FROM passkeys p WHERE p.tenant_id = a.tenant_id AND p.user_id = a.user_id) AS passkeys,
  a.password_hash IS NOT NULL AS password,
  (SELECT count(*)::int FROM recovery_codes c
    WHERE c.tenant_id = a.tenant_id AND c.user_id = a.user_id AND c.used_at IS NULL) AS "recoveryCodes",
  (SELECT coalesce(json_agg(DISTINCT r.key ORDER BY r.key), '[]') FROM role_assignments s
    JOIN roles r ON r.tenant_id = s.tenant_id AND r.id = s.role_id
    WHERE s.tenant_id = a.tenant_id AND s.user_id = a.user_id AND s.application_id IS NULL
      AND left(r.key, 8) = 'console:') AS roles,
  a.created_at AS "createdAt", a.last_used_at AS "lastUsedAt"`;

/** Whether user `u` has a way to sign in: their organization's, or one of their own. */
const HAS_WAY_IN = `(u.connection_id IS NOT NULL OR EXISTS (
  SELECT FROM local_accounts a WHERE a.tenant_id = u.tenant_id AND a.user_id = u.id AND a.password_hash IS NOT NULL)
  OR EXISTS (SELECT FROM passkeys p WHERE p.tenant_id = u.tenant_id AND p.user_id = u.id))`;

/** Who could come in as an owner of tenant `$1` by a role given directly. */
export const OWNERS = `SELECT DISTINCT u.id FROM roles r
  JOIN role_assignments s ON s.tenant_id = r.tenant_id AND s.role_id = r.id AND s.application_id IS NULL
  JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
  WHERE r.tenant_id = $1 AND r.key = 'console:owner' AND ${MAY_ENTER} AND ${LOCAL_AT_CONSOLE}
    AND ${HAS_WAY_IN} ORDER BY u.id`;

/** Local accounts in PostgreSQL. */
export class PostgresAccountStore implements AccountStore {
  constructor(private readonly database: Database) {}

  async create(scope: TenantScope, { userId, userName, purpose }: NewAccount): Promise<void> {
    await this.database.transaction(scope).send([
      {
        name: 'account_user',
        text: `INSERT INTO users (tenant_id, id, source, user_name, active, profile)
          VALUES ($1, $2, 'operator', $3, true, jsonb_build_object('userName', $3::text))`,
        values: [scope.tenantId, userId, userName],
      },
      {
        name: 'account_create',
        text: 'INSERT INTO local_accounts (tenant_id, user_id, purpose) VALUES ($1, $2, $3)',
        values: [scope.tenantId, userId, purpose],
      },
    ]);
  }

  async giveRole(scope: TenantScope, userId: UserId, role: ConsoleRole): Promise<boolean> {
    const given = await this.database.transaction(scope).query({
      name: 'account_role',
      text: `INSERT INTO role_assignments (tenant_id, id, user_id, role_id, application_id, source)
        SELECT $1, gen_random_uuid(), $2, id, NULL, 'operator' FROM roles WHERE tenant_id = $1 AND key = $3 RETURNING 1`,
      values: [scope.tenantId, userId, role],
    });
    return given.length > 0;
  }

  async findByName(tenantId: TenantId, userName: string): Promise<LocalAccount | undefined> {
    return this.#account(tenantId, {
      name: 'account_by_name',
      // No name that long is anybody's, nor one that PostgreSQL takes for no text.
      text: `SELECT ${ACCOUNT} FROM ${OF}
        WHERE u.tenant_id = $1 AND u.user_name_folded = lower($2) AND u.source = 'operator'`,
      values: [tenantId, userName.replaceAll('\u0000', ' ').slice(0, 200)],
    });
  }

  async #account(tenantId: TenantId, statement: Statement): Promise<LocalAccount | undefined> {
    const [rows] = await this.database.inTenant(tenantId, [statement]);
    const [row] = rows ?? [];
    return row === undefined ? undefined : toAccount(row);
  }

  async findPasskey(
    tenantId: TenantId,
    credentialId: string,
  ): Promise<{ readonly account: LocalAccount; readonly passkey: Passkey } | undefined> {
    const [rows] = await this.database.inTenant(tenantId, [
      {
        name: 'account_by_passkey',
        text: `SELECT ${ACCOUNT}, p.id, p.credential_id, p.public_key, p.counter, p.transports
          FROM passkeys p JOIN ${OF} ON a.tenant_id = p.tenant_id AND a.user_id = p.user_id
          WHERE p.tenant_id = $1 AND p.credential_id = $2`,
        values: [tenantId, Buffer.from(credentialId, 'base64url')],
      },
    ]);
    const [row] = rows ?? [];
    return row === undefined ? undefined : { account: toAccount(row), passkey: toPasskey(row) };
  }

  async credentialsOf(tenantId: TenantId, userId: UserId): Promise<readonly string[]> {
    const [rows] = await this.database.inTenant(tenantId, [
      {
        name: 'account_credentials',
        text: 'SELECT credential_id FROM passkeys WHERE tenant_id = $1 AND user_id = $2 ORDER BY id',
        values: [tenantId, userId],
      },
    ]);
    return (rows ?? []).map((row) => Buffer.from(row['credential_id']).toString('base64url'));
  }

  async list(tenantId: TenantId, { limit, after }: PageRequest): Promise<ListPage<AccountFacts>> {
    const [from] = after ?? [];
    const [rows] = await this.database.inTenant(tenantId, [
      {
        name: from === undefined ? 'account_list' : 'account_list_after',
        text: `SELECT ${FACTS} FROM ${OF} WHERE a.tenant_id = $1
          ${from === undefined ? '' : 'AND a.user_id > $3::uuid'} ORDER BY a.user_id LIMIT $2`,
        values: [tenantId, limit + 1, ...(from === undefined ? [] : [from])],
      },
    ]);
    const items = (rows ?? []).slice(0, limit).map(toFacts);
    const last = items.at(-1);
    const hasMore = (rows ?? []).length > limit;
    return { items, next: hasMore && last !== undefined ? [last.userId] : undefined };
  }

  async facts(tenantId: TenantId, userId: UserId): Promise<AccountFacts | undefined> {
    const [rows] = await this.database.inTenant(tenantId, [factsOf(tenantId, userId)]);
    const [row] = rows ?? [];
    return row === undefined ? undefined : toFacts(row);
  }

  async lock(scope: TenantScope, userId: UserId): Promise<AccountFacts | undefined> {
    const [, rows] = await this.database
      .transaction(scope)
      .send([lockPerson(scope, userId), factsOf(scope.tenantId, userId)]);
    const [row] = rows ?? [];
    return row === undefined ? undefined : toFacts(row);
  }

  async takeSecondFactor(
    scope: TenantScope,
    { userId, passwordHash }: { readonly userId: UserId; readonly passwordHash: string | null },
    factor: SecondFactor,
  ): Promise<boolean> {
    const transaction = this.database.transaction(scope);
    const [people, taken] = await transaction.send([
      lockPerson(scope, userId),
      factor.kind === 'code'
        ? {
            name: 'account_take_step',
            text: `UPDATE local_accounts SET totp_last_step = $3
              WHERE tenant_id = $1 AND user_id = $2 AND password_hash = $4
                AND (totp_last_step IS NULL OR totp_last_step < $3) RETURNING 1`,
            values: [scope.tenantId, userId, factor.step, passwordHash],
          }
        : {
            name: 'account_take_recovery_code',
            text: `UPDATE recovery_codes c SET used_at = now()
              WHERE c.tenant_id = $1 AND c.user_id = $2 AND c.hash = $3 AND c.used_at IS NULL AND EXISTS (
                SELECT FROM local_accounts a WHERE a.tenant_id = $1 AND a.user_id = $2
                  AND a.password_hash IS NOT DISTINCT FROM $4)
              RETURNING 1`,
            values: [scope.tenantId, userId, factor.hash, passwordHash],
          },
    ]);
    if (people?.[0]?.['active'] !== true || taken?.length !== 1) return false;
    transaction.defer([markUsed(scope, userId)]);
    return true;
  }

  async takePasskey(
    scope: TenantScope,
    { id, userId }: Pick<Passkey, 'id' | 'userId'>,
    counter: number,
  ): Promise<boolean> {
    const transaction = this.database.transaction(scope);
    const [people, taken] = await transaction.send([
      lockPerson(scope, userId),
      {
        name: 'account_take_passkey',
        text: `UPDATE passkeys SET counter = $4, last_used_at = now()
          WHERE tenant_id = $1 AND user_id = $2 AND id = $3 AND (counter < $4 OR (counter = 0 AND $4 = 0)) RETURNING 1`,
        values: [scope.tenantId, userId, id, counter],
      },
    ]);
    if (people?.[0]?.['active'] !== true || taken?.length !== 1) return false;
    transaction.defer([markUsed(scope, userId)]);
    return true;
  }

  async setPassword(
    scope: TenantScope,
    userId: UserId,
    password: { readonly hash: string; readonly totpSealed: string; readonly totpStep: number },
  ): Promise<void> {
    await this.database.transaction(scope).query({
      name: 'account_password',
      text: `UPDATE local_accounts SET password_hash = $3, password_changed_at = now(), totp_sealed = $4,
        totp_confirmed_at = now(), totp_last_step = $5, last_used_at = now() WHERE tenant_id = $1 AND user_id = $2`,
      values: [scope.tenantId, userId, password.hash, password.totpSealed, password.totpStep],
    });
  }

  async addPasskey(
    scope: TenantScope,
    userId: UserId,
    passkey: NewPasskey & { readonly id: string; readonly name: string },
  ): Promise<void> {
    await this.database.transaction(scope).query({
      name: 'account_add_passkey',
      text: `INSERT INTO passkeys (tenant_id, id, user_id, name, credential_id, public_key, counter, transports)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      values: [
        scope.tenantId,
        passkey.id,
        userId,
        passkey.name,
        Buffer.from(passkey.credentialId, 'base64url'),
        Buffer.from(passkey.publicKey),
        passkey.counter,
        passkey.transports,
      ],
    });
  }

  async passkeysOf(tenantId: TenantId, userId: UserId): Promise<readonly ListedPasskey[]> {
    const [rows] = await this.database.inTenant(tenantId, [
      {
        name: 'account_passkeys',
        text: `SELECT id, name, created_at, last_used_at FROM passkeys WHERE tenant_id = $1 AND user_id = $2
          ORDER BY created_at, id`,
        values: [tenantId, userId],
      },
    ]);
    return (rows ?? []).map((row) => ({
      id: row['id'],
      name: row['name'],
      createdAt: row['created_at'],
      lastUsedAt: row['last_used_at'],
    }));
  }

  async removePasskey(scope: TenantScope, userId: UserId, passkeyId: string): Promise<boolean> {
    const removed = await this.database.transaction(scope).query({
      name: 'account_remove_passkey',
      text: 'DELETE FROM passkeys WHERE tenant_id = $1 AND user_id = $2 AND id = $3 RETURNING 1',
      values: [scope.tenantId, userId, passkeyId],
    });
    return removed.length > 0;
  }

  async replaceRecoveryCodes(scope: TenantScope, userId: UserId, hashes: readonly Buffer[]): Promise<void> {
    await this.database.transaction(scope).send([
      forget('recovery_codes', scope, userId),
      {
        name: 'account_recovery_codes',
        text: 'INSERT INTO recovery_codes (tenant_id, user_id, hash) SELECT $1, $2, unnest($3::bytea[])',
        values: [scope.tenantId, userId, hashes],
      },
    ]);
  }

  async clearCredentials(scope: TenantScope, userId: UserId): Promise<void> {
    await this.database.transaction(scope).send([
      forget('recovery_codes', scope, userId),
      forget('passkeys', scope, userId),
      {
        name: 'account_clear',
        text: `UPDATE local_accounts SET password_hash = NULL, password_changed_at = NULL, totp_sealed = NULL,
          totp_confirmed_at = NULL, totp_last_step = NULL WHERE tenant_id = $1 AND user_id = $2`,
        values: [scope.tenantId, userId],
      },
    ]);
  }

  async setActive(scope: TenantScope, userId: UserId, active: boolean): Promise<void> {
    await this.database.transaction(scope).query({
      name: 'account_active',
      text: `UPDATE users SET active = $3, version = version + 1, updated_at = now()
        WHERE tenant_id = $1 AND id = $2 AND source = 'operator'`,
      values: [scope.tenantId, userId, active],
    });
  }

  async delete(scope: TenantScope, userId: UserId): Promise<void> {
    await this.database.transaction(scope).query({
      name: 'account_delete',
      text: `DELETE FROM users WHERE tenant_id = $1 AND id = $2 AND source = 'operator'`,
      values: [scope.tenantId, userId],
    });
  }

  async lockOwners(scope: TenantScope): Promise<readonly UserId[]> {
    const [, rows] = await this.database.transaction(scope).send([
      {
        name: 'owners_lock',
        text: `SELECT FROM roles WHERE tenant_id = $1 AND key = 'console:owner' FOR UPDATE`,
        values: [scope.tenantId],
      },
      // A statement of its own: what others committed while the lock was waited for is seen.
      { name: 'owners', text: OWNERS, values: [scope.tenantId] },
    ]);
    return (rows ?? []).map((row) => row['id']);
  }
}

const factsOf = (tenantId: TenantId, userId: UserId): Statement => ({
  name: 'account_facts',
  text: `SELECT ${FACTS} FROM ${OF} WHERE a.tenant_id = $1 AND a.user_id = $2`,
  values: [tenantId, userId],
});

/** As every change of a person does: whatever ends their access waits, and is waited for. */
const lockPerson = (scope: TenantScope, userId: UserId): Statement => ({
  name: 'account_lock',
  text: 'SELECT active FROM users WHERE tenant_id = $1 AND id = $2 FOR UPDATE',
  values: [scope.tenantId, userId],
});

const markUsed = (scope: TenantScope, userId: UserId): Statement => ({
  name: 'account_used',
  text: 'UPDATE local_accounts SET last_used_at = now() WHERE tenant_id = $1 AND user_id = $2',
  values: [scope.tenantId, userId],
});

const forget = (table: 'recovery_codes' | 'passkeys', scope: TenantScope, userId: UserId): Statement => ({
  name: `account_forget_${table}`,
  text: `DELETE FROM ${table} WHERE tenant_id = $1 AND user_id = $2`,
  values: [scope.tenantId, userId],
});

const toAccount = (row: QueryResultRow): LocalAccount => ({
  userId: row['userId'],
  userName: row['userName'],
  purpose: row['purpose'],
  active: row['active'],
  passwordHash: row['passwordHash'],
  totpSealed: row['totpSealed'],
});

const toPasskey = (row: QueryResultRow): Passkey => ({
  id: row['id'],
  userId: row['userId'],
  credentialId: Buffer.from(row['credential_id']).toString('base64url'),
  publicKey: row['public_key'],
  counter: Number(row['counter']),
  transports: row['transports'],
});

const toFacts = (row: QueryResultRow): AccountFacts => ({
  userId: row['userId'],
  userName: row['userName'],
  purpose: row['purpose'],
  active: row['active'],
  passkeys: row['passkeys'],
  password: row['password'],
  recoveryCodes: row['recoveryCodes'],
  roles: row['roles'],
  createdAt: row['createdAt'],
  lastUsedAt: row['lastUsedAt'],
});
