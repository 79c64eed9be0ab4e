import type { ReactNode } from 'react';

import { Icon, Words } from '../elements.js';
import { type Frame, renderDocument } from '../frame.js';
import { safeHref } from '../href.js';
import { displayName } from '../text.js';
import { chooserStrings as strings } from './strings.js';

/** One way to sign in. */
export interface Choice {
  readonly name: string;
  readonly href: string;
  /** Whether this browser used it the last time. */
  readonly lastUsed?: boolean;
}

/** The page that lists the ways to sign in, in the caller's order: what was used last stands first. */
export interface ChooserModel {
  readonly choices: readonly Choice[];
  /** Of the way that an outage was declared of. */
  readonly outageOf?: string | undefined;
  /** Back to the page that asks for an address. */
  readonly anotherEmailHref?: string | undefined;
  /** To the page of local accounts, where the tenant has that. */
  readonly localHref?: string | undefined;
}

/** Renders the chooser. Links, not forms: the click leaves this origin, which `form-action` would stop. */
export function renderChooser(frame: Frame, model: ChooserModel): string {
  return renderDocument(frame, { title: strings.title, content: <Chooser frame={frame} model={model} /> });
}

function Chooser({ frame, model }: { readonly frame: Frame; readonly model: ChooserModel }): ReactNode {
  const application = displayName(frame.applicationName ?? '');
  const another = safeHref(model.anotherEmailHref ?? '');
  const local = safeHref(model.localHref ?? '');
  return (
    <>
      <h1>{strings.heading}</h1>
      {model.outageOf === undefined ? null : (
        <p role="status">
          <Words of={strings.outage} names={{ connection: model.outageOf }} />
        </p>
      )}
      {application === '' ? null : (
        <p className="muted">
          <Words of={strings.intro} names={{ application }} />
        </p>
      )}
      <ul className="choices">
        {model.choices.map((choice) => (
          <ChoiceLink key={choice.href} choice={choice} />
        ))}
      </ul>
      {another === undefined ? null : (
        <p className="away">
          <a href={another}>{strings.anotherEmail}</a>
        </p>
      )}
      {local === undefined ? null : (
        <p className="away">
          <a href={local}>{strings.localAccount}</a>
        </p>
      )}
    </>
  );
}

function ChoiceLink({ choice }: { readonly choice: Choice }): ReactNode {
  const href = safeHref(choice.href);
  if (href === undefined) return null;
  return (
    <li>
      <a className="choice" href={href}>
        <span>
          <Words of="{connection}" names={{ connection: choice.name }} />
          {choice.lastUsed === true ? <small>{strings.lastUsed}</small> : null}
        </span>
        <Icon name="go" />
      </a>
    </li>
  );
}
