import { SubmitButton, Words } from '../elements.js';
import { type Frame, renderDocument } from '../frame.js';
import { requireHref } from '../href.js';
import { consoleSignOutStrings as strings } from './strings.js';

/**
 * Renders the question whether to sign out of the console: a GET signs nobody out.
 * @throws DomainError `invalid_argument` when `action` is no address that a form may carry
 */
export function renderConsoleSignOut(
  frame: Frame,
  model: { readonly action: string; readonly account: string },
): string {
  const content = (
    <>
      <h1>{strings.heading}</h1>
      <p className="muted">
        <Words of={strings.who} names={{ account: model.account }} />
      </p>
      <form className="stack" action={requireHref(model.action)} method="post">
        <SubmitButton primary>{strings.signOutButton}</SubmitButton>
      </form>
    </>
  );
  return renderDocument(frame, { title: strings.title, content });
}
