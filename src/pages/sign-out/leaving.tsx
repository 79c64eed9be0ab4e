import { Badge, LinkButton, Words } from '../elements.js';
import { type Frame, renderDocument } from '../frame.js';
import { requireHref } from '../href.js';
import { fill } from '../text.js';
import { type SignOutFrame, SignOutFrames } from './frames.js';
import { leavingStrings as strings } from './strings.js';

/** The page after a sign-out that tells applications before it leads on. */
export interface LeavingModel {
  readonly frames: readonly SignOutFrame[];
  /** Where to, in words: "Acme Okta", "Grafana". */
  readonly targetName: string;
  readonly href: string;
}

/**
 * How long the applications have. Without a script nobody can tell when a frame has loaded; a request that has been sent
 * is taken, whether its answer is waited for or not.
 */
const FRAMES_SECONDS = 4;

/**
 * Renders "You're signed out" with the frames, and goes on by itself after some seconds. There is nothing to read or to
 * do on it that could take longer, and the button leads to the same place at once (WCAG 2.2.1).
 * @throws DomainError `invalid_argument` when an address is none that a page may carry
 */
export function renderLeaving(frame: Frame, model: LeavingModel): string {
  const href = requireHref(model.href);
  const names = { target: fill('{connection}', { connection: model.targetName }) };
  const content = (
    <>
      <Badge name="tick" tone="good" />
      <h1>{strings.heading}</h1>
      <p className="muted">
        <Words of={strings.text} names={names} />
      </p>
      <div className="stack">
        <LinkButton href={href} primary>
          <Words of={strings.continueButton} names={names} />
        </LinkButton>
      </div>
      <SignOutFrames frames={model.frames} />
    </>
  );
  return renderDocument(frame, {
    title: strings.title,
    refreshTo: href,
    refreshSeconds: FRAMES_SECONDS,
    content,
  });
}
