/** Whether SCIM has ever pushed group `g`'s name on user `u`'s connection: it alone judges who is in a group of that name. */
const NAME_IS_PUSHED = `EXISTS (SELECT 1 FROM pushed_group_names p
  WHERE p.tenant_id = u.tenant_id AND p.connection_id = g.connection_id
    AND p.connection_version = u.connection_version AND p.name = g.name)`;

/** JSON list: names by which mappings mean SCIM group `g`: those pinned to it, and its own unless that is pinned to another. */
const MAPPED_AS = `to_json(
  ARRAY(SELECT p.name FROM pushed_group_names p
    WHERE p.tenant_id = g.tenant_id AND p.pinned_group_id = g.id AND p.name <> g.name ORDER BY p.name)
  || CASE WHEN EXISTS (SELECT FROM pushed_group_names p
      WHERE p.tenant_id = g.tenant_id AND p.connection_id = g.connection_id
        AND p.connection_version = g.connection_version AND p.name = g.name AND p.pinned_group_id <> g.id)
    THEN '{}' ELSE ARRAY[g.name] END)`;

/** JSON list of memberships `m` in groups `g`. @param more members of each, beside those of Membership */
function groupsFrom(from: string, more = ''): string {
  const all = `'id', g.id, 'name', g.name, 'upstreamId', g.upstream_id, 'source', m.source${more}`;
  return `coalesce((
    SELECT json_agg(CASE WHEN m.source = 'scim'
        THEN json_build_object(${all}, 'judgedByScim', false, 'mappedAs', ${MAPPED_AS})
        ELSE json_build_object(${all}, 'judgedByScim', ${NAME_IS_PUSHED}) END ORDER BY g.id, m.source)
    FROM ${from}), '[]')`;
}

const NOW = `group_members m JOIN groups g ON g.tenant_id = m.tenant_id AND g.id = m.group_id
  WHERE m.tenant_id = u.tenant_id AND m.user_id = u.id`;

/** JSON list of the groups of user `u`: what domain calls Membership. */
export const GROUPS_OF_USER = groupsFrom(NOW);

const HISTORY = `, 'since', m.since, 'cause', m.cause`;

/** The same with since when and by what: what domain calls MembershipFact. */
export const GROUPS_WITH_HISTORY = groupsFrom(NOW, HISTORY);

/** The same as it was at a time. Which names mappings meant by then isn't kept: it is taken as it is now. */
export const groupsWithHistoryAt = (at: string): string =>
  groupsFrom(
    `(SELECT x.group_id, x.source, x.since, x.cause, y.name, y.upstream_id
        FROM group_members x JOIN groups y ON y.tenant_id = x.tenant_id AND y.id = x.group_id
        WHERE x.tenant_id = u.tenant_id AND x.user_id = u.id AND x.since <= ${at}
      UNION ALL SELECT p.group_id, p.source, p.since, p.cause, p.group_name, p.group_upstream_id
        FROM past_memberships p
        WHERE p.tenant_id = u.tenant_id AND p.user_id = u.id AND p.since <= ${at} AND p.until > ${at}) m
    CROSS JOIN LATERAL (SELECT u.tenant_id, m.group_id AS id, m.name, m.upstream_id, u.connection_id,
      u.connection_version) g`,
    HISTORY,
  );

/** JSON list: names by which mappings mean group `g`; null of one that a token named, which they mean by its own. */
export const MAPPED_AS_OF_GROUP = `CASE WHEN g.origin = 'scim' THEN ${MAPPED_AS} END`;

/** JSON list of the roles given to user `u` directly: what domain calls EffectiveRole. */
export const ASSIGNMENTS_OF_USER = `coalesce((
  SELECT json_agg(json_build_object('key', r.key, 'application', a.client_id) ORDER BY s.id)
  FROM role_assignments s JOIN roles r ON r.tenant_id = s.tenant_id AND r.id = s.role_id
  LEFT JOIN applications a ON a.tenant_id = s.tenant_id AND a.id = s.application_id
  WHERE s.tenant_id = u.tenant_id AND s.user_id = u.id), '[]')`;

/**
 * Whether user `u` may come in: not switched off, and of a connection that people may use now, in the version that is in
 * force, because those of an older one are strangers to its issuer (A-10, A-36). Asked of the database together with all
 * that is given out: what a node knows of connections may be a second old.
 */
export const MAY_ENTER = `(u.active AND (u.connection_id IS NULL OR EXISTS (
  SELECT 1 FROM connections c WHERE c.tenant_id = u.tenant_id AND c.id = u.connection_id
    AND c.version = u.connection_version AND c.status IN ('enabled', 'enforced'))))`;

const localPolicy = (when: string): string => `EXISTS (
  SELECT FROM local_accounts l JOIN tenants p ON p.id = l.tenant_id
  WHERE l.tenant_id = u.tenant_id AND l.user_id = u.id AND (${when}))`;
const POLICY = `coalesce(p.settings ->> 'localSignIn', 'break-glass')`;

/**
 * Whether the tenant's policy, as it is now, lets user `u` into applications, or into the console, if that is a local
 * account (domain/account/local-policy.ts). Asked where something begins: what goes on was ended with the policy's change.
 */
export const LOCAL_AT_ISSUER = `(u.connection_id IS NOT NULL OR ${localPolicy(
  `${POLICY} = 'enabled' OR (${POLICY} = 'break-glass' AND l.purpose = 'break-glass')`,
)})`;
export const LOCAL_AT_CONSOLE = `(u.connection_id IS NOT NULL OR ${localPolicy(
  `p.kind = 'system' OR ${POLICY} = 'enabled' OR (${POLICY} = 'break-glass' AND l.purpose <> 'person')`,
)})`;

/** What roles follow from, of user `u`: columns `groups` and `assignments`. In order, so that equal ones have one text. */
const STANDING = `SELECT ${GROUPS_OF_USER} AS groups, ${ASSIGNMENTS_OF_USER} AS assignments`;

const MARK = 'md5(t.groups::text || t.assignments::text)';

/** A mark of what roles follow from, of user `u`: another as soon as a group or an assignment came or went. */
export const STANDING_MARK = `(SELECT ${MARK} FROM (${STANDING} OFFSET 0) t)`;

/** JSON object of user `u`: what domain calls Account. */
export const ACCOUNT_OF_USER = `(SELECT json_build_object(
  'userId', u.id, 'connectionId', u.connection_id, 'active', ${MAY_ENTER}, 'profile', u.profile,
  'updatedAt', extract(epoch FROM u.updated_at)::bigint,
  'groups', t.groups, 'assignments', t.assignments, 'standing', ${MARK}) FROM (${STANDING} OFFSET 0) t)`;
