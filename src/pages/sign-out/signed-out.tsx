import type { ReactNode } from 'react';

import { Badge, LinkButton, Words } from '../elements.js';
import { type Frame, renderDocument } from '../frame.js';
import { safeHref } from '../href.js';
import { displayName } from '../text.js';
import { type SignOutFrame, SignOutFrames } from './frames.js';
import { signedOutStrings as strings } from './strings.js';

/** The page after the end of a session (B11, A13). */
export interface SignedOutModel {
  readonly connectionName?: string | undefined;
  /** Ends the session at the upstream as well, where it has a way to. */
  readonly upstreamSignOutHref?: string | undefined;
  readonly applicationHref?: string | undefined;
  /** The upstream was to be told, too, and didn't answer. */
  readonly upstreamUnreachable?: boolean;
  /** Applications that this page tells; its policy must name their origins. */
  readonly frames?: readonly SignOutFrame[];
}

/** Renders "You're signed out of …". */
export function renderSignedOut(frame: Frame, model: SignedOutModel): string {
  return renderDocument(frame, { title: strings.title, content: <SignedOut frame={frame} model={model} /> });
}

function SignedOut({ frame, model }: { readonly frame: Frame; readonly model: SignedOutModel }): ReactNode {
  const application = displayName(frame.applicationName ?? '');
  const names = { application, connection: model.connectionName };
  const upstream = safeHref(model.upstreamSignOutHref ?? '');
  const back = application === '' ? undefined : safeHref(model.applicationHref ?? '');
  return (
    <>
      <Badge name="tick" tone="good" />
      <h1>
        <Words of={application === '' ? strings.headingWithoutApplication : strings.heading} names={names} />
      </h1>
      <p className="muted">
        <Words of={textOf(model, upstream)} names={names} />
      </p>
      <div className="stack">
        {upstream === undefined ? null : (
          <LinkButton href={upstream} primary>
            <Words of={strings.upstreamButton} names={names} />
          </LinkButton>
        )}
        {back === undefined ? null : (
          <LinkButton href={back}>
            <Words of={strings.backButton} names={names} />
          </LinkButton>
        )}
      </div>
      <SignOutFrames frames={model.frames ?? []} />
    </>
  );
}

function textOf({ upstreamUnreachable }: SignedOutModel, upstream: string | undefined): string {
  if (upstreamUnreachable === true) return strings.upstreamUnreachable;
  return upstream === undefined ? strings.done : strings.stillSignedIn;
}
