import { SubmitButton, Words } from '../elements.js';
import { type Frame, renderDocument } from '../frame.js';
import { requireHref } from '../href.js';
import { formatInstant } from '../text.js';
import { setupStrings as strings } from './strings.js';

/** What a set-up link's address shows: looking takes nothing. */
export interface SetupStartModel {
  readonly action: string;
  /** Who sent the link; null: nobody besides the deployment. */
  readonly service: string | null;
  readonly expiresAt: Date;
}

/**
 * Renders the first page of a set-up link.
 * @throws DomainError `invalid_argument` when `action` is no address that a form may carry
 */
export function renderSetupStart(frame: Frame, model: SetupStartModel): string {
  const names = { tenant: frame.brand.tenantName, service: model.service ?? strings.service };
  const content = (
    <>
      <h1>
        <Words of={strings.start.heading} names={names} />
      </h1>
      <p>{strings.start.text}</p>
      <p className="muted">
        <Words of={strings.start.once} names={{ ends: formatInstant(model.expiresAt) }} />
      </p>
      <form className="stack" action={requireHref(model.action)} method="post">
        <SubmitButton primary>{strings.start.button}</SubmitButton>
      </form>
    </>
  );
  return renderDocument(frame, { title: strings.title, content });
}
