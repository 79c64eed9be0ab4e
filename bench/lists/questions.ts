import { createHash } from 'node:crypto';
import { MAIL_DOMAIN } from '../parties.js';
import { TENANT } from '../seed.js';
import type { ListSizes } from './sizes.js';

/** A list or a search, asked again and again of the management API. */
export interface Question {
  readonly name: string;
  /** Path below `/api/v1` with its query; `turn` makes each one another. */
  readonly path: (turn: number, sizes: ListSizes) => string;
  /** Pages that are followed from there, one request each. */
  readonly pages?: number;
}

const uuidOf = (text: string): string => {
  const hex = createHash('md5').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
};
/** As the filling has them. */
const userId = (n: number): string => uuidOf(`bench user ${n}`);
const groupId = (n: number): string => uuidOf(`bench group ${n}`);
const someone = (turn: number, { users }: ListSizes): number => 1 + ((turn * 7_919) % users);
const days = (n: number): string => encodeURIComponent(new Date(Date.now() - n * 86_400_000).toISOString());

const T = `/tenants/${TENANT}`;
const PAGES = 20;

const tenantQuestions: readonly Question[] = [
  { name: 'list tenants', path: () => '/tenants?limit=50', pages: PAGES },
  { name: 'list tenants by name', path: () => '/tenants?sort=name&limit=50', pages: PAGES },
  { name: 'list tenants, search', path: (turn) => `/tenants?q=company%20${turn % 1000}` },
  { name: 'list tenants, search a domain', path: (turn) => `/tenants?q=mail-${turn % 1000}` },
  { name: 'list tenants, search one letter', path: () => '/tenants?q=c' },
  { name: 'list tenants, suspended', path: () => '/tenants?status=suspended' },
];

const peopleQuestions: readonly Question[] = [
  { name: 'list users', path: () => `${T}/users?limit=50`, pages: PAGES },
  { name: 'list users, 200 a page', path: () => `${T}/users?limit=200`, pages: PAGES },
  { name: 'list users by id', path: () => `${T}/users?sort=id`, pages: PAGES },
  { name: 'list users, a name', path: (turn, sizes) => `${T}/users?userName=listed-${someone(turn, sizes)}` },
  { name: 'list users, one letter', path: () => `${T}/users?userName=l` },
  {
    name: 'list users, an address',
    path: (turn, sizes) => `${T}/users?email=listed-${someone(turn, sizes)}%40${MAIL_DOMAIN}`,
  },
  {
    name: 'list users, an externalId',
    path: (turn, sizes) => `${T}/users?externalId=00u${someone(turn, sizes)}`,
  },
  { name: 'list users, search', path: (turn, sizes) => `${T}/users?search=00u${someone(turn, sizes)}` },
  { name: 'list users, search nobody', path: (turn) => `${T}/users?search=nobody-${turn}` },
  { name: 'list users, switched off', path: () => `${T}/users?active=false`, pages: PAGES },
  { name: 'list users, switched off, by id', path: () => `${T}/users?active=false&sort=id` },
  { name: 'list users, just in time', path: () => `${T}/users?source=just_in_time`, pages: PAGES },
  { name: 'list users, local (none)', path: () => `${T}/users?source=operator&active=true` },
  { name: 'list users, of a connection', path: () => `${T}/users?connection=okta`, pages: PAGES },
  { name: 'list users, of a large group', path: () => `${T}/users?group=${groupId(1)}`, pages: PAGES },
  { name: 'list users, one whole', path: (turn, sizes) => `${T}/users/${userId(someone(turn, sizes))}` },
  { name: 'list groups', path: () => `${T}/groups?limit=50`, pages: PAGES },
  { name: 'list groups, a name', path: (turn) => `${T}/groups?name=group%20${turn % 50}` },
  { name: 'list groups, of tokens', path: () => `${T}/groups?origin=token` },
  { name: 'list members of a large group', path: () => `${T}/groups/${groupId(1)}/members`, pages: PAGES },
  { name: 'list assignments', path: () => `${T}/role-assignments`, pages: PAGES },
  { name: 'list assignments, of a role', path: () => `${T}/role-assignments?role=engineer`, pages: PAGES },
  {
    name: 'list assignments, of a person',
    path: (turn, sizes) => `${T}/role-assignments?user=${userId(someone(turn, sizes))}`,
  },
  { name: 'list consents', path: () => `${T}/consents`, pages: PAGES },
];

const activityQuestions: readonly Question[] = [
  { name: 'list sessions', path: () => `${T}/sessions?limit=50`, pages: PAGES },
  { name: 'list sessions, over', path: () => `${T}/sessions?over=true`, pages: PAGES },
  {
    name: 'list sessions, of a person',
    path: (turn, sizes) => `${T}/sessions?user=${userId(someone(turn, sizes))}`,
  },
  {
    name: 'list sessions, of an application',
    path: (turn) => `${T}/sessions?application=listed-app-${turn % 20}`,
  },
  { name: 'list sessions, of none', path: () => `${T}/sessions?application=nobody-uses-it`, pages: 3 },
  { name: 'list deliveries', path: () => `${T}/deliveries`, pages: PAGES },
  { name: 'list deliveries, dead', path: () => `${T}/deliveries?state=dead`, pages: 5 },
  {
    name: 'list deliveries, of an application',
    path: (turn) => `${T}/deliveries?application=listed-app-${turn % 20}`,
  },
  { name: 'list SCIM requests', path: () => `${T}/scim-requests`, pages: PAGES },
  { name: 'list SCIM requests, failed', path: () => `${T}/scim-requests?state=failed`, pages: PAGES },
  { name: 'list SCIM requests, of a method', path: () => `${T}/scim-requests?method=DELETE`, pages: 3 },
  {
    name: 'list SCIM requests, about a person',
    path: (turn, sizes) => `${T}/scim-requests?resource=${userId(someone(turn, sizes))}`,
  },
];

const auditQuestions: readonly Question[] = [
  { name: 'list events', path: () => `${T}/audit-events?limit=50`, pages: PAGES },
  { name: 'list events, 200 a page', path: () => `${T}/audit-events?limit=200`, pages: PAGES },
  { name: 'list events, oldest first', path: () => `${T}/audit-events?order=oldest`, pages: PAGES },
  {
    name: 'list events, of an action',
    path: () => `${T}/audit-events?action=connection.updated`,
    pages: PAGES,
  },
  { name: 'list events, of a noun', path: () => `${T}/audit-events?action=sign_in.*`, pages: PAGES },
  {
    name: 'list events, by a person',
    path: (turn, sizes) => `${T}/audit-events?actor=user:${userId(someone(turn, sizes))}`,
  },
  {
    name: 'list events, about a person',
    path: (turn, sizes) => `${T}/audit-events?target=user:${userId(someone(turn, sizes))}`,
  },
  { name: 'list events, refused', path: () => `${T}/audit-events?outcome=refused`, pages: PAGES },
  {
    name: 'list events, person, noun, refused',
    path: (turn, sizes) =>
      `${T}/audit-events?actor=user:${userId(someone(turn, sizes))}&action=sign_in.*&outcome=refused`,
  },
  {
    name: 'list events, two that rarely meet',
    path: (turn) => `${T}/audit-events?action=connection.updated&application=listed-app-${turn % 20}`,
  },
  {
    name: 'list events, two that never meet',
    path: (turn) =>
      `${T}/audit-events?action=sign_in.succeeded&outcome=refused&application=listed-app-${turn % 20}`,
    pages: 3,
  },
  { name: 'list events, a reason', path: () => `${T}/audit-events?reason=not_assigned`, pages: 5 },
  { name: 'list events, a reason that is none', path: () => `${T}/audit-events?reason=nothing`, pages: 3 },
  {
    name: 'list events, of a week',
    path: (turn) =>
      `${T}/audit-events?from=${days(7 + (turn % 300))}&until=${days(turn % 300)}&action=role.assigned`,
  },
  { name: 'list events, no such reference', path: (turn) => `${T}/audit-events?reference=cw-${turn}-XXXX` },
];

export const QUESTIONS: readonly Question[] = [
  ...tenantQuestions,
  ...peopleQuestions,
  ...activityQuestions,
  ...auditQuestions,
];
