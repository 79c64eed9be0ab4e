import type { Context } from 'koa';
import type { InteractionResults } from 'oidc-provider';
import type { JsonObject } from '../core/json.js';
import type { Artifact } from '../domain/artifact/artifact-store.js';
import type { TenantContext } from '../http/tenant-context.js';

/** What a sign-in through an upstream leaves for the session that follows. */
export interface UpstreamResult {
  /** null: the connection is a customer's. */
  readonly connectionId: string | null;
  /** Whose person it is, where they are a customer's (E4): for the audit log. */
  readonly customer?: { readonly slug: string; readonly connection: string };
  readonly sessionReference: string | null;
  /** null: sign-outs aren't forwarded, or it is too large to be a hint in an address. */
  readonly sealedIdToken: string | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
  /** Seconds since the epoch; null: the upstream sets no end. */
  readonly sessionExpiry: number | null;
  /** Where the person's groups come from, when not from their token: for the audit log. */
  readonly groups?: JsonObject;
}

/** What a sign-in with an account of Causeway's own leaves. */
export interface LocalResult extends UpstreamResult {
  readonly connectionId: null;
  readonly local: true;
}

/** The answer to an interaction: who signed in and how, or which scopes were allowed, or an OAuth error. */
export type InteractionAnswer = InteractionResults & {
  readonly upstream?: UpstreamResult | LocalResult;
  /** The person whose device it is. */
  readonly device?: { readonly confirmedBy: string };
};

/** A sign-in, consent or refusal that waits for a person. */
export interface PendingInteraction {
  readonly uid: string;
  /** `login`, `consent`, or `refused`. */
  readonly prompt: string;
  readonly reasons: readonly string[];
  readonly details: Readonly<Record<string, unknown>>;
  readonly clientId: string;
  /** The authorization request's parameters, as they were checked. */
  readonly params: Readonly<Record<string, unknown>>;
  /** The person who is signed in already. */
  readonly accountId: string | undefined;
  /** Whether it is for a device, which waits elsewhere (RFC 8628). */
  readonly device: boolean;
}

/** Where the protocol goes on once an interaction has its answer; the browser's cookie must fit. */
export function resumeAddress(
  tenant: TenantContext,
  { uid, device }: Pick<PendingInteraction, 'uid' | 'device'>,
): string {
  return device ? `${tenant.issuer}/device/${uid}` : `${tenant.issuer}/oauth2/v1/authorize/${uid}`;
}

/**
 * Who takes interactions on: `broker`. Asked while the authorization request is still being answered, so that a
 * person with only one way to go never sees a page of ours.
 */
export interface Interactions {
  /** Where to send the browser at once; undefined: to `/sign-in/{uid}`. */
  begin(ctx: Context, tenant: TenantContext, interaction: PendingInteraction): Promise<URL | undefined>;
}

/** An interaction as the library keeps it: an object of it, or its payload. */
interface KeptInteraction {
  readonly uid?: string | undefined;
  readonly prompt?:
    { readonly name: string; readonly reasons: readonly string[]; readonly details: object } | undefined;
  readonly params?: unknown;
  readonly session?: { readonly accountId?: string | undefined } | undefined;
  readonly deviceCode?: unknown;
}

/** Reads what the broker needs of an interaction. */
export function pendingInteraction(
  interaction: KeptInteraction,
  uid = interaction.uid ?? '',
): PendingInteraction {
  const params = (interaction.params ?? {}) as JsonObject;
  const { client_id: clientId } = params;
  return {
    uid,
    prompt: interaction.prompt?.name ?? 'login',
    reasons: interaction.prompt?.reasons ?? [],
    details: { ...interaction.prompt?.details },
    clientId: typeof clientId === 'string' ? clientId : '',
    params,
    accountId: interaction.session?.accountId,
    device: interaction.deviceCode !== undefined,
  };
}

/** A kept interaction with its answer, for whoever writes it together with what it follows from. */
export function answeredInteraction(
  { hash, payload }: Pick<Artifact, 'hash' | 'payload'>,
  answer: InteractionAnswer,
): Pick<Artifact, 'hash' | 'payload'> {
  const { lastSubmission } = payload as { lastSubmission?: JsonObject };
  const result = JSON.parse(JSON.stringify({ ...lastSubmission, ...answer })) as JsonObject;
  return { hash, payload: { ...payload, result } };
}
