import type { TenantId } from '../../core/ids.js';
import type { ListPage, PageRequest } from '../../core/page.js';
import type { TenantScope } from '../../core/scope.js';
import type { Authority } from '../account/owners.js';
import type { PersonOfTenant } from '../operator/person-of-tenant.js';

/** What a set-up link may be about. */
export const SETUP_PARTS = ['sign-in', 'provisioning', 'logout', 'domains'] as const;
export type SetupPart = (typeof SETUP_PARTS)[number];

/** The steps of a set-up, in order. */
export const SETUP_STEPS = [
  'app',
  'values',
  'groups',
  'test',
  'mapping',
  'provisioning',
  'logout',
  'domains',
  'hand-over',
] as const;
export type SetupStep = (typeof SETUP_STEPS)[number];

/** Which parts have a step: any of them suffices. A step that is absent belongs to every link. */
const PARTS_OF_STEP: Readonly<Partial<Record<SetupStep, readonly SetupPart[]>>> = {
  app: ['sign-in'],
  values: ['sign-in'],
  groups: ['sign-in'],
  test: ['sign-in'],
  mapping: ['sign-in', 'provisioning'],
  provisioning: ['provisioning'],
  logout: ['logout'],
  domains: ['domains'],
};

/** The steps that a link of these parts has. */
export const stepsOf = (parts: readonly SetupPart[]): readonly SetupStep[] =>
  SETUP_STEPS.filter((step) => PARTS_OF_STEP[step]?.some((part) => parts.includes(part)) ?? true);

/** What a link is for. It never changes. */
export interface SetupScope {
  /** Key of the one connection that is made or changed. */
  readonly connection: string;
  readonly parts: readonly SetupPart[];
  /** Whether people may be let in by it, once it has passed its test. */
  readonly mayTurnOn: boolean;
  /** For whom it was made, for those who made it. */
  readonly note: string | null;
  /** Whom its holder asks for another one; null: whoever sent it. */
  readonly contact: string | null;
  /** Who sent it, as its holder knows them; null: nobody besides the deployment. */
  readonly service: string | null;
  readonly maker: SetupMaker;
}

/** On whose word a link's holder acts: it may never do what its maker may not. */
export interface SetupMaker {
  /** The maker's console roles in the tenant when it was made. */
  readonly authority: Authority;
  /** Who must still have them; null: a machine. */
  readonly person: PersonOfTenant | null;
}

/** Of a link that doesn't say who made it: no more than every maker of links is. */
export const UNKNOWN_MAKER: SetupMaker = { authority: ['console:admin'], person: null };

/** How far its holder has come. */
export interface SetupProgress {
  readonly step: SetupStep;
  /** Steps that nobody but the holder can tell are done: something was saved at Okta. */
  readonly done: readonly SetupStep[];
  readonly skipped: readonly SetupStep[];
  /** Ids of SCIM tokens that were made by it, the last one last. */
  readonly scimTokens: readonly string[];
  /** When the last of them was made; null: none. */
  readonly scimTokenAt: string | null;
}

/** Where a link was opened from. */
export interface OpenedFrom {
  readonly ip: string | null;
  readonly userAgent: string | null;
}

/** `waiting`: to be opened. `open`: taken by one browser. */
export type SetupLinkState = 'waiting' | 'open' | 'revoked' | 'expired';

/** A link by which a customer's Okta admin sets up one connection of one tenant (F3). */
export interface SetupLink extends SetupScope {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly tenantSlug: string;
  /** By the database's clock. */
  readonly state: SetupLinkState;
  readonly progress: SetupProgress;
  /** `<type>:<id>` of the actor. */
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly openedAt: Date | null;
  readonly openedFrom: OpenedFrom | null;
  readonly revokedAt: Date | null;
}

export interface NewSetupLink {
  readonly id: string;
  /** SHA-256 of its token. */
  readonly hash: Uint8Array;
  readonly scope: SetupScope;
  readonly createdBy: string;
  readonly lifetimeSeconds: number;
}

/** A link as its address finds it. */
export interface FoundSetupLink {
  readonly link: SetupLink;
  /** SHA-256 of what the browser that took it holds; null: nobody took it. */
  readonly browserHash: Buffer | null;
}

export interface SetupLinkStore {
  make(scope: TenantScope, link: NewSetupLink): Promise<SetupLink>;
  find(tenantId: TenantId, id: string): Promise<SetupLink | undefined>;
  /** The latest first. */
  list(tenantId: TenantId, page: PageRequest): Promise<ListPage<SetupLink>>;
  /** The link behind a token, whatever became of it; none of a tenant that isn't active. Looking uses nothing up. */
  findByToken(hash: Buffer): Promise<FoundSetupLink | undefined>;
  /** The link that a browser has taken, whatever became of it since. */
  findByBrowser(browserHash: Buffer): Promise<SetupLink | undefined>;
  /** Takes a link that waits, for one browser. @returns false: somebody else did, or it counts no more */
  take(
    scope: TenantScope,
    taken: { readonly id: string; readonly browserHash: Buffer; readonly from: OpenedFrom },
  ): Promise<boolean>;
  /** @returns false: it has been taken back already, or isn't there */
  revoke(scope: TenantScope, id: string): Promise<boolean>;
  /**
   * Writes the members that are given.
   * @param before what the holder's own members must still be; undefined: whatever they are
   * @returns undefined: they aren't, or the link counts no more
   */
  note(
    scope: TenantScope,
    id: string,
    progress: Partial<SetupProgress>,
    before?: SetupProgress,
  ): Promise<SetupLink | undefined>;
}

/** A link counts for a week, if nobody wants less. In seconds. */
export const SETUP_LINK_SECONDS = 7 * 86_400;
export const SETUP_LINK_SECONDS_MIN = 300;

export const NEW_PROGRESS: SetupProgress = {
  step: 'app',
  done: [],
  skipped: [],
  scimTokens: [],
  scimTokenAt: null,
};

/** A link as it is told: not whose tenant's, which who asks knows, nor the tokens that it made, nor on whose word. */
export function toldSetupLink(link: SetupLink) {
  const { service: _service, maker: _maker, tenantId: _tenant, tenantSlug: _slug, ...told } = link;
  const { step, done, skipped } = link.progress;
  return { ...told, progress: { step, done, skipped } };
}
