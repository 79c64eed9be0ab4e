import type { Router } from '@koa/router';
import { HostedError } from '../../errors.js';
import type { Ctx, OktaState } from '../../http/context.js';
import { groupsPage, peoplePage, personPage } from '../../pages/admin/people.js';
import type { Factor, Group, User } from '../../people.js';
import { attempt, checked, oneOf, required, text } from './forms.js';

const missing = (): HostedError =>
  new HostedError(404, 'Page not found', 'The page you requested does not exist.');

function userOf(ctx: Ctx): User {
  const id = ctx.params['userId'];
  const user = ctx.state.org.directory.users().find((one) => one.id === id);
  if (user === undefined) throw missing();
  return user;
}

function groupOf(ctx: Ctx, id: string | undefined): Group {
  const group = ctx.state.org.directory.groups().find((one) => one.id === id);
  if (group === undefined) throw missing();
  return group;
}

function addPerson(ctx: Ctx): void {
  const seed = {
    login: required(ctx, 'login'),
    password: required(ctx, 'password'),
    firstName: required(ctx, 'firstName'),
    lastName: required(ctx, 'lastName'),
  };
  attempt(() => ctx.state.org.addUser(seed));
  ctx.redirect('/admin/people');
}

function changePerson(ctx: Ctx): void {
  const user = userOf(ctx);
  const factors = ctx.state.form
    .getAll('factors')
    .filter((one): one is Factor => one === 'otp' || one === 'webauthn');
  ctx.state.org.directory.change(user, {
    firstName: required(ctx, 'firstName'),
    lastName: required(ctx, 'lastName'),
    login: required(ctx, 'login'),
    email: required(ctx, 'email'),
    password: required(ctx, 'password'),
    otp: required(ctx, 'otp'),
    emailVerified: checked(ctx, 'emailVerified'),
    factors,
  });
  ctx.redirect(`/admin/people/${user.id}`);
}

const ACTIONS: Readonly<Record<string, (ctx: Ctx, user: User) => void>> = {
  activate: (ctx, { id }) => ctx.state.org.activate(id),
  suspend: (ctx, { id }) => ctx.state.org.setStatus(id, 'SUSPENDED'),
  deactivate: (ctx, { id }) => ctx.state.org.deactivate(id),
  'clear-sessions': (ctx, user) => ctx.state.org.sessions.endAll(user),
  join: (ctx, user) => ctx.state.org.directory.join(user, groupOf(ctx, required(ctx, 'group'))),
  leave: (ctx, user) => ctx.state.org.directory.leave(user, groupOf(ctx, required(ctx, 'group'))),
  delete: (ctx, user) => attempt(() => ctx.state.org.directory.deleteUser(user)),
};

function act(ctx: Ctx): void {
  const user = userOf(ctx);
  const name = ctx.params['action'] ?? '';
  const action = ACTIONS[name];
  if (action === undefined) throw missing();
  action(ctx, user);
  ctx.redirect(name === 'delete' ? '/admin/people' : `/admin/people/${user.id}`);
}

function addGroup(ctx: Ctx): void {
  const seed = {
    name: required(ctx, 'name'),
    description: text(ctx, 'description'),
    source: oneOf(ctx, 'source', ['OKTA', 'active_directory']),
  };
  attempt(() => ctx.state.org.addGroup(seed));
  ctx.redirect('/admin/groups');
}

/** People and groups. */
export function adminPeopleRoutes(router: Router<OktaState>): void {
  router.get('/admin/people', (ctx) => void (ctx.body = peoplePage(ctx.state.org).toString()));
  router.post('/admin/people', (ctx) => addPerson(ctx));
  router.get('/admin/people/:userId', (ctx) => {
    ctx.body = personPage(ctx.state.org, userOf(ctx)).toString();
  });
  router.post('/admin/people/:userId', (ctx) => changePerson(ctx));
  router.post('/admin/people/:userId/:action', (ctx) => act(ctx));
  router.get('/admin/groups', (ctx) => void (ctx.body = groupsPage(ctx.state.org).toString()));
  router.post('/admin/groups', (ctx) => addGroup(ctx));
  router.post('/admin/groups/:groupId', (ctx) => {
    ctx.state.org.directory.renameGroup(groupOf(ctx, ctx.params['groupId']), required(ctx, 'name'));
    ctx.redirect('/admin/groups');
  });
  router.post('/admin/groups/:groupId/delete', (ctx) => {
    attempt(() => ctx.state.org.directory.deleteGroup(groupOf(ctx, ctx.params['groupId'])));
    ctx.redirect('/admin/groups');
  });
}
