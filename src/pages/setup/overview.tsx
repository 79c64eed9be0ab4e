import { LinkButton, Words } from '../elements.js';
import { type Frame, renderDocument } from '../frame.js';
import { displayName, formatInstant, QUOTE_CHARS_MAX } from '../text.js';
import { setupStrings } from './strings.js';

const strings = setupStrings.overview;

/** Where a set-up stands. */
export interface SetupOverviewModel {
  readonly service: string | null;
  readonly connection: string;
  readonly expiresAt: Date;
  readonly slug: string;
  readonly linkId: string;
  /** What is entered in Okta. */
  readonly values: Readonly<Record<keyof typeof strings.labels, string>>;
  readonly steps: readonly {
    readonly id: keyof typeof strings.stepNames;
    readonly state: keyof typeof strings.stepStates;
  }[];
  readonly checks: readonly {
    readonly id: string;
    readonly status: keyof typeof strings.checkStates;
    readonly seen: string;
  }[];
  readonly againHref: string;
}

/** The order in which an admin needs them. */
const LABELS = [
  'appName',
  'redirectUri',
  'postLogoutRedirectUri',
  'jwksUri',
  'groupsClaim',
  'groupsFilter',
  'groupsExpression',
  'scimBaseUrl',
] as const;

/** Renders the page of a set-up that has begun: what it is for, the values to enter, how each step and check stands. */
export function renderSetupOverview(frame: Frame, model: SetupOverviewModel): string {
  const names = { tenant: frame.brand.tenantName, service: model.service ?? setupStrings.service };
  const about = { connection: model.connection, ends: formatInstant(model.expiresAt) };
  const content = (
    <>
      <h1>
        <Words of={setupStrings.start.heading} names={names} />
      </h1>
      <p>
        <Words of={strings.intro} names={about} />
      </p>
      <p className="muted">{strings.guided}</p>
      <h2>{strings.values}</h2>
      <dl className="facts">
        {LABELS.map((name) => [
          <dt key={`${name}-label`}>{strings.labels[name]}</dt>,
          <dd key={name}>
            <code>{model.values[name]}</code>
          </dd>,
        ])}
      </dl>
      <h2>{strings.steps}</h2>
      <ol>
        {model.steps.map(({ id, state }) => (
          <li key={id}>
            {strings.stepNames[id]}: {strings.stepStates[state]}
          </li>
        ))}
      </ol>
      <h2>{strings.checks}</h2>
      <ul>
        {model.checks.map(({ id, status, seen }) => (
          <li key={id}>
            {strings.checkStates[status]}: <bdi>{displayName(seen, QUOTE_CHARS_MAX)}</bdi>
          </li>
        ))}
      </ul>
      <LinkButton href={model.againHref} primary>
        {strings.again}
      </LinkButton>
      <p className="muted">
        <Words of={strings.link} names={{ slug: model.slug, id: model.linkId }} />
      </p>
    </>
  );
  return renderDocument(frame, { title: setupStrings.title, wide: true, content });
}
