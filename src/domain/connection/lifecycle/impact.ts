import { createHash } from 'node:crypto';
import { DomainError } from '../../../core/errors.js';
import type { ConnectionId } from '../../../core/ids.js';
import { canonicalJson, type JsonObject } from '../../../core/json.js';
import type { TenantScope } from '../../../core/scope.js';
import type { TenantConfiguration } from '../../configuration/tenant-configuration.js';
import { admitsSignIn, type Connection, type ConnectionStatus } from '../connection.js';

/** What is to become of a connection: one of its states, gone, or its candidate served. */
export const CONNECTION_STEPS = ['draft', 'enabled', 'enforced', 'disabled', 'deleted', 'served'] as const;
export type ConnectionStep = (typeof CONNECTION_STEPS)[number];

/** Counted in the database, each up to `IMPACT_COUNTED_MAX`. */
export interface ImpactCounts {
  /** Who signed in in the last 30 days, through anything of the tenant. */
  readonly people: number;
  /** How many of them aren't this connection's. */
  readonly unknown: number;
  /** Live sessions that began through it. */
  readonly sessions: number;
  /** Break-glass accounts that can be used. */
  readonly breakGlassAccounts: number;
  /** Counting stopped: there are more. */
  readonly isMore: boolean;
}

/** Nobody's decision hangs on whether it is more than this. */
export const IMPACT_COUNTED_MAX = 100_000;
export const IMPACT_DAYS = 30;

export interface ImpactStore {
  count(
    scope: TenantScope,
    connection: Pick<Connection, 'id' | 'version'>,
    since: Date,
  ): Promise<ImpactCounts>;
}

/** What a step does to people. */
export interface ConnectionImpact extends ImpactCounts {
  readonly step: ConnectionStep;
  /** Keys of the other connections through which people may sign in. */
  readonly otherConnections: readonly string[];
  readonly localSignIn: TenantConfiguration['tenant']['settings']['localSignIn'];
  /** Whether nothing but local sign-in would be left. */
  readonly isLocalTheOnlyOtherWay: boolean;
  /** For an admin, in a sentence or two. */
  readonly sentence: string;
  /** What confirms it, sent along as `confirm`; null: nobody is affected. */
  readonly confirmation: string | null;
}

/** Somebody is affected, and nobody has confirmed that. */
export class ConfirmationRequired extends DomainError {
  constructor(
    message: string,
    /** What is to be shown and confirmed, with the text that confirms it. */
    readonly impact: JsonObject & { readonly confirmation: string | null },
  ) {
    super('conflict', message);
  }
}

/** @throws ConfirmationRequired when people are affected, and `confirm` isn't of about this impact */
export function assertConfirmed(
  impact: ConnectionImpact,
  connection: Pick<Connection, 'id' | 'version'>,
  confirm: string | undefined,
): void {
  if (impact.confirmation === null) return;
  // A few sign-ins more or less since the impact was read are the same impact.
  const near = nearby(impact).map((rounded) =>
    confirmationOf(connection.id, impact.step, connection.version, rounded),
  );
  if (confirm !== undefined && near.includes(confirm)) return;
  throw new ConfirmationRequired(`${impact.sentence} Confirm that.`, presentImpact(impact));
}

/** An impact as it is told. */
export const presentImpact = (impact: ConnectionImpact) => ({
  ...impact,
  otherConnections: [...impact.otherConnections],
});

/** Puts into words, and into a text that confirms it, what a step does to people. */
export function impactOf(
  step: ConnectionStep,
  connection: Connection,
  counts: ImpactCounts,
  configuration: Pick<TenantConfiguration, 'connections' | 'tenant'>,
): ConnectionImpact {
  const { localSignIn } = configuration.tenant.settings;
  const otherConnections = configuration.connections
    .filter((one) => one.id !== connection.id && admitsSignIn(one))
    .map(({ key }) => key)
    .toSorted();
  const ends = endsSignIn(step);
  const effective = { ...counts, sessions: ends || step === 'served' ? counts.sessions : 0 };
  const isAffected = admitsNothing(step)
    ? counts.people > counts.unknown || effective.sessions > 0
    : step === 'enforced' && counts.people > 0;
  const isLocalTheOnlyOtherWay = (ends || step === 'enforced') && otherConnections.length === 0;
  return {
    ...effective,
    step,
    otherConnections,
    localSignIn,
    isLocalTheOnlyOtherWay,
    sentence: sentenceOf(step, connection, effective, { otherConnections, localSignIn }),
    confirmation: isAffected
      ? confirmationOf(connection.id, step, connection.version, roundedOf(effective))
      : null,
  };
}

const endsSignIn = (step: ConnectionStep): boolean =>
  step === 'disabled' || step === 'draft' || step === 'deleted';

/** People who were its own aren't let in as those any more. */
const admitsNothing = (step: ConnectionStep): boolean => endsSignIn(step) || step === 'served';

/** Which step a change of its status is; undefined: it opens nothing and closes nothing that was open. */
export function stepOf(
  before: Connection | undefined,
  after: { readonly status: ConnectionStatus } | undefined,
): ConnectionStep | undefined {
  if (after === undefined) return before !== undefined && admitsSignIn(before) ? 'deleted' : undefined;
  if (before?.status === after.status) return undefined;
  if (after.status === 'enforced' || after.status === 'enabled') return after.status;
  return before !== undefined && admitsSignIn(before) ? after.status : undefined;
}

type Rounded = readonly [people: number, unknown: number, sessions: number];

/** On a scale on which a quarter more or less is a step at most. */
const rounded = (count: number): number =>
  count === 0 ? 0 : 1 + Math.floor(Math.log(count) / Math.log(1.5));

const roundedOf = ({ people, unknown, sessions }: ImpactCounts): Rounded => [
  rounded(people),
  rounded(unknown),
  rounded(sessions),
];

const beside = (value: number): readonly number[] => [value - 1, value, value + 1].filter((one) => one >= 0);

/** The impact as it is rounded, and those a step beside it. */
function nearby(counts: ImpactCounts): readonly Rounded[] {
  const [people, unknown, sessions] = roundedOf(counts);
  return beside(people).flatMap((one) =>
    beside(unknown).flatMap((two) => beside(sessions).map((three): Rounded => [one, two, three])),
  );
}

function confirmationOf(id: ConnectionId, step: ConnectionStep, version: number, counts: Rounded): string {
  return createHash('sha256')
    .update(canonicalJson(['connection impact', id, step, version, counts]))
    .digest('base64url')
    .slice(0, 22);
}

function sentenceOf(
  step: ConnectionStep,
  { name }: Connection,
  counts: ImpactCounts,
  others: Pick<ConnectionImpact, 'otherConnections' | 'localSignIn'>,
): string {
  const { people, unknown, sessions, breakGlassAccounts, isMore } = counts;
  const atLeast = isMore ? 'at least ' : '';
  const known = people - unknown;
  const stay = `${many(breakGlassAccounts, 'break-glass account')} ${breakGlassAccounts === 1 ? 'stays' : 'stay'}.`;
  const ended = `${atLeast}${many(sessions, 'session')} ${sessions === 1 ? 'ends' : 'end'} at once`;
  switch (step) {
    case 'enforced':
      return `Of ${atLeast}${many(people, 'person', 'people')} who signed in in the last ${IMPACT_DAYS} days ${unknown} ${unknown === 1 ? 'is' : 'are'} unknown to ${name}. From now on ${name} is the way to sign in. ${stay}`;
    case 'enabled':
      return `People may sign in through ${name} from now on.`;
    case 'served':
      return `${capital(ended)}, and ${atLeast}${many(known, 'person', 'people')} who came through ${name} in the last ${IMPACT_DAYS} days would be new people.`;
    case 'draft':
    case 'disabled':
    case 'deleted':
    default:
      return `${atLeast}${many(known, 'person', 'people')} of the last ${IMPACT_DAYS} days can't sign in through ${name} any more; ${ended}. ${wayOut(others)} ${stay}`;
  }
}

function wayOut({
  otherConnections,
  localSignIn,
}: Pick<ConnectionImpact, 'otherConnections' | 'localSignIn'>): string {
  if (otherConnections.length > 0) return `What stays: ${otherConnections.join(', ')}.`;
  return localSignIn === 'disabled'
    ? 'There is no other way to sign in.'
    : 'Local sign-in is the only other way.';
}

const many = (count: number, one: string, several = `${one}s`): string =>
  `${count} ${count === 1 ? one : several}`;
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
