import type { User } from '../people.js';
import type { ScimClient } from './client.js';
import { bodyOf, isObject, JobError, ProvisioningError, type JsonObject } from './failure.js';
import { findOne, idOf, readResource } from './reading.js';
import type { ProvisioningSettings } from './settings.js';
import {
  creationBody,
  mappedAttributes,
  pathlessPatch,
  replacementBody,
  type Access,
} from './user-resource.js';

/** What binds a person in Okta to the server's user: made by a creation that worked, or by a match. */
export interface UserLink {
  readonly user: User;
  /** The server's id: Okta calls it the external id of the app user. */
  readonly remoteId: string;
  active: boolean;
  /** The mapped attributes as they were last sent. */
  pushed: string;
  /** The password in Okta when it was last looked at. */
  password: string;
}

const STEPS = {
  create: ['Automatic provisioning', 'to', 'Error while creating user'],
  profile: ['Automatic profile push', 'to', 'Error while trying to push profile update for'],
  reactivate: ['Automatic reactivation', 'to', 'Error while reactivating user'],
  password: ['Automatic password push', 'to', 'Error while pushing the password of'],
  deactivate: ['Automatic deprovisioning', 'from', 'Error while deactivating user'],
  access: ['Automatic entitlement push', 'to', 'Error while pushing entitlements of'],
} as const;

interface UserParts {
  readonly label: () => string;
  readonly client: ScimClient;
  readonly settings: () => ProvisioningSettings;
  /** What governance has given to somebody. */
  readonly accessOf: (user: User) => Access;
}

/** Creates, links, updates, deactivates and reactivates users. Okta never deletes one. */
export class UserPushes {
  readonly links = new Map<string, UserLink>();
  readonly #parts: UserParts;

  constructor(parts: UserParts) {
    this.#parts = parts;
  }

  /**
   * Somebody has the app: their user is created, or found and linked, made active again, and brought up to date.
   * @throws JobError
   */
  async provision(user: User): Promise<void> {
    const { createUsers, updateUsers } = this.#parts.settings();
    const known = this.links.get(user.id);
    if (known === undefined && !createUsers) return;
    const link = known ?? (await this.#step('create', user, () => this.#findOrCreate(user)));
    if (link === undefined) return;
    if (!link.active) await this.#step('reactivate', user, () => this.#setActive(link, true));
    if (updateUsers) await this.#step('profile', user, () => this.#pushProfile(link));
  }

  /** Profile and password, as far as they have changed since they were last sent. @throws JobError */
  async update(user: User): Promise<void> {
    const link = this.links.get(user.id);
    if (link?.active !== true) return;
    const { updateUsers, syncPassword } = this.#parts.settings();
    if (updateUsers && link.pushed !== JSON.stringify(this.#mapped(user))) {
      await this.#step('profile', user, () => this.#pushProfile(link));
    }
    if (syncPassword && link.password !== user.password) {
      await this.#step('password', user, () => this.#pushPassword(link));
    }
  }

  /** Nothing is sent for someone who has no link, such as after a creation that failed. @throws JobError */
  async deprovision(user: User): Promise<void> {
    const link = this.links.get(user.id);
    if (link?.active !== true || !this.#parts.settings().deactivateUsers) return;
    await this.#step('deactivate', user, () => this.#setActive(link, false));
  }

  /** Roles and entitlements, whole, as they now are. @throws JobError */
  async pushAccess(user: User): Promise<void> {
    const link = this.links.get(user.id);
    if (link?.active !== true) return;
    const attributes = { ...this.#parts.accessOf(user) };
    await this.#step('access', user, () => this.#send(link, attributes));
  }

  async #step<T>(step: keyof typeof STEPS, user: User, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof ProvisioningError)) throw error;
      const [what, preposition, doing] = STEPS[step];
      const who = `${user.firstName} ${user.lastName}`;
      const reason = `${doing} ${user.login}: ${error.message}`;
      throw new JobError(
        `${what} of user ${who} ${preposition} app ${this.#parts.label()} failed: ${reason}`,
        {
          cause: error,
        },
      );
    }
  }

  #mapped(user: User): JsonObject {
    return mappedAttributes(user, this.#parts.settings().enterprise);
  }

  #link(user: User, resource: JsonObject): UserLink {
    const active = resource['active'] !== false;
    const link: UserLink = { user, remoteId: idOf(resource), active, pushed: '', password: user.password };
    this.links.set(user.id, link);
    return link;
  }

  /** The link to a user that was there already; `undefined` when one was created, which needs nothing more. */
  async #findOrCreate(user: User): Promise<UserLink | undefined> {
    const { client, accessOf } = this.#parts;
    const found = await findOne(client, '/Users', 'userName', user.login);
    if (found !== undefined) return this.#link(user, found);
    const mapped = this.#mapped(user);
    const body = creationBody(mapped, accessOf(user));
    const answer = await client.demand([201], 'POST', '/Users', body);
    const created = bodyOf(answer);
    if (!isObject(created) || Object.keys(created).length === 0) {
      throw new ProvisioningError('Create new user returned empty user.');
    }
    this.#link(user, { ...created, active: true }).pushed = JSON.stringify(mapped);
    return undefined;
  }

  async #pushProfile(link: UserLink): Promise<void> {
    const mapped = this.#mapped(link.user);
    const access = this.#parts.accessOf(link.user);
    await this.#getAndPut(link, { ...mapped, active: link.active, ...access });
    link.pushed = JSON.stringify(mapped);
  }

  async #setActive(link: UserLink, active: boolean): Promise<void> {
    await this.#send(link, { active });
    link.active = active;
  }

  async #pushPassword(link: UserLink): Promise<void> {
    const { password } = link.user;
    await this.#send(link, { password });
    link.password = password;
  }

  /** A change of some attributes: by PATCH, where the integration knows it. */
  async #send(link: UserLink, attributes: JsonObject): Promise<void> {
    if (this.#parts.settings().mode === 'oin') await this.#patch(link, attributes);
    else await this.#getAndPut(link, attributes);
  }

  async #patch(link: UserLink, value: JsonObject): Promise<void> {
    const path = `/Users/${encodeURIComponent(link.remoteId)}`;
    const answer = await this.#parts.client.demand([200, 204], 'PATCH', path, pathlessPatch(value));
    if (answer.status === 200) readResource(answer, link.remoteId);
  }

  async #getAndPut(link: UserLink, over: JsonObject): Promise<void> {
    const { client, settings } = this.#parts;
    const path = `/Users/${encodeURIComponent(link.remoteId)}`;
    const got = readResource(await client.demand([200], 'GET', path), link.remoteId);
    const body = replacementBody(got, over, settings().mode === 'aiw');
    readResource(await client.demand([200], 'PUT', path, body), link.remoteId);
  }
}
